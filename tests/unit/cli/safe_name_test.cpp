#include "safe_name.h"

#include <gtest/gtest.h>

namespace postferry::cli {
namespace {

TEST(SafeWord, IsHarmlessOnAnyDisk) {
  const std::pair<const char*, const char*> rows[] = {
      {"Work", "Work"},
      {"Entwürfe", "Entwürfe"},
      {"a/b\\c:d", "a_b_c_d"},
      {"..", "_"},
      {".hidden", "_hidden"},
      {"-rf", "_rf"},
      {"~me", "_me"},
      {"dot.", "dot"},
      {"blank ", "blank"},
      {"", "_"},
      {"CON", "_CON"},
      {"nul.txt", "_nul.txt"},
      {"COM1", "_COM1"},
      {"COMX", "COMX"},
      {"a\nb\x7f", "a_b_"},
      {"a\xE2\x80\xAE"
       "b",
       "a_b"},
      {"a\xFF"
       "b",
       "a_b"},
      {"<>|\"?*", "______"},
  };
  for (const auto& [word, safe] : rows) EXPECT_EQ(safe_word(word), safe) << word;
}

TEST(SafeWord, IsCutBetweenCharacters) {
  std::string long_word;
  for (int i = 0; i < 100; ++i) long_word += "ü";
  EXPECT_EQ(safe_word(long_word).size(), 64u);
  EXPECT_EQ(safe_word(long_word, 5).size(), 4u);
}

TEST(UniqueNames, AreUniqueWhereCaseDoesNotCount) {
  UniqueNames names;
  EXPECT_EQ(names.take("Work"), "Work");
  EXPECT_EQ(names.take("work"), "work~2");
  EXPECT_EQ(names.take("WORK"), "WORK~3");
  EXPECT_EQ(names.take("Other"), "Other");
}

}  // namespace
}  // namespace postferry::cli
