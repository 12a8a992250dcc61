#pragma once

#include "byte_filter.h"

namespace postferry::engine {

// Makes a header of what stands where one should be: names without blanks behind them, values of ASCII (RFC
// 2047), a field X-Invalid-Header for every line that is none, CR LF for a
// CR that no LF follows. The body passes as it is.
class HeaderMender final : public ByteFilter {
 public:
  void take(std::string_view piece, std::string& out) override;
  void end(std::string& out) override;

 private:
  void bare_cr(std::string& out);
  void line_ends(std::string_view by, std::string& out);
  void add_to_line(std::string_view part, std::string& out);
  void line(std::string_view text, std::string& out);  // without its line end
  void put_encoded(std::string_view text, std::string& out);

  std::string line_;
  std::size_t crs_ = 0;  // behind it, and what follows them is not known yet
  bool in_header_ = true, first_ = true, continued_ = false;
};

}  // namespace postferry::engine
