#pragma once

#include "byte_filter.h"

namespace postferry::engine {

// Makes a header of what stands where one should be: names without blanks behind them, values of ASCII (RFC
// 2047), and a field X-Invalid-Header for every line that is none. The body passes as it is.
class HeaderMender final : public ByteFilter {
 public:
  void take(std::string_view piece, std::string& out) override;
  void end(std::string& out) override;

 private:
  void line(std::string_view text, std::string& out);  // without its line end
  void put_encoded(std::string_view text, std::string& out);

  std::string line_;
  bool in_header_ = true, first_ = true, continued_ = false;
};

}  // namespace postferry::engine
