#include <postferry/codec/base64.h>

#include <gtest/gtest.h>

namespace postferry::codec {
namespace {

TEST(Base64, AgreesWithRfc4648) {
  struct Case {
    std::string_view plain, coded;
  };
  for (const auto& [plain, coded] :
       {Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"}, Case{"foob", "Zm9vYg=="},
        Case{"fooba", "Zm9vYmE="}, Case{"foobar", "Zm9vYmFy"},
        Case{std::string_view("\0\xff\xfe", 3), "AP/+"}}) {
    EXPECT_EQ(base64(as_bytes(plain)), coded);
    EXPECT_EQ(unbase64(coded), plain);
  }
}

TEST(Base64, RefusesWhatIsNotExactlyBase64) {
  for (const auto* text : {"Zg", "Zg=", "Zg===", "=g==", "Z===", "Zm9v====", "Zg==Zg==", "Zm 9v", "Zm9v\r\n",
                           "Zh==", "Zm9=", "-_-_"}) {
    EXPECT_EQ(unbase64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace postferry::codec
