#include "pack_writer.h"

#include <numeric>
#include <thread>

#include <gmock/gmock.h>
#include <postferry/base/error.h>

#include "pack_fixture.h"
#include "pack_trailer.h"
#include "tar.h"

namespace postferry::archive {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class PackWriterTest : public PackTest {
 protected:
  std::vector<TocFrame> frames(const std::string& pack) {
    std::vector<TocFrame> out;
    PackReader(store_, pack, {}).frames([&](const TocFrame& frame) { out.push_back(frame); });
    return out;
  }

  std::string raw_of(const std::string& pack, const TocFrame& frame) {
    std::string packed(frame.length, '\0');
    store_.get({Kind::pack, pack}, frame.offset, std::as_writable_bytes(std::span(packed)));
    std::vector<std::byte> raw;
    codec::Decompressor(codec::Codec::zstd).frame(as_bytes(packed), raw, frame.raw);
    return std::string(as_text(raw));
  }
};

TEST_F(PackWriterTest, WritesNoPackForNothing) {
  const auto pack = writer();
  pack->publish();
  pack->sync();
  EXPECT_THAT(heard_.packs, SizeIs(0));
  EXPECT_TRUE(store_.contents().empty());
}

TEST_F(PackWriterTest, NamesAPackByTimeAndHash) {
  const auto pack = writer();
  put(*pack, made_mail(1, 1000));
  pack->publish();
  ASSERT_THAT(heard_.packs, SizeIs(1));
  const auto& name = heard_.packs[0].name;
  EXPECT_THAT(name, MatchesRegex("packs/2026/11/20261120T120000Z-[0-9a-f]+\\.tar\\.zst"));
  const auto hash = to_hex(codec::Sha256::of(as_bytes(store_.contents().at(name))));
  EXPECT_THAT(name, ::testing::HasSubstr("-" + hash.substr(0, 32) + "."));
}

TEST_F(PackWriterTest, GivesReceiptsInTheOrderOfTheTarWithTheSharesOfTheFrames) {
  const auto pack = writer();
  for (unsigned i = 0; i < 300; ++i) put(*pack, made_mail(i, 500 + i * 20));
  pack->publish();
  ASSERT_THAT(heard_.packs, SizeIs(1));
  const auto& done = heard_.packs[0];
  std::vector<std::uint64_t> order(300);
  std::iota(order.begin(), order.end(), 0);
  EXPECT_EQ(done.tickets, order);
  EXPECT_EQ(heard_.in_part, order);
  std::uint64_t compressed = 0;
  for (const auto& frame : frames(done.name)) compressed += frame.length;
  EXPECT_EQ(std::accumulate(done.cost.begin(), done.cost.end(), std::uint64_t{0}), compressed);
  EXPECT_EQ(pack->compressed_bytes(), compressed);
  for (std::size_t i = 0; i < order.size(); ++i)
    EXPECT_EQ(mails_.at(hash_of(done.entries[i])).size(), done.entries[i].size);
}

TEST_F(PackWriterTest, ClosesFramesBeforeTheLimitAndAtEntryBoundaries) {
  const auto pack = writer();
  for (unsigned i = 0; i < 200; ++i) put(*pack, made_mail(i, 5000 + i));
  pack->publish();
  const auto found = frames(heard_.packs.at(0).name);
  EXPECT_GT(found.size(), 3u);
  std::uint64_t end = 0;
  for (const auto& frame : found) {
    EXPECT_EQ(frame.offset, end);
    end += frame.length;
    EXPECT_LE(frame.raw, 256u << 10U);
    const auto raw = raw_of(heard_.packs[0].name, frame);
    TarHead head;
    std::size_t at = 0;
    for (; at < raw.size(); at += head.header_bytes + tar_padded(head.size)) {
      ASSERT_EQ(read_tar_header(as_bytes(raw).subspan(at), head), TarRead::entry);
    }
    EXPECT_EQ(at, raw.size());
  }
}

TEST_F(PackWriterTest, GivesALargeEntryContiguousFramesOfItsOwn) {
  const auto pack = writer();
  put(*pack, made_mail(0, 1000));
  std::vector<std::jthread> others;
  others.emplace_back([&] {
    const auto mail = made_mail(7, 2000);
    const auto digests = mail::digests_of(as_bytes(mail));
    for (unsigned i = 0; i < 400; ++i)
      pack->put_mail(1000 + i, "mail/b", digests, *mail::memory_body(mail), 0);
  });
  put(*pack, made_mail(1, 5U << 20U));
  put(*pack, made_mail(2, 300U << 10U));
  others.clear();
  pack->publish();
  ASSERT_THAT(heard_.packs, SizeIs(1));
  const auto found = frames(heard_.packs[0].name);
  for (const auto& entry : heard_.packs[0].entries) {
    if (entry.size < 256U << 10U) continue;
    std::uint64_t offset = entry.frame, raw = 0;
    const auto all = tar_block + tar_padded(entry.size);
    EXPECT_EQ(entry.at, tar_block);
    for (const auto& frame : found) {
      if (frame.offset != offset || raw == all) continue;
      EXPECT_LE(frame.raw, 1U << 20U);
      raw += frame.raw;
      offset += frame.length;
    }
    EXPECT_EQ(raw, all);
  }
}

TEST_F(PackWriterTest, PutsMetaEntriesIntoFramesAtTheEnd) {
  const auto pack = writer();
  const std::string page = "{\"uid\":1}\n";
  const auto name = "manifest/" + to_hex(codec::Sha256::of(as_bytes(page))) + ".jsonl";
  put(*pack, made_mail(0, 1000));
  pack->put_meta(name, page);
  put(*pack, made_mail(1, 1000));
  pack->publish();
  ASSERT_THAT(heard_.packs, SizeIs(1));
  const auto& entries = heard_.packs[0].entries;
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[2].name, name);
  EXPECT_NE(entries[2].frame, entries[1].frame);
  EXPECT_EQ(PackReader(store_, heard_.packs[0].name, {}).bytes(entries[2]), page);
}

