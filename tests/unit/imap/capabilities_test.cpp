#include "capabilities.h"

#include <gtest/gtest.h>

namespace postferry::imap {
namespace {

Capabilities of(std::string_view words) {
  Capabilities out;
  out.take(words);
  return out;
}

TEST(Capabilities, AreKnownInAnyCase) {
  const auto can = of("IMAP4rev1 auth=plain LITERAL+");
  EXPECT_TRUE(can.has("imap4REV1"));
  EXPECT_TRUE(can.has("AUTH=PLAIN"));
  EXPECT_FALSE(can.has("AUTH"));
  EXPECT_FALSE(can.has("LITERAL-"));
}

TEST(Capabilities, MayBeSeparatedByAnyNumberOfBlanks) {
  EXPECT_EQ(of("  IMAP4rev1   ID ").text(), "ID IMAP4REV1");
}

TEST(Capabilities, AreThoseOfNow) {
  auto can = of("IMAP4rev1 STARTTLS");
  can.take("IMAP4rev1");
  EXPECT_FALSE(can.has("STARTTLS"));
  can.forget();
  EXPECT_FALSE(can.known());
  EXPECT_FALSE(can.has("IMAP4rev1"));
}

}  // namespace
}  // namespace postferry::imap
