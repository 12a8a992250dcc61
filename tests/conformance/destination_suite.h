#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include <postferry/mail/destination.h>
#include <postferry/mail/source.h>

namespace postferry::conformance {

// An account that is written to through one seam and read back through another. Empty at first.
class WrittenAccount {
 public:
  virtual ~WrittenAccount() = default;
  virtual mail::Destination& destination() = 0;
  virtual std::unique_ptr<mail::MailSource> source() = 0;
};

struct DestinationKind {
  std::string name;
  std::function<std::unique_ptr<WrittenAccount>()> make;
};
inline std::ostream& operator<<(std::ostream& out, const DestinationKind& kind) { return out << kind.name; }

// The contract of mail/destination.h. Every implementation runs it, as of SourceSuite.
class DestinationSuite : public testing::TestWithParam<DestinationKind> {};
inline std::string destination_name(const testing::TestParamInfo<DestinationKind>& info) {
  return info.param.name;
}

}  // namespace postferry::conformance
