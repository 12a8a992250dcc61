#pragma once

#include <functional>

#include "frame_reader.h"
#include "pack_reader.h"
#include "pack_trailer.h"

namespace postferry::archive {

// Reads every byte of a pack whose trailer and table of contents are good: frames, tar, hashes, and whether
// the table says what the tar does. What costs no entry goes to `trouble`.
void verify_by_table(const FrameFile& file, codec::Codec codec, const PackTrailer& trailer,
                     const PackTrouble& trouble,
                     const std::function<void(const TocEntry&, const Error&)>& damaged,
                     const std::function<void(const TocEntry&)>& good);

}  // namespace postferry::archive
