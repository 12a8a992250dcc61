#include <postferry/base/bytes.h>

#include <gtest/gtest.h>

namespace postferry {
namespace {

TEST(Hex, GoesThereAndBack) {
  const std::string bytes("\x00\x7f\x80\xff", 4);
  EXPECT_EQ(to_hex(as_bytes(bytes)), "007f80ff");
  const auto back = from_hex("007F80ff");
  ASSERT_TRUE(back);
  EXPECT_EQ(as_text(*back), bytes);
  EXPECT_TRUE(from_hex("")->empty());
}

TEST(Hex, RefusesWhatIsNotHex) {
  for (const auto* text : {"0", "0g", "g0", " 00", "0x00"}) EXPECT_FALSE(from_hex(text)) << text;
}

}  // namespace
}  // namespace postferry
