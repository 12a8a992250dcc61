#include "repair.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <postferry/base/bytes.h>
#include <postferry/mail/spool.h>

namespace postferry::engine {
namespace {

std::string text_of(const mail::Body& body, std::size_t at_once) {
  std::string text, piece(at_once, '\0');
  const auto from = body.open();
  while (const auto got = from->read(std::as_writable_bytes(std::span(piece)))) text.append(piece, 0, got);
  EXPECT_EQ(text.size(), body.size()) << "a body has as many bytes as it says";
  return text;
}

struct Row {
  std::string before, after;
};

void expect_repairs(Repair step, const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    const auto [body, changed] = repaired(mail::memory_body(row.before), step);
    EXPECT_EQ(changed, row.before != row.after) << row.before.substr(0, 80);
    EXPECT_EQ(text_of(*body, 4096), row.after) << row.before.substr(0, 80);
    EXPECT_EQ(text_of(*body, 1), row.after) << "byte by byte, and a second time";
  }
}

TEST(Repair, RemovesNulBytesAndNothingElse) {
  using namespace std::string_literals;
  expect_repairs(Repair::nuls, {{"", ""},
                                {"Subject: x\r\n\r\nclean\r\n", "Subject: x\r\n\r\nclean\r\n"},
                                {"a\0b\0\r\n"s, "ab\r\n"},
                                {"\0"s, ""}});
}

TEST(Repair, FoldsLinesAtABlankOrWhereTheLimitIs) {
  const std::string word(600, 'w'), long_word(1200, 'x'), header = "Subject: s\r\n\r\n";
  expect_repairs(
      Repair::long_lines,
      {{header + std::string(998, 'y') + "\r\n", header + std::string(998, 'y') + "\r\n"},
       {header + word + " " + word + "\r\n", header + word + " \r\n" + word + "\r\n"},
       {header + long_word + "\r\n",
        header + std::string(998, 'x') + "\r\n" + std::string(202, 'x') + "\r\n"},
       {header + long_word, header + std::string(998, 'x') + "\r\n" + std::string(202, 'x')},
       // in the header the rest continues the field
       {"Subject: " + word + " " + word + "\r\n\r\n", "Subject: " + word + "\r\n " + word + "\r\n\r\n"},
       {long_word + ":\r\n\r\n", std::string(998, 'x') + "\r\n " + std::string(202, 'x') + ":\r\n\r\n"}});
}

TEST(Repair, NeverCutsACharacter) {
  const std::string header = "Subject: s\r\n\r\n";
  std::string umlauts;
  for (int i = 0; i < 600; ++i) umlauts += "\xC3\xA4";
  expect_repairs(Repair::long_lines,
                 {{header + "z" + umlauts + "\r\n",
                   header + "z" + umlauts.substr(0, 996) + "\r\n" + umlauts.substr(996) + "\r\n"}});
}

TEST(Repair, LeavesLinesAloneThatExchangeTakes) {
  const std::string header = "Subject: s\r\n\r\n";
  expect_repairs(Repair::very_long_lines,
                 {{header + std::string(9900, 'x') + "\r\n", header + std::string(9900, 'x') + "\r\n"},
                  {header + std::string(9901, 'x') + "\r\n", header + std::string(9900, 'x') + "\r\nx\r\n"}});
}

TEST(Repair, MakesAHeaderOfWhatIsNone) {
  expect_repairs(
      Repair::header,
      {{"Subject: x\r\nTo: a\r\n\tb\r\n\r\nno field\xFF\r\n",
        "Subject: x\r\nTo: a\r\n\tb\r\n\r\nno field\xFF\r\n"},
       {"From joe Mon Jan  1\r\nSubject: x\r\n\r\n",
        "X-Invalid-Header: From joe Mon Jan  1\r\nSubject: x\r\n\r\n"},
       {"Subject : x\r\n\r\n", "Subject: x\r\n\r\n"},
       {"no end", "X-Invalid-Header: no end"},
       {"\r\nbody: \xC3\xA4\r\n", "\r\nbody: \xC3\xA4\r\n"},
       {"Subject: Gr\xC3\xBC\xC3\x9F"
        "e\r\n\r\n",
        "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\n"},
       // two encoded words in a row would lose the blank between them
       {"Subject: \xC3\xA4 \xC3\xB6 plain\r\n\r\n", "Subject: =?utf-8?Q?=C3=A4_=C3=B6?= plain\r\n\r\n"},
       {"From: J\xF6rg <j@example.org>\r\n\r\n", "From: =?unknown-8bit?Q?J=F6rg?= <j@example.org>\r\n\r\n"},
       // lines that end by CR alone, as on an old Macintosh
       {"Subject: a\rTo: b\r\rbody\rmore\r\n", "Subject: a\r\nTo: b\r\n\r\nbody\rmore\r\n"},
       {"Subject: a\rTo: b\r\n\r\nbody\r", "Subject: a\r\nTo: b\r\n\r\nbody\r"},
       {"Subject: a\r\r\rbody", "Subject: a\r\n\r\n\rbody"},
       {"Subject: a\r", "Subject: a\r\n"},
       {"Subject: a\r\r\n\r\nbody\r", "Subject: a\r\r\n\r\nbody\r"},
       {"Subject: a\r\n \xC3\xA4\r\n\r\n", "Subject: a\r\n =?utf-8?Q?=C3=A4?=\r\n\r\n"}});
}

TEST(Repair, KeepsEncodedWordsShort) {
  std::string subject;
  for (int i = 0; i < 40; ++i) subject += "\xC3\xA4";
  const auto [body, changed] =
      repaired(mail::memory_body("Subject: " + subject + "\r\n\r\n"), Repair::header);
  ASSERT_TRUE(changed);
  const auto text = text_of(*body, 100);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find("\r\n", at);
    EXPECT_LE(end - at, 76u + 9u);
    at = end + 2;
  }
  EXPECT_EQ(text.find("=C3?="), std::string::npos) << "no character is cut into two words";
}

}  // namespace
}  // namespace postferry::engine
