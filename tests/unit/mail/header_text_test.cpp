#include <postferry/mail/header_text.h>

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <postferry/base/text.h>

namespace postferry::mail {
namespace {

TEST(HeaderText, IsWhatAPersonReads) {
  struct Case {
    std::string_view raw, text;
  };
  for (const auto& [raw, text] : std::initializer_list<Case>{
           {"", ""},
           {" plain text ", "plain text"},
           {"folded\r\n text\r\n\tand more", "folded text and more"},
           {"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"},
           {"=?ISO-8859-1?q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>", "André Pirard <PIRARD@vm1.ulg.ac.be>"},
           {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"},
           {"=?koi8-r?B?8NLJ18XU?=", "Привет"},
           {"=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
           {"=?utf-8?B?w6Q=?=\r\n =?utf-8?B?w7Y=?=", "äö"},
           {"=?utf-8?B?5Lit5?= =?utf-8?B?paH?=", "中文"},
           {"=?UTF-8?Q?=C3?= =?utf-8*de?q?x?=", "Ãx"},
           {"=?utf-8?q?=C3?= =?utf-8?Q?=A4?=", "ä"},
           {"=?gb2312?B?1tDOxA==?= =?utf-8?q?_and?=", "中文 and"},
           {"=?windows-1252?q?=93x=94?= (=?us-ascii?q?y?=)", "“x” (y)"},
           {"=?utf-8?q?with blanks_and=20underscores?=", "with blanks and underscores"},
           {"=?nobody-knows?q?=E4?=", "ä"},
           {"=?utf-8/../..?q?=E4?=", "ä"},
           {"raw utf-8: äö", "raw utf-8: äö"},
           {"raw latin: \xE4\xF6 \x80", "raw latin: äö €"},
           {"not =?encoded", "not =?encoded"},
           {std::string_view("nul\0byte", 8), "nulbyte"},
           {"esc\x1b[31m", "esc[31m"},
           {"bidi \xE2\x80\xAE mark", "bidi mark"},
           {"=?utf-8?q?=1B[31m=E2=80=AEred?=", "[31mred"},
       }) {
    EXPECT_EQ(header_text(raw), text) << printable(raw);
  }
}

TEST(HeaderText, IsCutAtACharacter) {
  EXPECT_EQ(header_text(std::string(1000, 'x')), std::string(160, 'x'));
  EXPECT_EQ(header_text("aäää", 4), "aä");
  EXPECT_EQ(header_text("=?utf-8?q?" + std::string(5000, 'a') + "?=").size(), 160U);
}

TEST(HeaderText, OfHostileInputIsVisibleUtf8) {
  for (const std::string_view raw : {"=?utf-8?q?=FF=FE?=", "=?no-such-charset?q?=E4?=", "=?utf-7?q?+AGE-?=",
                                     "=?utf-8?B?!!!!?=", "=??q?x?=", "=?utf-8?x?y?=", "=?utf-8?q?=?=",
                                     "\xE2\x82", "=?utf-16?B?2AA=?=", "=?iso-2022-jp?B?GyRC?="}) {
    EXPECT_TRUE(is_utf8(header_text(raw))) << printable(raw);
    EXPECT_EQ(printable(header_text(raw)), header_text(raw)) << printable(raw);
  }
}

TEST(HeaderText, MayBeAskedFromAnyThread) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) EXPECT_EQ(header_text("=?iso-8859-15?q?=A4?="), "€");
    });
  }
}

}  // namespace
}  // namespace postferry::mail
