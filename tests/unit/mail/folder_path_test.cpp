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
      {{"back\\slash"}, "back\\slash"},       // stands for itself
      {{"ends\\", "x"}, "ends\\\\/x"},        // would escape the separator
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

TEST(FolderPath, DropsEmptyWords) { EXPECT_EQ(split_path("/a//b/"), (FolderPath{"a", "b"})); }

}  // namespace
}  // namespace postferry::mail
