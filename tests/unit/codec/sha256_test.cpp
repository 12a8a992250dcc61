#include <postferry/codec/sha256.h>

#include <random>
#include <string>

#include <gtest/gtest.h>
#include <openssl/sha.h>

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

std::string random_text(std::size_t size) {
  std::mt19937 random(static_cast<unsigned>(size));
  std::string out(size, '\0');
  for (auto& c : out) c = static_cast<char>(random());
  return out;
}

// OpenSSL is the judge, whichever way our own is computed on this machine.
std::string by_openssl(std::string_view text) {
  Digest out;
  SHA256(static_cast<const unsigned char*>(static_cast<const void*>(text.data())), text.size(),
         static_cast<unsigned char*>(static_cast<void*>(out.data())));
  return to_hex(out);
}

TEST(Sha256, AgreesWithOpenSslInEverySizeAndCut) {
  for (std::size_t size = 0; size < 300; ++size) {
    const auto text = random_text(size);
    EXPECT_EQ(to_hex(Sha256::of(as_bytes(text))), by_openssl(text)) << size;
    Sha256 hash;
    for (std::size_t at = 0, step = 1; at < size; at += step, step = step % 70 + 7) {
      hash.update(as_bytes(text).subspan(at, std::min(step, size - at)));
    }
    EXPECT_EQ(to_hex(hash.finish()), by_openssl(text)) << size;
  }
}

TEST(Sha256, TwoAtOnceAreTwo) {
  const auto text = random_text(5000);
  for (std::size_t first = 0; first < 130; first += 13) {
    for (std::size_t second : {0U, 1U, 63U, 64U, 65U, 128U}) {
      for (std::size_t common : {0U, 1U, 64U, 200U, 4000U}) {
        Sha256 a, b;
        a.update(as_bytes(text).first(first));
        b.update(as_bytes(text).first(second));
        Sha256::update_both(a, as_bytes(text).subspan(first, common), b,
                            as_bytes(text).subspan(second, common / 2));
        EXPECT_EQ(to_hex(a.finish()), by_openssl(text.substr(0, first + common)));
        EXPECT_EQ(to_hex(b.finish()), by_openssl(text.substr(0, second + common / 2)));
      }
    }
  }
}

}  // namespace
}  // namespace postferry::codec
