// What parses can be written, read again, and then written no differently.

#include <cstdint>
#include <cstdlib>
#include <span>

#include <postferry/base/bytes.h>
#include <postferry/codec/json.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace postferry;
  const auto text = as_text(std::as_bytes(std::span(data, size)));
  const auto value = codec::parse_json(text);
  if (!value) return 0;
  const auto once = value->dump();
  const auto again = codec::parse_json(once);
  if (!again || again->dump() != once) std::abort();
  return 0;
}
