#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <postferry/base/files.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/spool.h>

#include "pack_reader.h"
#include "pack_writer.h"
#include "support/manual_clock.h"
#include "support/memory_store.h"

namespace postferry::archive {

// Hears all that a PackWriter says.
struct Heard final : PackListener {
  struct Pack {
    std::string name;
    std::vector<TocEntry> entries;
    std::vector<std::uint64_t> tickets, cost;
  };

  void written(std::span<const std::uint64_t> tickets) override {
    const std::lock_guard lock(mutex);
    in_part.insert(in_part.end(), tickets.begin(), tickets.end());
  }
  void syncing() override {
    const std::lock_guard lock(mutex);
    ++syncs;
  }
  void published(const std::string& pack, std::span<const TocEntry> entries,
                 std::span<const std::uint64_t> tickets, std::span<const std::uint64_t> cost) override {
    const std::lock_guard lock(mutex);
    packs.push_back({pack,
                     {entries.begin(), entries.end()},
                     {tickets.begin(), tickets.end()},
                     {cost.begin(), cost.end()}});
  }

  std::mutex mutex;
  std::vector<std::uint64_t> in_part;
  unsigned syncs = 0;
  std::vector<Pack> packs;
};

// A folder that is gone with the test.
struct TempFolder {
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "postferry-packs-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

// A message of about `size` bytes, half of it hard to compress.
inline std::string made_mail(unsigned number, std::size_t size) {
  std::string out = fmt::format(
      "Received: from mx{0}.example.org by mail.example.org; Tue, 24 Nov 2026 04:07:{1:02} +0000\r\n"
      "Message-ID: <{0}@example.org>\r\nDate: Tue, 24 Nov 2026 04:07:{1:02} +0000\r\n"
      "From: =?utf-8?q?Z=C3=BCrich?= <sender{0}@example.org>\r\nSubject: message \"{0}\"\r\n\r\n",
      number, number % 60);
  std::minstd_rand random(number + 1);
  while (out.size() < size) {
    for (int i = 0; i < 40; ++i) out += static_cast<char>('!' + random() % 90);
    out += "the same words in every line\r\n";
  }
  return out;
}

class PackTest : public ::testing::Test {
 protected:
  std::unique_ptr<PackWriter> writer(codec::Codec codec = codec::Codec::zstd) {
    return std::make_unique<PackWriter>(store_, *files_, clock_, temp_.path, codec, heard_);
  }

  // Puts a message, remembers it; its ticket is its number.
  void put(PackWriter& into, const std::string& mail, std::int64_t mtime = 1795500000) {
    const auto digests = mail::digests_of(as_bytes(mail));
    into.put_mail(mails_.size(), "mail/imap-a-1a2b3c4d/INBOX", digests, *mail::memory_body(mail), mtime);
    mails_[to_hex(digests.content.digest)] = mail;
  }

  static std::string hash_of(const TocEntry& entry) { return to_hex(entry.hash); }

  TempFolder temp_;
  test::MemoryStore store_;
  test::ManualClock clock_;
  std::unique_ptr<Files> files_ = disk_files();
  Heard heard_;
  std::map<std::string, std::string> mails_;  // by the hash
};

}  // namespace postferry::archive
