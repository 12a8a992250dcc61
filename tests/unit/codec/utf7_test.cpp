#include <postferry/codec/utf7.h>

#include <gtest/gtest.h>

namespace postferry::codec {
namespace {

TEST(ModifiedUtf7, GoesThereAndBack) {
  struct Case {
    std::string_view utf8, name;
  };
  for (const auto& [utf8, name] :
       {Case{"", ""}, Case{"INBOX", "INBOX"}, Case{"He said \"hi\"", "He said \"hi\""}, Case{"a&b", "a&-b"},
        Case{"&", "&-"}, Case{"&&", "&-&-"}, Case{"Entwürfe", "Entw&APw-rfe"},
        Case{"~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, Case{"📬", "&2D3c7A-"},
        Case{"é&é", "&AOk-&-&AOk-"}, Case{"a\tb", "a&AAk-b"}, Case{"ü-", "&APw--"}}) {
    EXPECT_EQ(to_modified_utf7(utf8), name);
    EXPECT_EQ(from_modified_utf7(name), utf8) << name;
  }
}

TEST(ModifiedUtf7, LeavesAloneWhatIsNotWellFormed) {
  for (const std::string_view name :
       {std::string_view("&"), std::string_view("a&APw"), std::string_view("&A-"), std::string_view("&APx-"),
        std::string_view("&AP*-"), std::string_view("&APw=-"), std::string_view("&U/BT-"),
        std::string_view("Entw\xC3\xBCrfe"), std::string_view("tab\t"), std::string_view("del\x7f"),
        std::string_view("nul\0", 4),
        std::string_view("&AAA-"),          // NUL
        std::string_view("&2D0-"),          // a high surrogate alone
        std::string_view("&3Kw-"),          // a low one
        std::string_view("&2D0AYQ-"),       // a high one before a letter
        std::string_view("&AGE-"),          // "a" needs no shift
        std::string_view("&ACY-"),          // "&" has its own spelling
        std::string_view("&APw-&APw-")}) {  // one shift would have done
    EXPECT_EQ(from_modified_utf7(name), std::nullopt) << name;
  }
}

TEST(ModifiedUtf7, MarksWhatIsNotUtf8) { EXPECT_EQ(to_modified_utf7("a\xFF"), "a&,,0-"); }

}  // namespace
}  // namespace postferry::codec
