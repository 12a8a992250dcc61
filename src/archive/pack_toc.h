#pragma once

#include <functional>
#include <optional>
#include <string>

#include "frame_reader.h"
#include "pack_trailer.h"
#include "toc_lines.h"

namespace postferry::archive {

// The table of contents that a trailer points to, read as a stream. Error{damaged, message, never} if its
// frames are bad; lines that this version does not know are passed over.
void read_toc(const FrameFile& file, codec::Codec codec, const PackTrailer& trailer,
              const std::function<void(const TocFrame&)>& frame, const std::function<void(TocEntry&)>& entry);

// Why it must not be used (its hash is wrong, a newer version made it); nothing if it is good.
std::optional<std::string> why_not_toc(const FrameFile& file, codec::Codec codec, const PackTrailer& trailer);

}  // namespace postferry::archive
