#pragma once

#include <cstddef>

#include "byte_filter.h"

namespace postferry::engine {

// Cuts lines that are longer than `longest` bytes (CR LF not counted): at the last blank that leaves
// something before it, else where the limit is, never inside a UTF-8 character. In the header the rest
// becomes a continuation line.
class LineFolder final : public ByteFilter {
 public:
  explicit LineFolder(std::size_t longest) : longest_(longest) {}
  void take(std::string_view piece, std::string& out) override;
  void end(std::string& out) override { out += line_; }

 private:
  void line_ends(std::string& out);
  void cut(std::string& out);

  const std::size_t longest_;
  std::string line_;
  bool in_header_ = true, continued_ = false;
};

}  // namespace postferry::engine
