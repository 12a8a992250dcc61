#include <postferry/codec/base64.h>

#include <array>
#include <cstdint>

namespace postferry::codec {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t foreign = 0xFF;

constexpr std::array<std::uint8_t, 256> values = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(foreign);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    out[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return out;
}();

std::uint32_t value(char c) noexcept { return values[static_cast<unsigned char>(c)]; }

}  // namespace

std::string base64(Bytes bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = bytes.size() - i;
    std::uint32_t group = std::to_integer<std::uint32_t>(bytes[i]) << 16U;
    if (have > 1) group |= std::to_integer<std::uint32_t>(bytes[i + 1]) << 8U;
    if (have > 2) group |= std::to_integer<std::uint32_t>(bytes[i + 2]);
    out += alphabet[group >> 18U];
    out += alphabet[(group >> 12U) & 63U];
    out += have > 1 ? alphabet[(group >> 6U) & 63U] : '=';
    out += have > 2 ? alphabet[group & 63U] : '=';
  }
  return out;
}

std::optional<std::string> unbase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::size_t padded = i + 4 == text.size() ? padding : 0;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint32_t v = j < 4 - padded ? value(text[i + j]) : 0;
      if (v == foreign) return std::nullopt;
      group = (group << 6U) | v;
    }
    // bits that stand for nothing must be zero: one text, one spelling
    if ((padded == 1 && (group & 0xFFU) != 0) || (padded == 2 && (group & 0xFFFFU) != 0)) return std::nullopt;
    out += static_cast<char>(group >> 16U);
    if (padded < 2) out += static_cast<char>((group >> 8U) & 0xFFU);
    if (padded < 1) out += static_cast<char>(group & 0xFFU);
  }
  return out;
}

}  // namespace postferry::codec
