#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/base/error.h>

#include "endpoints/imap_source.h"
#include "server_bytes.h"
#include "support/manual_clock.h"

namespace {

using namespace postferry;

void require(bool holds) {
  if (!holds) std::abort();
}

// Two connections that say what they like, and no third.
class TwoConnections final : public net::Dialer {
 public:
  TwoConnections(std::string_view first, std::string_view second) : said_{first, second} {}
  std::unique_ptr<net::Stream> dial(const std::string&, std::uint16_t, const net::TlsPolicy*,
                                    const net::Timeouts&, std::stop_token) override {
    if (at_ == said_.size()) throw Error(Cause::network, Blast::endpoint, Retry::never, "no more");
    return std::make_unique<fuzz::ServerBytes>("* PREAUTH [CAPABILITY IMAP4rev1] x\r\n" +
                                               std::string(said_.at(at_++)));
  }

 private:
  const std::array<std::string_view, 2> said_;
  std::size_t at_ = 0;
};

// Every message that is listed has exactly one outcome, at the latest when the span is done.
class Balance final : public mail::Chooser, public mail::Arrivals {
 public:
  explicit Balance(bool all) : all_(all) {}
  bool wants_all() const override { return all_; }
  void choose(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) override {
    out.clear();
    for (const auto& meta : page) {
      const auto choice = static_cast<mail::Choice>(meta.ref.number % 3);
      out.push_back(choice);
      if (choice == mail::Choice::leave) settle(meta);
    }
  }
  bool held_by_header(const mail::Meta& meta, const mail::HeaderId&,
                      const std::optional<mail::MatchKey>&) override {
    const bool held = meta.ref.number % 2 == 0;
    if (held) settle(meta);
    return held;
  }
  void listed(std::uint64_t count) override { listed_ += count; }
  void arrived(mail::Message message) override { settle(message.meta); }
  void unavailable(const mail::Meta& meta, const mail::Headline&, mail::Outcome outcome,
                   const Error* why) override {
    require((outcome == mail::Outcome::failed) == (why != nullptr));
    settle(meta);
  }
  void span_done(mail::Span) override { require(listed_ == settled_.size()); }
  void note(const std::string&) override {}

 private:
  void settle(const mail::Meta& meta) {
    require(meta.ref.number != 0 && settled_.insert(meta.ref.number).second);
    require(settled_.size() <= listed_);
  }

  const bool all_;
  std::uint64_t listed_ = 0;
  std::set<std::uint32_t> settled_;
};

void read_folder(mail::MailSource& source, bool all) {
  mail::Folder inbox;
  inbox.wire_name = "INBOX";
  const auto reader = source.open(inbox, {});
  Balance balance(all);
  bool begun = false;
  for (int tries = 0; tries < 3; ++tries) try {
      if (!begun) reader->begin();
      begun = true;
      return reader->scan({}, balance, balance);
    } catch (const Error& error) {
      if (error.blast < Blast::session || error.retry == Retry::never) return;
    }
}

}  // namespace

// Any bytes as two sessions of an IMAP server, read as a backup does it: the balance holds, only Error comes
// out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const auto said = as_text(std::as_bytes(std::span(data + 2, size - 2)));
  const auto cut = said.size() * data[1] / 255;
  TwoConnections dialer(said.substr(0, cut), said.substr(cut));
  test::ManualClock clock;
  ByteBudget budget(16u << 20);
  config::Account account;
  account.protocol = config::Protocol::imap;
  account.host = "imap.example.org";
  account.user = "bob";
  account.security = config::Security::tls;
  const auto source = endpoints::imap_source(
      account, {[] { return "secret"; }},
      {.dialer = dialer, .budget = budget, .clock = clock, .work_folder = "/tmp", .timeouts = {}});
  read_folder(*source, (data[0] & 1U) != 0);
  return 0;
}
