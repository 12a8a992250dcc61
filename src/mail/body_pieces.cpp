#include <postferry/mail/body_pieces.h>

#include <algorithm>
#include <array>
#include <span>

namespace postferry::mail {
namespace {

constexpr std::size_t piece_bytes = 32u << 10;

}  // namespace

void each_piece(const Body& body, const std::function<bool(Bytes)>& take) {
  if (auto rest = body.in_memory(); !rest.empty()) {
    while (!rest.empty() && take(rest.first(std::min(rest.size(), piece_bytes))))
      rest = rest.subspan(std::min(rest.size(), piece_bytes));
    return;
  }
  const auto from = body.open();
  std::array<std::byte, piece_bytes> buffer;
  while (const auto got = from->read(buffer)) {
    if (!take(std::span(buffer).first(got))) return;
  }
}

}  // namespace postferry::mail
