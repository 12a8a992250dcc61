#include "toc_lines.h"

#include <gtest/gtest.h>

namespace postferry::archive {
namespace {

const std::string hex_a(64, 'a'), hex_b(64, 'b'), hex_c(64, 'c');

template <std::size_t N>
void fill(std::array<std::byte, N>& digest, unsigned value) {
  digest.fill(static_cast<std::byte>(value));
}

TocEntry mail_entry() {
  TocEntry out;
  out.name = "mail/imap-a-1a2b3c4d/INBOX/" + hex_a + ".eml";
  out.at = 512;
  out.size = 2048;
  fill(out.hash, 0xaa);
  fill(out.canonical.digest, 0xaa);
  fill(out.merge.digest, 0xaa);
  fill(out.header.digest, 0xdd);
  return out;
}

std::string written(const TocEntry& entry) {
  std::string out;
  append_toc_entry(out, entry);
  return out;
}

TocEntry read_back(const std::string& line) {
  const auto read = read_toc_line(std::string_view(line).substr(0, line.find('\n')));
  EXPECT_TRUE(std::holds_alternative<TocEntry>(read)) << line;
  return std::holds_alternative<TocEntry>(read) ? std::get<TocEntry>(read) : TocEntry{};
}

TEST(TocLines, SayTheHeadAndTheFrames) {
  std::string out;
  append_toc_head(out, std::chrono::sys_seconds(std::chrono::seconds(1795500462)), codec::Codec::gzip);
  append_toc_frame(out, {.offset = 7, .length = 90000, .raw = 262144});
  EXPECT_EQ(out,
            "{\"pack\":1,\"time\":\"2026-11-24T06:07:42Z\",\"codec\":\"gzip\"}\n"
            "{\"frame\":7,\"len\":90000,\"raw\":262144}\n");
  const auto frame = read_toc_line("{\"frame\":7,\"len\":90000,\"raw\":262144}");
  ASSERT_TRUE(std::holds_alternative<TocFrame>(frame));
  EXPECT_EQ(std::get<TocFrame>(frame).length, 90000u);
}

TEST(TocLines, LeaveOutWhatFollowsFromTheName) {
  EXPECT_EQ(written(mail_entry()), "{\"name\":\"mail/imap-a-1a2b3c4d/INBOX/" + hex_a +
                                       ".eml\",\"at\":512,\"size\":2048,\"header\":\"" +
                                       std::string(32, 'd') + "\"}\n");
}

TEST(TocLines, SayEverythingElseInOneOrder) {
  auto entry = mail_entry();
  fill(entry.canonical.digest, 0xbb);
  fill(entry.merge.digest, 0xcc);
  fill(entry.key.emplace().digest, 0xee);
  entry.headline = {"Tue, 24 Nov 2026", "Z\xC3\xBCrich <z@example.org>", "a \"quoted\" \\ subject"};
  const auto line = written(entry);
  EXPECT_EQ(line, "{\"name\":\"mail/imap-a-1a2b3c4d/INBOX/" + hex_a +
                      ".eml\",\"at\":512,\"size\":2048,\"canonical\":\"1:" + hex_b +
                      "\",\"key\":\"1:" + std::string(32, 'e') + "\",\"merge\":\"1:" + hex_c +
                      "\",\"header\":\"" + std::string(32, 'd') +
                      "\",\"date\":\"Tue, 24 Nov 2026\",\"from\":\"Z\xC3\xBCrich <z@example.org>\","
                      "\"subject\":\"a \\\"quoted\\\" \\\\ subject\"}\n");
  const auto again = read_back(line);
  EXPECT_EQ(written(again), line);
  EXPECT_EQ(again.hash, entry.hash);
  EXPECT_EQ(again.headline.subject, entry.headline.subject);
}

TEST(TocLines, OfAPageHaveNoDigestsButItsName) {
  TocEntry page;
  page.name = "manifest/" + hex_b + ".jsonl";
  page.at = 512, page.size = 9;
  EXPECT_EQ(written(page), "{\"name\":\"manifest/" + hex_b + ".jsonl\",\"at\":512,\"size\":9}\n");
  codec::Digest hash;
  fill(hash, 0xbb);
  EXPECT_EQ(read_back(written(page)).hash, hash);
}

TEST(TocLines, MergeFollowsCanonicalWhereOnlyThatIsSaid) {
  const auto entry =
      read_back("{\"name\":\"mail/a/" + hex_a + ".eml\",\"at\":512,\"size\":1,\"canonical\":\"1:" + hex_b +
                "\",\"header\":\"" + std::string(32, 'd') + "\"}");
  EXPECT_EQ(entry.merge.digest, entry.canonical.digest);
}

TEST(TocLines, AreReadWithWhatANewerVersionAdds) {
  const auto entry =
      read_back("{ \"name\":\"mail/a/" + hex_a +
                ".eml\", \"at\":512,\"size\":1,\"later\":{\"x\":[1]},\"key\":\"2:zz\",\"header\":\"" +
                std::string(32, 'd') + "\"}");
  EXPECT_EQ(entry.size, 1u);
  EXPECT_FALSE(entry.key);
}

TEST(TocLines, ThatAreNoneAreNothing) {
  for (const auto* line :
       {"", "{}", "[]", "{\"name\":1}", "{\"later\":1}", "{\"frame\":-1}", "{\"name\":\"x\"", "nonsense",
        "{\"name\":\"mail/x.eml\",\"header\":\"no hex\"}"}) {
    EXPECT_TRUE(std::holds_alternative<std::monostate>(read_toc_line(line))) << line;
  }
}

}  // namespace
}  // namespace postferry::archive
