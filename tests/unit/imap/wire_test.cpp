#include "wire.h"

#include <gtest/gtest.h>

#include "wire_text.h"

namespace postferry::imap {
namespace {

TEST(Wire, AWordEndsWhereTheLineIsStructured) {
  WireText text("abc(d\xE4 e\"f\"{3}\r\n");
  auto& wire = text.wire;
  EXPECT_EQ(wire.atom(), "abc");
  EXPECT_TRUE(wire.skip('('));
  EXPECT_EQ(wire.atom(), "d\xE4");
  EXPECT_EQ(wire.atom(), "e");
  EXPECT_EQ(wire.quoted(), "f");
  EXPECT_TRUE(wire.at_literal());
  EXPECT_THROW(wire.atom(), Malformed);
}

TEST(Wire, RunsOfBlanksAreOneAndThoseAtTheEndNone) {
  WireText text("a  \t b   \r\n");
  EXPECT_EQ(text.wire.atom(), "a");
  EXPECT_EQ(text.wire.atom(), "b");
  EXPECT_TRUE(text.wire.at_end());
  EXPECT_EQ(text.wire.peek(), '\0');
  EXPECT_THROW(text.wire.expect(')'), Malformed);
}

TEST(Wire, AnItemsNameHasItsSection) {
  WireText text("UID 7 BODY[HEADER.FIELDS (DATE FROM)]<0> NIL BODY[]{3}\r\n");
  auto& wire = text.wire;
  EXPECT_EQ(wire.item_name(), "UID");
  EXPECT_EQ(wire.number(), 7u);
  EXPECT_EQ(wire.item_name(), "BODY[HEADER.FIELDS (DATE FROM)]<0>");
  EXPECT_EQ(wire.nstring(), std::nullopt);
  EXPECT_EQ(wire.item_name(), "BODY[]");
}

TEST(Wire, ASectionNeedsItsEnd) {
  WireText text("BODY[HEADER NIL\r\n");
  EXPECT_THROW(text.wire.item_name(), Malformed);
}

TEST(Wire, NumbersHave64BitsAtMost) {
  WireText text("12 \"7\" 18446744073709551615 18446744073709551616 9.3736e+06 -1\r\n");
  auto& wire = text.wire;
  EXPECT_EQ(wire.number(), 12u);
  EXPECT_EQ(wire.number(), 7u);
  EXPECT_EQ(wire.number(), ~std::uint64_t{0});
  EXPECT_EQ(wire.number(), std::nullopt);
  EXPECT_EQ(wire.number(), std::nullopt);
  EXPECT_EQ(wire.number(), std::nullopt);
}

TEST(Wire, StringsAreQuotedLiteralOrBare) {
  WireText text("\"a\\\"b\\\\c\\d\" {4}\r\na\r\nb nil NIL bare\r\n");
  auto& wire = text.wire;
  EXPECT_EQ(wire.nstring(), "a\"b\\c\\d");  // Domino leaves a backslash alone
  EXPECT_EQ(wire.nstring(), "a\r\nb");
  EXPECT_EQ(wire.nstring(), std::nullopt);
  EXPECT_EQ(wire.astring(), "NIL");
  EXPECT_EQ(wire.astring(), "bare");
  EXPECT_TRUE(wire.past_literal());
}

TEST(Wire, AQuotedStringNeedsItsEnd) {
  for (const auto* open : {"\"abc\r\n", "\"abc\\\r\n", "\"abc\\\"\r\n"}) {
    WireText text(open);
    EXPECT_THROW(text.wire.quoted(), Malformed) << open;
  }
}

TEST(Wire, ALiteralThatIsNoBodyMayHave64Kilobytes) {
  WireText most("{65536}\r\n" + std::string(65536, 'x') + " y\r\n");
  EXPECT_EQ(most.wire.nstring()->size(), 65536u);
  EXPECT_EQ(most.wire.atom(), "y");

  WireText more("{65537}\r\n" + std::string(65537, 'x') + " y\r\nnext\r\n");
  EXPECT_THROW(more.wire.nstring(), Malformed);
  more.wire.skip_response();
  more.wire.begin_response();
  EXPECT_EQ(more.wire.atom(), "next");
}

TEST(Wire, ListsMayBeNested32Deep) {
  const std::string level(32, '('), end(32, ')');
  WireText most(level + "x" + end + " y\r\n");
  most.wire.skip_value();
  EXPECT_EQ(most.wire.atom(), "y");

  WireText more(level + level + "x" + end + end + "\r\n");
  EXPECT_THROW(more.wire.skip_value(), Malformed);
}

TEST(Wire, PassesOverAnyValue) {
  WireText text("(a \"b)\" {3}\r\n()( (NIL -1)) ~{2}\r\n\r\n {0}\r\n {1+}\r\nx z\r\n");
  auto& wire = text.wire;
  for (int i = 0; i < 4; ++i) wire.skip_value();
  EXPECT_EQ(wire.atom(), "z");
  EXPECT_TRUE(wire.at_end());
}

TEST(Wire, AListNeedsItsEnd) {
  WireText text("(a (b)\r\n");
  EXPECT_THROW(text.wire.skip_value(), Malformed);
}

TEST(Wire, SkipsTheRestOfAResponseWithItsLiterals) {
  WireText text("nonsense ))( {3}\r\na\r\n more {2+}\r\n{9 end\r\nnext\r\n");
  text.wire.skip_response();
  text.wire.begin_response();
  EXPECT_EQ(text.wire.atom(), "next");
}

TEST(Wire, ALineAnnouncesALiteralAtItsEndOnly) {
  EXPECT_EQ(announced_literal("* 1 FETCH (BODY[] {5120}"), 5120u);
  EXPECT_EQ(announced_literal("{12+} "), 12u);
  EXPECT_EQ(announced_literal("~{12}"), 12u);
  for (const auto* line : {"", "{12} x", "12}", "{}", "{-1}", "{1 2}", "{99999999999999999999}", "{12"}) {
    EXPECT_EQ(announced_literal(line), std::nullopt) << line;
  }
}

TEST(Wire, ALiteralsLengthIsANumberAndEndsTheLine) {
  for (const auto* bad : {"{x}\r\n", "{12\r\n", "{}\r\n", "{1} x\r\n", "{99999999999999999999}\r\n"}) {
    WireText text(bad);
    EXPECT_THROW(text.wire.begin_literal(), Malformed) << bad;
  }
}

}  // namespace
}  // namespace postferry::imap
