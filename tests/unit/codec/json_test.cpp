#include <postferry/codec/json.h>

#include <cmath>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace postferry::codec {
namespace {

TEST(Json, WritesBackWhatItReadInTheNormativeForm) {
  for (const auto* text : {"null",
                           "true",
                           "false",
                           "0",
                           "-1",
                           "9223372036854775807",
                           "-9223372036854775808",
                           "18446744073709551615",
                           "1.5",
                           "1.0",
                           "-0.0",
                           "1e+300",
                           R"("")",
                           R"("a\"\\/\b\f\n\r\t\u0001\u001f")",
                           R"("é€📬")",
                           "[]",
                           "{}",
                           R"({"z":1,"a":[1,2,{"b":null}],"m":"x"})",
                           R"({"k":1,"k":2})",
                           "\"\x7f\""}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(value->dump(), text);
  }
}

TEST(Json, ReadsEverySpelling) {
  struct Case {
    const char *text, *normal;
  };
  for (const auto& [text, normal] :
       {Case{" \t\r\n[ 1 , 2 ] ", "[1,2]"}, Case{R"({ "a" : { } })", R"({"a":{}})"},
        Case{R"("\u00e9\u20AC\ud83d\udcec\/")", R"("é€📬/")"}, Case{"1E2", "100.0"}, Case{"-0", "-0.0"},
        Case{"18446744073709551616", "18446744073709551616.0"}}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(value->dump(), normal);
  }
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const std::string_view text : {std::string_view(""),
                                      std::string_view(" "),
                                      std::string_view("nul"),
                                      std::string_view("nulll"),
                                      std::string_view("True"),
                                      std::string_view("01"),
                                      std::string_view("+1"),
                                      std::string_view("-"),
                                      std::string_view("1."),
                                      std::string_view(".5"),
                                      std::string_view("1e"),
                                      std::string_view("1e999"),
                                      std::string_view("0x1"),
                                      std::string_view("NaN"),
                                      std::string_view("\""),
                                      std::string_view("\"a"),
                                      std::string_view("\"\\x\""),
                                      std::string_view("\"\\u12\""),
                                      std::string_view("\"\\u+123\""),
                                      std::string_view("\"\\ud800\""),
                                      std::string_view("\"\\ud800\\u0041\""),
                                      std::string_view("\"\\udc00\""),
                                      std::string_view("\"tab\t\""),
                                      std::string_view("\"nul\0\"", 6),
                                      std::string_view("\"\xFF\""),
                                      std::string_view("\"\xED\xA0\x80\""),
                                      std::string_view("["),
                                      std::string_view("[1"),
                                      std::string_view("[1,]"),
                                      std::string_view("[,]"),
                                      std::string_view("[1 2]"),
                                      std::string_view("]"),
                                      std::string_view("{"),
                                      std::string_view("{\"a\"}"),
                                      std::string_view("{\"a\":}"),
                                      std::string_view("{\"a\":1,}"),
                                      std::string_view("{a:1}"),
                                      std::string_view("{1:1}"),
                                      std::string_view("1 2"),
                                      std::string_view("\xEF\xBB\xBF{}"),
                                      std::string_view("'a'"),
                                      std::string_view("[1]//")}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
}

TEST(Json, NestsToADepthOf64) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parse_json(nested(64)));
  EXPECT_FALSE(parse_json(nested(65)));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(Json, AnswersOnlyForTheKindThatItIs) {
  const auto value =
      *parse_json(R"({"s":"x","n":7,"minus":-7,"big":18446744073709551615,"d":1.5,"b":true,"l":[1]})");
  EXPECT_EQ(value.text("s"), "x");
  EXPECT_EQ(value.text("n", "none"), "none");
  EXPECT_EQ(value.natural("n"), 7U);
  EXPECT_EQ(value.natural("minus", 3), 3U);
  EXPECT_EQ(value.find("minus")->integer(), -7);
  EXPECT_EQ(value.find("big")->integer(), std::nullopt);
  EXPECT_EQ(value.natural("big"), UINT64_MAX);
  EXPECT_EQ(value.find("n")->number(), 7.0);
  EXPECT_EQ(value.find("d")->natural(), std::nullopt);
  EXPECT_TRUE(value.flag("b"));
  EXPECT_FALSE(value.flag("s"));
  EXPECT_EQ(value.find("l")->items()->size(), 1U);
  EXPECT_EQ(value.find("none"), nullptr);
  EXPECT_EQ(Json(5).find("x"), nullptr);
}

TEST(Json, GrowsFromNothing) {
  Json line;
  line.add("uid", 5U)
      .add("flags", Json().add("\\Seen").add(true))
      .add("empty", Json::array())
      .add("nan", std::nan(""));
  EXPECT_EQ(line.dump(), R"({"uid":5,"flags":["\\Seen",true],"empty":[],"nan":null})");
  EXPECT_EQ(Json::object().dump(), "{}");
}

TEST(Json, MarksBytesThatAreNotUtf8) {
  EXPECT_EQ(Json("a\xFF"
                 "b\xC3")
                .dump(),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
  std::string out = "x";
  append_json_string(out, std::string_view("\0\"", 2));
  EXPECT_EQ(out, "x\"\\u0000\\\"\"");
}

// Another parser is the judge: accept and refuse the same texts, and mean the same by them.
TEST(Json, AgreesWithNlohmannOnRandomTexts) {
  constexpr std::string_view alphabet = "{}[]\",:\\u0d8eE+-.19tfn ab\x01\xC3\xA9";
  std::mt19937 random(20261124);
  int accepted = 0;
  for (int i = 0; i < 8000; ++i) {
    std::string text = i % 2 == 0 ? "" : R"({"a":[1,"\u00e9",true],"b":-2.5e3})";
    for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
      const char c = alphabet[random() % alphabet.size()];
      const std::size_t at = random() % (text.size() + 1);
      if (random() % 2 == 0 || at == text.size()) {
        text.insert(at, 1, c);
      } else {
        text[at] = c;
      }
    }
    const auto ours = parse_json(text);
    const auto theirs = nlohmann::ordered_json::parse(text, nullptr, false);
    ASSERT_EQ(ours.has_value(), !theirs.is_discarded()) << text;
    if (!ours) continue;
    ++accepted;
    EXPECT_EQ(nlohmann::json::parse(ours->dump()), nlohmann::json::parse(text)) << text;
  }
  EXPECT_GT(accepted, 300);
}

}  // namespace
}  // namespace postferry::codec
