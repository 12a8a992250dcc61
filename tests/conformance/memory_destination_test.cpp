#include "support/memory_destination.h"
#include "conformance/destination_suite.h"

namespace postferry::conformance {
namespace {

class Memory final : public WrittenAccount {
 public:
  explicit Memory(test::DestinationRules rules) : destination_(account_, std::move(rules)) {}
  mail::Destination& destination() override { return destination_; }
  std::unique_ptr<mail::MailSource> source() override {
    return std::make_unique<test::MemorySource>(account_, test::SourceRules{});
  }

 private:
  test::MemoryAccount account_;
  test::MemoryDestination destination_;
};

DestinationKind kind(const std::string& name, const test::DestinationRules& rules) {
  return {name, [rules] { return std::make_unique<Memory>(rules); }};
}

INSTANTIATE_TEST_SUITE_P(Memory, DestinationSuite,
                         testing::Values(kind("Memory", {}), kind("MemoryWithoutUidplus", {.uidplus = false}),
                                         kind("MemoryOneByOne", {.multiappend = false})),
                         destination_name);

}  // namespace
}  // namespace postferry::conformance
