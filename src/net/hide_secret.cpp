#include <postferry/net/hide_secret.h>

#include <utility>

#include <postferry/base/text.h>

namespace postferry::net {
namespace {

// The search goes on behind the mark: a secret may be a part of it.
void replace_all(std::string& text, std::string_view secret) {
  constexpr std::string_view mark = "<secret>";
  for (std::size_t at = 0; !secret.empty() && (at = text.find(secret, at)) != std::string::npos;) {
    text.replace(at, secret.size(), mark);
    at += mark.size();
  }
}

}  // namespace

std::string hide_secret(std::string text, std::string_view secret) {
  const auto escaped = printable(secret);
  replace_all(text, secret);
  if (escaped != secret) replace_all(text, escaped);
  return text;
}

std::string hide_secrets(std::string text, std::span<const std::string> secrets) {
  for (const auto& secret : secrets) text = hide_secret(std::move(text), secret);
  return text;
}

}  // namespace postferry::net
