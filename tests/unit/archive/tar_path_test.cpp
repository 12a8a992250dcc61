#include "tar_path.h"

#include <gtest/gtest.h>

namespace postferry::archive {
namespace {

TEST(AccountSlug, IsReadableAndNeverTheSameForTwoAccounts) {
  EXPECT_EQ(account_slug("imap:Alice@Example.org").substr(0, 23), "imap-alice-example.org-");
  EXPECT_NE(account_slug("imap:alice@example.org"), account_slug("imap:Alice@example.org"));
  EXPECT_NE(account_slug("imap:a b"), account_slug("imap:a:b"));
  EXPECT_EQ(account_slug("imap:alice@example.org"), account_slug("imap:alice@example.org"));
  EXPECT_EQ(account_slug(std::string(500, 'x')).size(), 40u + 1 + 8);
  EXPECT_EQ(account_slug("\xE6\x97\xA5").size(), 8u);  // nothing left but the hash
}

TEST(TarWord, IsSafeOnEveryFileSystem) {
  const struct {
    std::string word, path;
  } cases[] = {
      {"INBOX", "INBOX"},
      {"Entwu\xCC\x88rfe", "Entw\xC3\xBCrfe"},  // NFC
      {"He said \"hi\"", "He said _hi_"},
      {"a/b\\c:d*e?f<g>h|i", "a_b_c_d_e_f_g_h_i"},
      {"bell\x07", "bell_"},
      {"\xE2\x80\xAEgpj.exe", "_gpj.exe"},  // RIGHT-TO-LEFT OVERRIDE
      {"soft\xC2\xADhyphen", "soft_hyphen"},
      {"-rf", "_rf"},
      {".hidden", "_hidden"},
      {"~root", "_root"},
      {"..", "_"},
      {"end. ", "end"},
      {"", "_"},
      {" ", "_"},
      {"CON", "CON_"},
      {"com1.txt", "com1_.txt"},
      {"lpt0", "lpt0_"},
      {"console", "console"},
      {"com10", "com10"},
      {"bad \xFF\xC3 bytes", "bad __ bytes"},
      {"50% off*", "50% off_"},
  };
  for (const auto& [word, path] : cases) EXPECT_EQ(tar_word(word), path) << word;
}

TEST(TarWord, IsCutAtACharacter) {
  std::string word;
  for (int i = 0; i < 40; ++i) word += "\xE6\x97\xA5";
  EXPECT_EQ(tar_word(word).size(), 63u);
  EXPECT_EQ(tar_word("abc. def", 5), "abc");
  EXPECT_EQ(tar_word("CON" + std::string(80, ' '), 3), "CON");
}

TEST(TarFolder, HasAtMostEightWordsAndRoomForTheName) {
  EXPECT_EQ(tar_folder("a", {}), "mail/" + account_slug("a"));
  EXPECT_EQ(tar_folder("a", {"x", "y"}), "mail/" + account_slug("a") + "/x/y");
  EXPECT_TRUE(tar_folder("a", {"1", "2", "3", "4", "5", "6", "7", "8", "9"}).ends_with("/7/8"));
  const mail::FolderPath deep(12, std::string(64, 'w'));
  EXPECT_EQ(tar_folder(std::string(60, 'x'), deep).size() + 1 + 64 + 4, 220u);
}

}  // namespace
}  // namespace postferry::archive
