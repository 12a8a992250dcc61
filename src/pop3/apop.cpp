#include "apop.h"

#include <algorithm>
#include <array>
#include <memory>

#include <openssl/err.h>
#include <openssl/evp.h>

#include <postferry/base/bytes.h>

namespace postferry::pop3 {

std::string apop_stamp(std::string_view greeting) {
  const auto begin = greeting.find('<');
  if (begin == std::string_view::npos) return {};
  const auto end = greeting.find('>', begin);
  if (end == std::string_view::npos) return {};
  const auto stamp = greeting.substr(begin, end - begin + 1);
  const auto inner = stamp.substr(1, stamp.size() - 2);
  const auto at = inner.find('@');
  const bool id = at != std::string_view::npos && at > 0 && at + 1 < inner.size() &&
                  inner.find('@', at + 1) == std::string_view::npos;
  const bool plain =
      std::all_of(inner.begin(), inner.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '<'; });
  return id && plain ? std::string(stamp) : std::string();
}

std::string apop_digest(std::string_view stamp, std::string_view secret) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<std::byte, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  void* const out = digest.data();
  const bool good = context && EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), stamp.data(), stamp.size()) == 1 &&
                    EVP_DigestUpdate(context.get(), secret.data(), secret.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), static_cast<unsigned char*>(out), &length) == 1;
  ERR_clear_error();
  return good ? to_hex(std::span(digest).first(length)) : std::string();
}

}  // namespace postferry::pop3