TEST_F(PackWriterTest, HoldsManyPagesInAScratchFileUntilTheEnd) {
  const auto pack = writer();
  std::map<std::string, std::string> pages;
  for (unsigned i = 0; i < 200; ++i) {
    const auto page = made_mail(i, 40000);
    const auto name = "manifest/" + to_hex(codec::Sha256::of(as_bytes(page))) + ".jsonl";
    pages[name] = page;
    pack->put_meta(name, page);
  }
  pack->publish();
  ASSERT_THAT(heard_.packs, SizeIs(1));
  EXPECT_THAT(heard_.packs[0].tickets, SizeIs(0));
  const PackReader reader(store_, heard_.packs[0].name, {});
  unsigned count = 0;
  reader.each([&](const TocEntry& entry) {
    ++count;
    EXPECT_EQ(reader.bytes(entry), pages.at(entry.name));
  });
  EXPECT_EQ(count, 200u);
}

TEST_F(PackWriterTest, BeginsANewPackWhenOneIsFull) {
  const auto pack = writer();
  for (unsigned i = 0; i < 16384 + 100; ++i) put(*pack, fmt::format("Subject: {}\r\n\r\n", i));
  pack->publish();
  ASSERT_THAT(heard_.packs, SizeIs(2));
  EXPECT_EQ(heard_.packs[0].entries.size() + heard_.packs[1].entries.size(), 16384u + 100);
  EXPECT_GE(heard_.packs[0].entries.size(), 16384u);
}

