// A name that is understood goes back to the very same bytes; any UTF-8 without NUL survives the way.

#include <cstdint>
#include <cstdlib>
#include <span>

#include <postferry/base/bytes.h>
#include <postferry/base/text.h>
#include <postferry/codec/utf7.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postferry;
  const auto text = as_text(std::as_bytes(std::span(data, size)));
  if (const auto name = codec::from_modified_utf7(text)) {
    if (!is_utf8(*name) || codec::to_modified_utf7(*name) != text) std::abort();
  }
  const auto coded = codec::to_modified_utf7(text);
  if (is_utf8(text) && text.find('\0') == std::string_view::npos && codec::from_modified_utf7(coded) != text)
    std::abort();
  return 0;
}
