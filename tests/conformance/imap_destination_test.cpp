#include <filesystem>

#include <postferry/base/byte_budget.h>
#include <postferry/base/files.h>
#include <postferry/endpoints/registry.h>

#include "conformance/destination_suite.h"
#include "support/dovecot_dialer.h"

namespace postferry::conformance {
namespace {

// A real Dovecot; and one whose personal namespace is below "INBOX." with dots, as Courier and Cyrus have it.
class OverImap final : public WrittenAccount {
 public:
  OverImap(const std::string& config, const std::string& capabilities, unsigned pipeline)
      : dialer_(config, capabilities), account_(dialer_.account()) {
    account_.pipeline = pipeline;
    destination_ = endpoints::make_destination(account_, secret(), tools());
  }
  mail::Destination& destination() override { return *destination_; }
  std::unique_ptr<mail::MailSource> source() override {
    return endpoints::make_source(account_, secret(), tools());
  }

 private:
  static endpoints::Secret secret() {
    return {[] { return std::string("not asked for"); }};
  }
  endpoints::Tools tools() {
    return {.dialer = dialer_,
            .budget = budget_,
            .clock = *clock_,
            .work_folder = std::filesystem::temp_directory_path(),
            .timeouts = {}};
  }

  test::DovecotDialer dialer_;
  ByteBudget budget_{16u << 20};
  std::unique_ptr<Clock> clock_ = system_clock();
  config::Account account_;
  std::unique_ptr<mail::Destination> destination_;
};

DestinationKind kind(const std::string& name, const std::string& config, const std::string& capabilities,
                     unsigned pipeline) {
  return {name, [=] { return std::make_unique<OverImap>(config, capabilities, pipeline); }};
}

const std::string plain = "IMAP4rev1 NAMESPACE";
const std::string below_inbox = "namespace inbox {\n  separator = .\n  prefix = INBOX.\n}\n";

INSTANTIATE_TEST_SUITE_P(
    Dovecot, DestinationSuite,
    testing::Values(kind("Dovecot", "", "", 2), kind("DovecotInLockstep", "", "", 1),
                    kind("DovecotBelowInbox", below_inbox, "", 2), kind("DovecotOfPlainImap", "", plain, 2),
                    kind("DovecotWithoutMultiappend", "", plain + " UIDPLUS LITERAL+ LIST-EXTENDED", 2),
                    kind("DovecotOfShortLiterals", "", plain + " UIDPLUS LITERAL- MULTIAPPEND", 2)),
    destination_name);

}  // namespace
}  // namespace postferry::conformance
