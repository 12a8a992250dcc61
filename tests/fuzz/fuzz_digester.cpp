// Any message, cut anywhere, has one identity; header texts are visible UTF-8.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <postferry/base/text.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/header_text.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postferry;
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 16;
  const Bytes message = std::as_bytes(std::span(data + 1, size - 1));

  const auto whole = mail::digests_of(message);
  static mail::Digester digester;
  for (std::size_t at = 0; at < message.size(); at += piece) {
    digester.update(message.subspan(at, std::min(piece, message.size() - at)));
  }
  const auto cut = digester.finish();
  if (cut.content != whole.content || cut.canonical != whole.canonical || cut.merge != whole.merge ||
      cut.header != whole.header || cut.match != whole.match) {
    std::abort();
  }
  const auto header = mail::header_digests(message);
  if (header.header != whole.header || header.match != whole.match) std::abort();

  const auto text = mail::header_text(as_text(message), piece * 10);
  if (text.size() > piece * 10 || printable(text) != text) std::abort();
  return 0;
}
