#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include <postferry/archive/blob_store.h>
#include <postferry/base/ports.h>
#include <postferry/codec/compress.h>
#include <postferry/codec/sha256.h>

#include "held_frames.h"
#include "table_draft.h"
#include "pack_trailer.h"
#include "pack_writer.h"

namespace postferry::archive {

// Grows one .part after the other from compressed frames: syncs, rotates and publishes it. Lives on the
// appending thread; only compressed_bytes() may be asked from others.
class PackAppender {
 public:
  PackAppender(BlobStore& store, Clock& clock, const std::filesystem::path& work_folder, codec::Codec codec,
               PackListener& listener);

  void append(Frame& frame);  // or carries out the order that it is
  void sync_if_due();
  std::uint64_t compressed_bytes() const { return compressed_; }

 private:
  void write(Bytes bytes);
  bool is_full() const;
  void sync();
  void publish();
  void tell_written();
  PackTrailer append_toc(std::chrono::sys_seconds now);  // says what its trailer must

  // fixed
  BlobStore& store_;
  Clock& clock_;
  PackListener& listener_;
  const codec::Codec codec_;
  codec::Compressor compressor_;  // of tables of contents

  // the open pack
  std::unique_ptr<BlobWriter> part_;  // once there is something to write
  codec::Sha256 hash_;
  std::uint64_t offset_ = 0;
  TableDraft table_;
  HeldFrames meta_;
  std::vector<std::uint64_t> pending_;  // tickets of a large mail that is not whole yet

  // what a power cut would cost
  std::uint64_t unsynced_ = 0;
  std::chrono::steady_clock::time_point unsynced_since_;

  std::atomic<std::uint64_t> compressed_ = 0;
};

}  // namespace postferry::archive
