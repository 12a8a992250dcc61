#include <postferry/codec/sha256.h>

#include <string>

#include <gtest/gtest.h>

namespace postferry::codec {
namespace {

constexpr const char* of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, AgreesWithFips180) {
  EXPECT_EQ(to_hex(Sha256::of({})), of_nothing);
  EXPECT_EQ(to_hex(Sha256::of(as_bytes("abc"))), of_abc);
  EXPECT_EQ(to_hex(Sha256::of(as_bytes(std::string(1'000'000, 'a')))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, GrowsAndTellsBetween) {
  Sha256 hash;
  EXPECT_EQ(to_hex(hash.digest()), of_nothing);
  hash.update(as_bytes("ab"));
  hash.digest();
  hash.update(as_bytes("c"));
  EXPECT_EQ(to_hex(hash.digest()), of_abc);
  EXPECT_EQ(to_hex(hash.finish()), of_abc);
  EXPECT_EQ(to_hex(hash.finish()), of_nothing);
}

TEST(Sha256, ACopySharesTheBeginningOnly) {
  Sha256 a;
  a.update(as_bytes("ab"));
  Sha256 b = a;
  a.update(as_bytes("x"));
  b.update(as_bytes("c"));
  EXPECT_EQ(to_hex(b.digest()), of_abc);
  a = b;
  EXPECT_EQ(to_hex(a.digest()), of_abc);
  Sha256 moved = std::move(b);
  b = moved;
  EXPECT_EQ(to_hex(b.finish()), of_abc);
}

}  // namespace
}  // namespace postferry::codec
