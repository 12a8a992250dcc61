#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>

#include <postferry/archive/archive.h>
#include <postferry/base/error.h>

#include "tar_path.h"
#include "unit/archive/pack_fixture.h"

namespace postferry::archive {
namespace {

namespace fs = std::filesystem;

// Runs the command lines of README.txt, as they stand there, with the tools that a person has.
class ReadmeTest : public PackTest, public ::testing::WithParamInterface<codec::Codec> {
 protected:
  void SetUp() override {
    if (std::system("which tar zstd gzip sha256sum awk grep > /dev/null") != 0)
      GTEST_SKIP() << "a tool is missing";
    const auto store = folder_store(archive_, *files_, temp_.path);
    PackWriter pack(*store, *files_, clock_, temp_.path, GetParam(), heard_);
    for (unsigned run = 0; run < 2; ++run) {
      for (unsigned i = 0; i < 150; ++i)
        put_in(pack, folders_[i % folders_.size()], made_mail(1000 * run + i, 4000));
      put_in(pack, "mail/a/big", made_mail(1000 * run + 999, 1500000));
      put_in(pack, "mail/a/odd", fmt::format("{}\n\r\0 no mail at all", run));
      pack.put_meta("manifest/" + std::string(63, '0') + fmt::format("{}.jsonl", run), "{}\n");
      pack.publish();
    }
  }

  void put_in(PackWriter& pack, const std::string& folder, const std::string& mail) {
    const auto digests = mail::digests_of(as_bytes(mail));
    pack.put_mail(mails_.size(), folder, digests, *mail::memory_body(mail), 1700000000);
    mails_[to_hex(digests.content.digest)] = mail;
  }

  // The lines of the README that begin with four blanks and hold `words`.
  static std::string line_with(std::initializer_list<std::string_view> words) {
    const auto text = readme_text();
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      const auto line = text.substr(at, end - at);
      const auto has = [&](std::string_view word) { return line.find(word) != std::string::npos; };
      if (line.starts_with("    ") && std::all_of(words.begin(), words.end(), has)) return line;
      at = end + 1;
    }
    ADD_FAILURE() << "no such line in README.txt";
    return "false";
  }

  int run(const std::string& script) const {
    std::ofstream(temp_.path / "script") << script << "\n";
    return std::system(fmt::format("cd '{}' && sh '{}' > '{}' 2>&1", archive_.string(),
                                   (temp_.path / "script").string(), (temp_.path / "said").string())
                           .c_str());
  }

  std::string said() const { return read_text_file(temp_.path / "said"); }
  std::string ending() const { return ".tar." + std::string(codec::extension(GetParam())); }
  std::string prepare() const { return line_with({"mkdir"}) + "\n"; }
  std::string extract() const { return prepare() + line_with({"for p in packs", ending(), "-C OUT"}); }
  std::string check() const { return line_with({"sha256sum"}); }

  // Which messages lie under OUT, byte for byte; the damaged ones are counted.
  std::set<std::string> extracted(unsigned* wrong = nullptr) const {
    std::set<std::string> out;
    for (const auto& file : fs::recursive_directory_iterator(archive_ / "OUT" / "mail")) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      const std::string bytes(std::istreambuf_iterator<char>(in), {});
      const auto hash = file.path().stem().string();
      if (mails_.at(hash) == bytes)
        out.insert(hash);
      else if (wrong != nullptr)
        ++*wrong;
      else
        ADD_FAILURE() << file.path();
    }
    return out;
  }

  std::set<std::string> all() const {
    std::set<std::string> out;
    for (const auto& [hash, mail] : mails_) out.insert(hash);
    return out;
  }

  const fs::path archive_ = temp_.path / "archive";
  const std::vector<std::string> folders_{
      "mail/a/INBOX", tar_folder("imap:alice@example.org", {"Entw\xC3\xBCrfe", "He said \"hi\"", "50% off*"}),
      tar_folder(std::string(60, 'x'), mail::FolderPath(12, std::string(64, 'w')))};
};

TEST_P(ReadmeTest, ExtractsEveryMessage) {
  EXPECT_EQ(run(extract()), 0) << said();
  EXPECT_EQ(said(), "");
  EXPECT_EQ(extracted(), all());
  EXPECT_EQ(run(check()), 0);
  EXPECT_EQ(said(), "");
}

TEST_P(ReadmeTest, NamesAFileThatIsNotWhatItsNameSays) {
  ASSERT_EQ(run(extract()), 0);
  const auto file = archive_ / "OUT" / "mail" / "a" / "INBOX" / (*all().begin() + ".eml");
  std::ofstream(file) << "changed";
  EXPECT_NE(run(check()), 0);
  EXPECT_EQ(said(), "BAD " + fs::relative(file, archive_ / "OUT").string() + "\n");
}

TEST_P(ReadmeTest, ExtractsAllGzipPacksInOneGo) {
  if (GetParam() != codec::Codec::gzip) GTEST_SKIP();
  EXPECT_EQ(run(prepare() + line_with({"cat packs"})), 0) << said();
  EXPECT_EQ(extracted(), all());
}

TEST_P(ReadmeTest, ReadsRoundTheDamageOfAPack) {
  const auto name = heard_.packs.at(0).name;
  const auto& entries = heard_.packs[0].entries;
  const auto damaged_frame = entries.at(80).frame;
  {
    fs::permissions(archive_ / name, fs::perms::owner_all);
    std::fstream file(archive_ / name, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(damaged_frame + 5000));
    const char old = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(damaged_frame + 5000));
    file.put(static_cast<char>(old ^ 16));
  }
  run(extract());
  run("p=" + name + "\n" + line_with({"grep", GetParam() == codec::Codec::zstd ? "\\x28" : "\\x1f"}));
  unsigned wrong = 0;  // of the damaged frame; zstd gives bytes before it has seen the checksum
  const auto found = extracted(&wrong);
  for (const auto& entry : entries) {
    const bool expected = entry.is_mail() && entry.frame != damaged_frame;
    EXPECT_TRUE(!expected || found.contains(hash_of(entry))) << entry.name;
  }
  EXPECT_EQ(run(check()) == 0, wrong == 0);
}

TEST_P(ReadmeTest, ShowsTheTableOfContents) {
  if (GetParam() != codec::Codec::zstd) GTEST_SKIP();
  EXPECT_EQ(run(line_with({"toc.jsonl", "zstd"})), 0);
  for (const auto& pack : heard_.packs) {
    for (const auto& entry : pack.entries) EXPECT_NE(said().find(entry.name), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, ReadmeTest, ::testing::Values(codec::Codec::zstd, codec::Codec::gzip),
                         [](const auto& test) { return std::string(codec::extension(test.param)); });

}  // namespace
}  // namespace postferry::archive
