#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/codec/sha256.h>
#include <postferry/mail/message.h>

namespace postferry::archive {

// One line of a pack's table of contents: an entry of the tar. Every field can be computed from the tar alone.
struct TocEntry {
  std::string name;         // tar path
  std::uint64_t frame = 0;  // offset in the pack file of the frame (the first, for a big entry) it begins in
  std::uint64_t at = 0;     // offset of the entry's bytes (after its tar header) in the raw bytes that begin at `frame`
  std::uint64_t size = 0;
  codec::Digest hash{};     // SHA-256 in the name: of a mail its ContentId, of a page or shelf its identity

  bool is_mail() const { return name.starts_with("mail/"); }

  // mail only
  mail::CanonicalId canonical;
  mail::MergeId merge;
  mail::HeaderId header;
  std::optional<mail::MatchKey> key;
  mail::Headline headline;
};

struct TocFrame {
  std::uint64_t offset = 0, length = 0, raw = 0;
};

}  // namespace postferry::archive
