#pragma once

#include <string>
#include <string_view>

#include <postferry/mail/message.h>

namespace postferry::mail {

// The beginning of a message, where its header is: at most 256 KiB. `body` outlives it.
class BodyBeginning {
 public:
  explicit BodyBeginning(const Body& body);
  std::string_view text() const { return text_; }

 private:
  std::string read_;  // what does not lie in memory anyway
  std::string_view text_;
};

}  // namespace postferry::mail
