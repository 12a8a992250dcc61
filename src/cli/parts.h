#pragma once

#include <optional>
#include <string>
#include <utility>

namespace postferry::cli {

// --read-data-subset: "5%" (0 < p <= 100) or "n/t" (1 <= n <= t).
struct Part {
  double percent = 100;
  std::optional<std::pair<unsigned, unsigned>> part;
};
std::optional<Part> read_part(const std::string& text);

}  // namespace postferry::cli
