#include <postferry/catalog/archive_cache.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace postferry::catalog {
namespace {

using archive::TocEntry;

class ArchiveCacheTest : public testing::Test {
 protected:
  ArchiveCacheTest() {
    std::string name = (std::filesystem::temp_directory_path() / "postferry-test-XXXXXX").native();
    folder_ = ::mkdtemp(name.data());
  }
  ~ArchiveCacheTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<archive::Cache> open(const std::string& id = "archive-1") {
    return open_archive_cache(file(), id);
  }
  std::filesystem::path file() const { return folder_ / "cache" / "a.db"; }

  std::filesystem::path folder_;
};

codec::Digest digest(unsigned n) {
  codec::Digest out{};
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::byte>((n * 2654435761u) >> (i % 4 * 8) ^ i);
  return out;
}

TocEntry mail_entry(unsigned n) {
  TocEntry out;
  out.name = "mail/me/INBOX/" + std::to_string(n) + ".eml";
  out.frame = 1000 + n, out.at = 512 + n, out.size = 99 + n;
  out.hash = digest(n);
  out.canonical.digest = digest(n);
  out.merge.digest = digest(n + 1000000);
  out.header.digest[0] = static_cast<std::byte>(n);
  out.key.emplace().digest[1] = std::byte{7};
  out.headline = {"2024-03-01", "Ann <ann@example.org>", "Grüße " + std::to_string(n)};
  return out;
}

void expect_same(const TocEntry& a, const TocEntry& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.frame, b.frame);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.hash, b.hash);
  EXPECT_EQ(a.canonical, b.canonical);
  EXPECT_EQ(a.merge, b.merge);
  EXPECT_EQ(a.header, b.header);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.headline.subject, b.headline.subject);
  EXPECT_EQ(a.headline.from, b.headline.from);
  EXPECT_EQ(a.headline.date, b.headline.date);
}

TEST_F(ArchiveCacheTest, FindsWhatWasAddedAlsoAfterItWasClosed) {
  auto rewritten = mail_entry(2);  // by a server that turned LF into CRLF, and without a Message-ID
  rewritten.canonical.digest = digest(77);
  rewritten.key.reset();
  TocEntry page;
  page.name = "manifest/x.jsonl";
  page.hash = digest(3);
  page.size = 5;
  const std::vector<TocEntry> entries{mail_entry(1), rewritten, page};
  open()->add_pack("packs/p1", entries);

  const auto cache = open();
  EXPECT_THAT(cache->packs(), testing::ElementsAre("packs/p1"));
  for (const auto& entry : entries) {
    const auto found = cache->find(entry.hash);
    ASSERT_TRUE(found) << entry.name;
    EXPECT_EQ(found->pack, "packs/p1");
    expect_same(found->entry, entry);
  }
  EXPECT_EQ(cache->find(digest(4)), std::nullopt);
}

TEST_F(ArchiveCacheTest, ForgetsAPackAndNothingElse) {
  const auto cache = open();
  cache->add_pack("a", std::vector{mail_entry(1), mail_entry(2)});
  cache->add_pack("b", std::vector{mail_entry(2), mail_entry(3)});
  cache->add_pack("empty", {});
  cache->drop_pack("a");
  cache->drop_pack("never there");
  EXPECT_THAT(cache->packs(), testing::ElementsAre("b", "empty"));
  EXPECT_FALSE(cache->find(digest(1)));
  EXPECT_TRUE(cache->find(digest(2)));
  std::size_t seen = 0;
  cache->each([&](const codec::Digest&, const std::string& pack) {
    ++seen;
    EXPECT_EQ(pack, "b");
  });
  EXPECT_EQ(seen, 2u);
}

TEST_F(ArchiveCacheTest, HoldsAPackOnceHoweverOftenItIsAdded) {
  const auto cache = open();
  cache->add_pack("a", std::vector{mail_entry(1)});
  cache->add_pack("a", std::vector{mail_entry(1), mail_entry(2)});
  std::size_t seen = 0;
  cache->each([&](const codec::Digest&, const std::string&) { ++seen; });
  EXPECT_EQ(seen, 2u);
}

