#include <postferry/net/hide_secret.h>

#include <gtest/gtest.h>

namespace postferry::net {
namespace {

TEST(HideSecret, TakesASecretOutOfAServersWords) {
  EXPECT_EQ(hide_secret("wrong password \"s3cr3t\", not s3cr3t", "s3cr3t"),
            "wrong password \"<secret>\", not <secret>");
  EXPECT_EQ(hide_secret("nothing of it", "s3cr3t"), "nothing of it");
  EXPECT_EQ(hide_secret("nothing to hide", ""), "nothing to hide");
}

TEST(HideSecret, EndsWhereTheSecretIsAPartOfTheMark) {
  EXPECT_EQ(hide_secret("wrong password secret", "secret"), "wrong password <secret>");
  EXPECT_EQ(hide_secret("<<", "<"), "<secret><secret>");
}

TEST(HideSecret, KnowsASecretThatWasEscapedForPeople) {
  EXPECT_EQ(hide_secret("wrong: a\\x07b",
                        "a\x07"
                        "b"),
            "wrong: <secret>");
}

}  // namespace
}  // namespace postferry::net
