#include <postferry/base/text.h>

#include <array>

#include <gtest/gtest.h>

namespace postferry {
namespace {

TEST(Printable, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(printable("INBOX/Grüße 日本"), "INBOX/Grüße 日本");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, SpellsWhatATerminalWouldObey) {
  struct Case {
    std::string_view text, shown;
  };
  for (const auto& [text, shown] : std::initializer_list<Case>{
           {"a\x1b[31mred", "a\\x1B[31mred"},
           {"two\r\nlines\t", "two\\x0D\\x0Alines\\x09"},
           {std::string_view("nul\0", 4), "nul\\x00"},
           {"del\x7f", "del\\x7F"},
           {"c1 \xC2\x9B", "c1 \\u{9B}"},
           {"exe\xE2\x80\xAEtxt.", "exe\\u{202E}txt."},
           {"zero\xE2\x80\x8Bwidth", "zero\\u{200B}width"},
           {"tag \xF3\xA0\x81\x81", "tag \\u{E0041}"},
           {"latin1 \xE9t\xE9", "latin1 \\xE9t\\xE9"},
           {"surrogate \xED\xA0\x80", "surrogate \\xED\\xA0\\x80"},
           {"overlong \xC0\xAF", "overlong \\xC0\\xAF"},
       }) {
    EXPECT_EQ(printable(text), shown);
  }
}

TEST(Printable, CutsAtACharacterAndSaysSo) {
  EXPECT_EQ(printable("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(printable("abcdefghi", 8), "abcde...");
  EXPECT_EQ(printable("ääääää", 9), "äää...");
  EXPECT_EQ(printable("ääääää", 10), "äää...");
  EXPECT_EQ(printable("ab\x1b\x1b\x1b", 9), "ab\\x1B...");
  EXPECT_EQ(printable("ääää", 8), "ääää");
  EXPECT_EQ(printable("abc", 2), "..");
}

TEST(Utf8, KnowsWhatIsWellFormed) {
  for (const std::string_view good : {"", "plain ascii of more than eight", "\xC3\xA9", "\xE2\x82\xAC",
                                      "\xF0\x9F\x93\xAC", "12345678\xC3\xA9", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << printable(good);
  }
  for (const std::string_view bad :
       {"\x80", "\xC3", "\xC0\x80", "\xE2\x82", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "1234567\xC3", "\xE0\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_utf8(bad)) << printable(bad);
  }
}

TEST(Utf8, WritesWhatItReads) {
  for (const char32_t code : {U'a', U'é', U'€', U'\U0001F4EC', U'\U0010FFFF'}) {
    std::string text;
    append_utf8(text, code);
    EXPECT_EQ(first_utf8(text).code, code);
    EXPECT_EQ(first_utf8(text).length, text.size());
  }
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(cut_utf8("a€b", 3), "a");
  EXPECT_EQ(cut_utf8("a€b", 4), "a€");
  EXPECT_EQ(cut_utf8("abc", 5), "abc");
  EXPECT_EQ(cut_utf8("abc", 0), "");
  EXPECT_EQ(cut_utf8("\x80\x80\x80\x80\x80\x80", 5).size(), 5U);
}

TEST(Text, ComparesLettersOfAsciiOnly) {
  EXPECT_TRUE(equal_ignoring_case("Message-ID", "message-id"));
  EXPECT_FALSE(equal_ignoring_case("Message-ID", "message-i"));
  EXPECT_FALSE(equal_ignoring_case("É", "é"));
  EXPECT_EQ(lower("ÀbC@[`{"), "Àbc@[`{");
}

TEST(ParseNumber, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_number("0"), 0U);
  EXPECT_EQ(parse_number("18446744073709551615"), 18446744073709551615U);
  for (const auto* text : {"", "-1", "+1", " 1", "1 ", "18446744073709551616", "0x1", "9.3736e+06"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(HumanBytes, NeedsNoMoreThanSevenCharacters) {
  struct Case {
    std::uint64_t bytes;
    const char* text;
  };
  for (const auto& [bytes, text] :
       {Case{0, "0 B"}, Case{999, "999 B"}, Case{1023, "1023 B"}, Case{1024, "1.0 KiB"},
        Case{12897485, "12.3 MiB"}, Case{1048575, "1.0 MiB"}, Case{1073741824, "1.0 GiB"},
        Case{UINT64_MAX, "16.0 EiB"}}) {
    EXPECT_EQ(human_bytes(bytes), text);
  }
}

TEST(EditDistance, CountsASwapAsOneMistake) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("backup", "bakcup"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, SuggestsOnlyWhatCouldBeMeant) {
  const std::array<std::string, 3> commands = {"backup", "restore", "ls"};
  EXPECT_EQ(nearest("bakup", commands), "backup");
  EXPECT_EQ(nearest("ld", commands), "ls");
  EXPECT_EQ(nearest("transmogrify", commands), std::nullopt);
}

}  // namespace
}  // namespace postferry
