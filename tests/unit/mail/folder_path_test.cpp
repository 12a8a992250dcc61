#include <postferry/mail/folder_path.h>

#include <gtest/gtest.h>

namespace postferry::mail {
namespace {

TEST(FolderPath, IsWordsJoinedBySlashes) {
  struct Row {
    FolderPath path;
    const char* text;
  };
  const Row rows[] = {
      {{"INBOX"}, "INBOX"},
      {{"Archive", "2020", "Q1"}, "Archive/2020/Q1"},
      {{"and/or"}, "and\\/or"},
      {{"back\\slash"}, "back\\slash"},  // stands for itself
      {{"ends\\", "x"}, "ends\\\\/x"},   // would escape the separator
      {{"a\\/b"}, "a\\\\\\/b"},
      {{"two\\\\"}, "two\\\\\\\\"},
      {{"\\\\x"}, "\\\\\\x"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(join_path(row.path), row.text);
    EXPECT_EQ(split_path(row.text), row.path) << row.text;
  }
}

TEST(FolderPath, ComesBackWholeWhateverTheWords) {
  // every word of up to four of the characters that matter, alone and beside another
  std::vector<std::string> words = {""}, all;
  for (int length = 1; length <= 4; ++length) {
    std::vector<std::string> longer;
    for (const auto& word : words) {
      for (const char c : {'\\', '/', 'x'}) longer.push_back(word + c);
    }
    all.insert(all.end(), longer.begin(), longer.end());
    words = std::move(longer);
  }
  for (const auto& word : all) {
    EXPECT_EQ(split_path(join_path({word})), FolderPath{word});
    EXPECT_EQ(split_path(join_path({word, "y", word})), (FolderPath{word, "y", word}));
  }
}

TEST(FolderPath, HasAPlainSpellingThatStaysAsItIs) {
  EXPECT_EQ(plain_word("He said \"hi\""), "He said =22hi=22");
  EXPECT_EQ(plain_word("~a.b "), "=7Ea=2Eb=20");
  EXPECT_EQ(plain_word("Gr\xC3\xBC\xC3\x9F"
                       "e-1_2"),
            "Gr\xC3\xBC\xC3\x9F"
            "e-1_2");
  EXPECT_EQ(plain_word(plain_word("50% off*")), plain_word("50% off*"));
}

TEST(FolderPath, IsFoundUnderThePlainSpellingOfAnyOfItsWords) {
  const std::set<FolderPath> account = {{"Re. old"}, {"Re. old", "a=2Ab"}, {"Re. old", "a=2Ab", "c*"}};
  const auto there = [&](const FolderPath& path) { return account.contains(path); };
  EXPECT_EQ(path_there({"Re. old", "a*b", "c*"}, there), (FolderPath{"Re. old", "a=2Ab", "c*"}));
  EXPECT_EQ(path_there({"Re. old", "a*b", "d*"}, there), (FolderPath{"Re. old", "a=2Ab", "d*"}));
  EXPECT_EQ(path_there({"x*", "y"}, there), (FolderPath{"x*", "y"}));
}

TEST(FolderPath, DropsEmptyWords) { EXPECT_EQ(split_path("/a//b/"), (FolderPath{"a", "b"})); }

}  // namespace
}  // namespace postferry::mail