TEST_F(ArchiveCacheTest, TellsNamesApartThatBeginAlike) {
  auto a = mail_entry(1), b = mail_entry(2);
  b.hash = a.hash;
  b.hash[31] = ~a.hash[31];
  const auto cache = open();
  cache->add_pack("p", std::vector{a, b});
  EXPECT_EQ(cache->find(a.hash)->entry.name, a.name);
  EXPECT_EQ(cache->find(b.hash)->entry.name, b.name);
}

TEST_F(ArchiveCacheTest, RemembersTheHighestSeq) {
  const auto cache = open();
  EXPECT_EQ(cache->highest_seq("imap:me@h"), 0u);
  cache->saw_seq("imap:me@h", 7);
  cache->saw_seq("imap:me@h", 3);
  EXPECT_EQ(open()->highest_seq("imap:me@h"), 7u);
}

TEST_F(ArchiveCacheTest, IsForItsOwnerAlone) {
  open();
  struct stat info{};
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
}

TEST_F(ArchiveCacheTest, IsEmptiedForAnotherArchive) {
  open()->add_pack("p", std::vector{mail_entry(1)});
  EXPECT_THAT(open("archive-2")->packs(), testing::IsEmpty());
}

TEST_F(ArchiveCacheTest, StartsAnewWhenItsFileIsDamagedAnywhere) {
  std::vector<TocEntry> many;
  for (unsigned i = 0; i < 2000; ++i) many.push_back(mail_entry(i));
  open()->add_pack("p", many);
  const auto size = std::filesystem::file_size(file());
  for (const auto at : {std::uintmax_t{0}, std::uintmax_t{20}, std::uintmax_t{4096}, size / 2}) {
    {
      std::fstream out(file(), std::ios::in | std::ios::out | std::ios::binary);
      out.seekp(static_cast<std::streamoff>(at));
      out << std::string(std::min<std::uintmax_t>(size - at, 60000), '\x55');
    }
    const auto cache = open();
    cache->packs();
    cache->each([](const codec::Digest&, const std::string&) {});
    cache->add_pack("q", many);
    EXPECT_TRUE(cache->find(digest(1))) << at;
  }
}

TEST_F(ArchiveCacheTest, StartsAnewWhenItsFileIsCut) {
  std::vector<TocEntry> many;
  for (unsigned i = 0; i < 2000; ++i) many.push_back(mail_entry(i));
  open()->add_pack("p", many);
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) / 2);
  const auto cache = open();
  cache->each([](const codec::Digest&, const std::string&) {});
  cache->add_pack("q", many);
  EXPECT_TRUE(cache->find(digest(1)));
}

TEST_F(ArchiveCacheTest, SetsAFileAsideThatIsNoneOfOurs) {
  std::filesystem::create_directories(file().parent_path());
  std::ofstream(file()) << "my thesis";
  const auto cache = open();
  cache->add_pack("p", std::vector{mail_entry(1)});
  EXPECT_TRUE(open()->find(digest(1)));
  std::string kept;
  std::getline(std::ifstream(file().native() + ".set-aside"), kept);
  EXPECT_EQ(kept, "my thesis");
}

TEST_F(ArchiveCacheTest, WorksWithoutAFileWhereNoneCanBe) {
  std::ofstream(folder_ / "cache") << "a file where the folder should be";
  const auto cache = open();
  cache->add_pack("p", std::vector{mail_entry(1)});
  EXPECT_TRUE(cache->find(digest(1)));
  EXPECT_TRUE(open_archive_cache({}, "x")->packs().empty());
}

TEST_F(ArchiveCacheTest, IsSharedByTwoAtOnce) {
  const auto one = open(), two = open();
  one->add_pack("p", std::vector{mail_entry(1)});
  two->add_pack("q", std::vector{mail_entry(2)});
  EXPECT_TRUE(one->find(digest(2)));
  EXPECT_TRUE(two->find(digest(1)));
}

TEST(DefaultCacheFile, LiesInTheCacheFolderUnderTheArchivesId) {
  ::setenv("XDG_CACHE_HOME", "/cache", 1);
  EXPECT_EQ(default_cache_file("0123"), "/cache/postferry/0123.db");
  ::unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace postferry::catalog
