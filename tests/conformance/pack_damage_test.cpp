#include <algorithm>
#include <set>

#include <postferry/base/error.h>

#include "pack_trailer.h"
#include "unit/archive/pack_fixture.h"

namespace postferry::archive {
namespace {

// What a reader makes of a pack: which mails it gives, and what it says.
struct Reading {
  std::set<std::string> good, damaged, readable;
  std::vector<std::string> told;
  bool walked = false;
};

class PackDamageTest : public PackTest, public ::testing::WithParamInterface<codec::Codec> {
 protected:
  void SetUp() override {
    const auto pack = writer(GetParam());
    for (unsigned i = 0; i < 90; ++i) put(*pack, made_mail(i, 2000 + i * 50));
    put(*pack, made_mail(500, (1U << 20U) + 5));
    for (unsigned i = 200; i < 240; ++i) put(*pack, made_mail(i, 6000));
    const std::string page = "{\"uid\":1}\n";
    pack->put_meta("manifest/" + to_hex(codec::Sha256::of(as_bytes(page))) + ".jsonl", page);
    pack->publish();
    name_ = heard_.packs.at(0).name;
    whole_ = store_.contents().at(name_);
    mails_[to_hex(codec::Sha256::of(as_bytes(page)))] = page;
    PackReader(store_, name_, {}).frames([&](const TocFrame& frame) { frames_.push_back(frame); });
    for (const auto& entry : heard_.packs[0].entries) where_[hash_of(entry)] = entry;
  }

  Reading read() {
    Reading out;
    const auto tell = [&](const Error& why) { out.told.emplace_back(why.what()); };
    {
      const PackReader reader(store_, name_, tell);
      out.walked = reader.walked();
      reader.verify(
          [&](const TocEntry& entry, const Error& why) { out.damaged.insert(hash_of(entry)), tell(why); },
          [&](const TocEntry& entry) { out.good.insert(hash_of(entry)); });
    }
    const PackReader reader(store_, name_, {});
    for (const auto& entry : heard_.packs[0].entries) {
      const auto hash = hash_of(entry);
      try {
        if (reader.bytes(entry) == mails_.at(hash))
          out.readable.insert(hash);
        else
          ADD_FAILURE() << "wrong bytes without an error";
      } catch (const Error&) {
        // it is damaged, and says so
      }
    }
    return out;
  }

  // The frame that a large entry lies in counts as one with all its pieces.
  std::set<std::uint64_t> frames_of(const std::set<std::string>& hashes) const {
    std::set<std::uint64_t> out;
    for (const auto& hash : hashes) out.insert(where_.at(hash).frame);
    return out;
  }

  std::set<std::string> all() const {
    std::set<std::string> out;
    for (const auto& [hash, entry] : where_) out.insert(hash);
    return out;
  }

  static std::set<std::string> less(std::set<std::string> from, const std::set<std::string>& these) {
    for (const auto& hash : these) from.erase(hash);
    return from;
  }

