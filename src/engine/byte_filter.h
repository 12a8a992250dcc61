#pragma once

#include <string>
#include <string_view>

namespace postferry::engine {

// Changes bytes as they pass. One message.
class ByteFilter {
 public:
  virtual ~ByteFilter() = default;
  virtual void take(std::string_view piece, std::string& out) = 0;
  virtual void end(std::string& out) = 0;
  bool changed() const { return changed_; }

 protected:
  bool changed_ = false;
};

}  // namespace postferry::engine
