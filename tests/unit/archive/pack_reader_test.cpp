#include "pack_reader.h"

#include <set>

#include <gmock/gmock.h>
#include <postferry/base/error.h>

#include "pack_fixture.h"
#include "toc_lines.h"

namespace postferry::archive {
namespace {

using ::testing::SizeIs;

class PackReaderTest : public PackTest, public ::testing::WithParamInterface<codec::Codec> {
 protected:
  // Small ones, empty ones, large ones, pages.
  std::string written_pack() {
    const auto pack = writer(GetParam());
    for (unsigned i = 0; i < 60; ++i) put(*pack, made_mail(i, 3000 + 100 * i));
    put(*pack, "");
    put(*pack, "no header at all");
    put(*pack, made_mail(100, (2U << 20U) + 77));
    put(*pack, made_mail(101, 300U << 10U));
    put(*pack, "Subject: lf only\n\nbody\n");
    pack->put_meta("manifest/" + to_hex(codec::Sha256::of(as_bytes(page_))) + ".jsonl", page_);
    pack->publish();
    EXPECT_THAT(heard_.packs, SizeIs(1));
    return heard_.packs.at(0).name;
  }

  std::string lines_of(const PackReader& reader) const {
    std::string out;
    reader.each([&](const TocEntry& entry) {
      append_toc_frame(out, {.offset = entry.frame});
      append_toc_entry(out, entry);
    });
    return out;
  }

  std::string frames_of(const PackReader& reader) const {
    std::string out;
    reader.frames([&](const TocFrame& frame) { append_toc_frame(out, frame); });
    return out;
  }

  static PackTrouble none() {
    return [](const Error& why) { ADD_FAILURE() << why.what(); };
  }

  const std::string page_ = "{\"uid\":1}\n";
};

std::string all_of(ByteSource& source, std::size_t step) {
  std::string out;
  std::vector<std::byte> piece(step);
  while (const auto got = source.read(piece)) out += as_text(Bytes(piece).first(got));
  return out;
}

TEST_P(PackReaderTest, GivesTheExactBytesOfEveryEntry) {
  const PackReader reader(store_, written_pack(), none());
  EXPECT_FALSE(reader.walked());
  std::set<std::string> seen;
  reader.each([&](const TocEntry& entry) {
    if (!entry.is_mail()) {
      EXPECT_EQ(reader.bytes(entry), page_);
      return;
    }
    const auto& mail = mails_.at(hash_of(entry));
    EXPECT_EQ(reader.bytes(entry), mail);
    EXPECT_EQ(all_of(*reader.open(entry), 70001), mail);
    seen.insert(hash_of(entry));
  });
  EXPECT_THAT(seen, SizeIs(mails_.size()));
}

TEST_P(PackReaderTest, EveryFieldOfTheTableFollowsFromTheTarAlone) {
  const auto name = written_pack();
  const auto by_table = lines_of(PackReader(store_, name, none()));
  const auto frames_by_table = frames_of(PackReader(store_, name, none()));
  auto bytes = store_.contents().at(name);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);  // no trailer that counts
  store_.put(name, bytes);
  unsigned told = 0;
  const PackReader reader(store_, name, [&](const Error&) { ++told; });
  EXPECT_TRUE(reader.walked());
  EXPECT_EQ(lines_of(reader), by_table);
  EXPECT_EQ(frames_of(reader), frames_by_table);
  EXPECT_EQ(told, 1u);
}

TEST_P(PackReaderTest, ReadsTrailerTableAndLastFramesAtOnce) {
  const auto pack = writer(GetParam());
  for (unsigned i = 0; i < 20; ++i) put(*pack, made_mail(i, 1000));
  pack->publish();
  const auto before = store_.reads();
  const PackReader reader(store_, heard_.packs.at(0).name, none());
  reader.each([&](const TocEntry& entry) { reader.bytes(entry); });
  EXPECT_EQ(store_.reads() - before, 1u);
}

TEST_P(PackReaderTest, VerifiesAWholePackWithoutAWord) {
  const PackReader reader(store_, written_pack(), none());
  std::size_t good = 0;
  reader.verify([](const TocEntry&, const Error& why) { ADD_FAILURE() << why.what(); },
                [&](const TocEntry&) { ++good; });
  EXPECT_EQ(good, mails_.size() + 1);
}

TEST_P(PackReaderTest, RefusesAnEntryThatIsNotThere) {
  const PackReader reader(store_, written_pack(), none());
  TocEntry entry;
  reader.each([&](const TocEntry& found) {
    if (entry.name.empty()) entry = found;
  });
  auto moved = entry, beyond = entry, nowhere = entry;
  moved.at += 512;
  beyond.at = std::uint64_t{1} << 60U;
  nowhere.frame = std::uint64_t{1} << 60U;
  for (const auto& wrong : {moved, beyond, nowhere}) {
    EXPECT_THROW(reader.bytes(wrong), Error);
    EXPECT_THROW(all_of(*reader.open(wrong), 4096), Error);
  }
}

TEST_P(PackReaderTest, SaysWhenAPackIsNotThere) {
  try {
    const PackReader reader(store_, "packs/2026/11/20261124T040742Z-00000000000000000000000000000000.tar.zst",
                            {});
    FAIL();
  } catch (const Error& why) {
    EXPECT_EQ(why.cause, Cause::missing);
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, PackReaderTest, ::testing::Values(codec::Codec::zstd, codec::Codec::gzip),
                         [](const auto& test) { return std::string(codec::extension(test.param)); });

}  // namespace
}  // namespace postferry::archive