  std::string name_, whole_;
  std::vector<TocFrame> frames_;
  std::map<std::string, TocEntry> where_;
};

TEST_P(PackDamageTest, OneFlippedBitIsNoticedAndCostsOneFrame) {
  std::minstd_rand random(20261124);
  std::vector<std::uint64_t> bits;
  for (int i = 0; i < 150; ++i) bits.push_back(random() * std::uint64_t{7919} % (whole_.size() * 8));
  // every bit of a frame's first bytes, where a codec has fields that it does not look at
  for (std::uint64_t bit = 0; bit < 12 * 8; bit += 5) bits.push_back(frames_.at(1).offset * 8 + bit);
  const auto trailer = trailer_frame_bytes(GetParam());
  for (std::uint64_t bit = 0; bit < 10; ++bit) bits.push_back((whole_.size() - trailer) * 8 + 7 * bit);

  for (const auto bit : bits) {
    store_.put(name_, whole_);
    store_.flip_bit(name_, bit);
    const auto found = read();
    EXPECT_FALSE(found.told.empty()) << "bit " << bit << " passed in silence";
    for (const auto& told : found.told) EXPECT_NE(told.find(name_), std::string::npos) << told;
    const auto lost = less(all(), found.good);
    EXPECT_LE(frames_of(lost).size(), 1u) << "bit " << bit;
    EXPECT_EQ(less(all(), found.readable), lost) << "bit " << bit;
    if (!found.walked) {
      EXPECT_EQ(found.damaged, lost) << "bit " << bit;
    }
  }
}

// Frames of the same bytes again, where only trailer or table are bad: nothing is lost.
TEST_P(PackDamageTest, WithoutTrailerOrTableEverythingIsFound) {
  const auto trailer = trailer_frame_bytes(GetParam());
  const auto toc = frames_.back().offset + frames_.back().length;
  const struct {
    const char* what;
    std::string bytes;
  } cases[] = {
      {"no trailer", whole_.substr(0, whole_.size() - trailer)},
      {"half a trailer", whole_.substr(0, whole_.size() - trailer / 2)},
      {"half a table", whole_.substr(0, toc + 20)},
      {"no table", whole_.substr(0, toc)},
      {"bytes after the end", whole_ + std::string(1000, 'x')},
  };
  for (const auto& [what, bytes] : cases) {
    store_.put(name_, bytes);
    const auto found = read();
    EXPECT_TRUE(found.walked) << what;
    EXPECT_EQ(found.good, all()) << what;
    EXPECT_EQ(found.readable, all()) << what;
    EXPECT_FALSE(found.told.empty()) << what;
  }
}

TEST_P(PackDamageTest, ATornPackGivesItsWholeFrames) {
  const auto& last = frames_.at(frames_.size() / 2);
  store_.put(name_, whole_.substr(0, last.offset + last.length / 2));
  const auto found = read();
  std::set<std::string> before;
  for (const auto& [hash, entry] : where_) {
    if (entry.frame < last.offset && entry.size < 256U << 10U) before.insert(hash);
  }
  EXPECT_EQ(less(before, found.good), std::set<std::string>{});
  EXPECT_FALSE(found.told.empty());
}

TEST_P(PackDamageTest, WithoutTrailerADamagedFrameCostsOnlyItself) {
  const auto trailer = trailer_frame_bytes(GetParam());
  for (const auto& frame : frames_) {
    auto bytes = whole_.substr(0, whole_.size() - trailer);
    for (std::size_t i = frame.offset; i < frame.offset + std::min<std::uint64_t>(frame.length, 40); ++i)
      bytes[i] = 'x';
    store_.put(name_, bytes);
    const auto found = read();
    const auto lost = less(all(), found.good);
    EXPECT_LE(frames_of(lost).size(), 1u);
    for (const auto& hash : lost) EXPECT_LE(where_.at(hash).frame, frame.offset);
  }
}

TEST_P(PackDamageTest, ARenamedPackIsSaid) {
  const auto other = "packs/2026/11/20261124T040742Z-00000000000000000000000000000000.tar." +
                     std::string(codec::extension(GetParam()));
  store_.put(other, whole_);
  std::vector<std::string> told;
  PackReader(store_, other, [&](const Error& why) {
    told.emplace_back(why.what());
  }).verify([](const TocEntry&, const Error& why) { ADD_FAILURE() << why.what(); }, {});
  EXPECT_EQ(told.size(), 1u);
}

TEST_P(PackDamageTest, EmptyAndForeignFilesAreNoCrash) {
  for (const auto& bytes : {std::string(), std::string("x"), std::string(100000, '\0'), whole_.substr(1),
                            std::string(200, '\xff')}) {
    store_.put(name_, bytes);
    const auto found = read();
    EXPECT_TRUE(found.walked);
    EXPECT_FALSE(found.told.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, PackDamageTest, ::testing::Values(codec::Codec::zstd, codec::Codec::gzip),
                         [](const auto& test) { return std::string(codec::extension(test.param)); });

}  // namespace
}  // namespace postferry::archive
