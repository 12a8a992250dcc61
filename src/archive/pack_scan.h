#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <postferry/archive/toc.h>
#include <postferry/codec/sha256.h>
#include <postferry/mail/digester.h>

#include "pack_walk.h"

namespace postferry::archive {

// Rebuilds a table of contents from the tar alone: every entry is hashed, a mail digested.
class PackScan final : public PackVisitor {
 public:
  struct Entry {
    TocEntry line;
    mail::Digests digests;  // of a mail
    std::int64_t mtime = 0;
    std::vector<std::byte> bytes;  // of one that shares its frame, where they are kept
  };
  struct Hears {  // any of them may be empty
    std::function<void(const Entry&)> good{};
    std::function<void(const TocEntry&, const Error&)> damaged{};
    std::function<void(const Error&)> trouble{};
    std::function<void(const TocFrame&)> frame{};
    bool keep_small = false;  // fill Entry::bytes
  };

  PackScan(std::string pack, Hears hears) : pack_(std::move(pack)), hears_(std::move(hears)) {}

  void frame(const TocFrame& frame) override;
  void begin(const TarHead& head, std::uint64_t frame, std::uint64_t at) override;
  void bytes(Bytes piece) override;
  void end(bool whole) override;
  void trouble(const Error& why) override;

 private:
  const std::string pack_;
  const Hears hears_;
  mail::Digester digester_;
  codec::Sha256 hash_;
  Entry entry_;
};

// Fills what a table says of a mail.
void take_digests(TocEntry& entry, const mail::Digests& digests);

// "PACK: NAME: its bytes do not have the hash in its name", or the other reason.
Error lost_entry(const std::string& pack, const TocEntry& entry, const std::string& why);
inline constexpr const char* wrong_hash = "its bytes do not have the hash that its name says";

}  // namespace postferry::archive