TEST_F(PackWriterTest, TakesMessagesFromManyThreads) {
  const auto pack = writer(codec::Codec::gzip);
  {
    std::vector<std::jthread> lanes;
    for (unsigned lane = 0; lane < 4; ++lane) {
      lanes.emplace_back([&, lane] {
        for (unsigned i = 0; i < 100; ++i) {
          const auto mail = made_mail(lane * 1000 + i, i == 50 ? 400000 : 3000);
          pack->put_mail(lane * 1000 + i, "mail/a", mail::digests_of(as_bytes(mail)),
                         *mail::memory_body(mail), 0);
        }
      });
    }
  }
  pack->publish();
  ASSERT_THAT(heard_.packs, SizeIs(1));
  unsigned good = 0;
  PackReader(store_, heard_.packs[0].name, [](const Error& why) { ADD_FAILURE() << why.what(); })
      .verify([](const TocEntry&, const Error& why) { ADD_FAILURE() << why.what(); },
              [&](const TocEntry&) { ++good; });
  EXPECT_EQ(good, 400u);
}

TEST_F(PackWriterTest, SyncsWhenAskedAndWhenTenSecondsHavePassed) {
  const auto pack = writer();
  put(*pack, made_mail(0, 1000));
  pack->sync();
  EXPECT_EQ(heard_.syncs, 1u);
  EXPECT_THAT(heard_.in_part, ElementsAre(0));
  pack->sync();  // nothing new
  EXPECT_EQ(heard_.syncs, 1u);
  put(*pack, made_mail(1, 1000));
  clock_.advance(std::chrono::seconds(11));
  put(*pack, made_mail(2, 1000));  // finds the frame old: it is written and synced without further asking
  pack->sync();
  EXPECT_EQ(heard_.syncs, 2u);
  EXPECT_THAT(heard_.packs, SizeIs(0));
}

TEST_F(PackWriterTest, SyncsEverySixteenMebibytes) {
  const auto pack = writer();
  std::minstd_rand random(1);
  for (unsigned i = 0; i < 20; ++i) {
    std::string mail = fmt::format("Subject: {}\r\n\r\n", i);
    while (mail.size() < 1U << 20U) mail += static_cast<char>(random());
    put(*pack, mail);
  }
  pack->publish();
  EXPECT_EQ(heard_.syncs, 2u);  // once on the way, once before publishing
}

TEST_F(PackWriterTest, SaysAtEveryLaterCallThatTheDiskIsFull) {
  store_.before_writing(
      [] { throw Error(Cause::storage, Blast::run, Retry::never, "pack.part: no space left"); });
  const auto pack = writer();
  EXPECT_THROW(
      {
        // more than all frames hold: whoever waits for an empty one must hear of it, too
        for (unsigned i = 0; i < 2000; ++i) put(*pack, made_mail(i, 10000));
      },
      Error);
  EXPECT_THROW(put(*pack, made_mail(1, 100)), Error);
  EXPECT_THROW(pack->sync(), Error);
  EXPECT_THROW(pack->publish(), Error);
  EXPECT_THAT(heard_.packs, SizeIs(0));
}

TEST_F(PackWriterTest, EndsWithoutPublishingWhenItIsDropped) {
  auto pack = writer();
  for (unsigned i = 0; i < 100; ++i) put(*pack, made_mail(i, 10000));
  pack.reset();
  EXPECT_TRUE(store_.contents().empty());
}

// A body that ends before its size: what its disk does when it fails.
class ShortBody final : public mail::Body {
 public:
  explicit ShortBody(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  std::unique_ptr<ByteSource> open() const override { return mail::memory_body("short")->open(); }

 private:
  std::uint64_t size_;
};

TEST_F(PackWriterTest, RefusesOnlyTheSmallMessageWhoseBodyCannotBeRead) {
  const auto pack = writer();
  put(*pack, made_mail(0, 1000));
  EXPECT_THROW(pack->put_mail(9, "mail/a", {}, ShortBody(1000), 0), Error);
  put(*pack, made_mail(1, 1000));
  pack->publish();
  EXPECT_THAT(heard_.packs.at(0).tickets, ElementsAre(0, 1));
}

}  // namespace
}  // namespace postferry::archive
