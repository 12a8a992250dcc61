#pragma once

#include <cstdint>
#include <functional>

#include <postferry/archive/toc.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>

#include "frame_reader.h"
#include "tar.h"

namespace postferry::archive {

// Hears what walk() finds, in the order of the tar.
class PackVisitor {
 public:
  virtual ~PackVisitor() = default;
  // A frame that decompressed. Not told of the table of contents.
  virtual void frame(const TocFrame& /*frame*/) {}
  // An entry begins: where its bytes lie (TocEntry's `frame` and `at`). Then its bytes in pieces, then its
  // end; not `whole` if damage has cost some of them.
  virtual void begin(const TarHead& head, std::uint64_t frame, std::uint64_t at) = 0;
  virtual void bytes(Bytes piece) = 0;
  virtual void end(bool whole) = 0;
  // A frame is lost, or what lies in one is no tar; the walk goes on after it.
  virtual void trouble(const Error& why) = 0;
};

// Reads a chain of frames from 0 to `end` without help of any table. Whatever is damaged costs its frame.
void walk(const FrameFile& file, codec::Codec codec, std::uint64_t end, PackVisitor& visitor);

}  // namespace postferry::archive
