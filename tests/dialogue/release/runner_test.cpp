#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/base/byte_budget.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/digester.h>

#include "imap_source.h"
#include "pop3_source.h"
#include "support/error_words.h"
#include "support/manual_clock.h"
#include "support/scripted_stream.h"

// Plays every *.release file of this folder to the releaser of a source, whole and cut into pieces at random. What becomes of
// the orders must be the file's "expect:" lines, in their order:
//
//   deleted N, vanished N, refused N: WHY, unknown N: WHY      one an order; N is its UID or UIDL
//   error CAUSE BLAST RETRY: WHAT                              nothing was deleted
//
// Settings: protocol: imap (default) or pop3; epoch: N (default 77); order: N SIZE TEXT (the whole message, <CRLF> for a line
// end); pop3's N is its UIDL, "-" for none.
namespace postferry::endpoints {
namespace {

using test::Dialogue;

struct Orders {
  std::vector<mail::ReleaseOrder> orders;
  std::vector<std::string> names;
};

Orders orders_of(const Dialogue& dialogue, bool is_pop3) {
  Orders out;
  for (const auto& line : dialogue.all("order")) {
    const auto first = line.find(' '), second = line.find(' ', first + 1);
    const auto name = line.substr(0, first);
    const auto digests = mail::digests_of(as_bytes(test::unescape(line.substr(second + 1))));
    auto& order = out.orders.emplace_back();
    if (is_pop3) {
      order.ref = {std::string(mail::pop3_epoch), static_cast<std::uint32_t>(out.orders.size()), name == "-" ? "" : name};
    } else {
      order.ref = {dialogue.one("epoch").value_or("77"), static_cast<std::uint32_t>(std::stoul(name)), {}};
    }
    order.size = parse_number(line.substr(first + 1, second - first - 1));
    order.canonical = digests.canonical;
    order.header = digests.header;
    out.names.push_back(name);
  }
  return out;
}

std::vector<std::string> release(mail::MailSource& source, const Orders& wanted) {
  static constexpr std::array outcomes{"deleted", "vanished", "refused", "unknown"};
  mail::Folder inbox;
  inbox.wire_name = "INBOX";
  std::vector<std::string> lines;
  try {
    const auto results = source.releaser(inbox, {})->release(wanted.orders);
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto& [outcome, reason] = results[i];
      lines.push_back(fmt::format("{} {}{}{}", outcomes.at(static_cast<std::size_t>(outcome)), wanted.names[i],
                                  reason.empty() ? "" : ": ", reason));
    }
  } catch (const Error& error) {
    lines.push_back(fmt::format("error {}: {}", test::kind_words(error), error.what()));
  }
  return lines;
}

config::Account account_of(bool is_pop3) {
  config::Account account;
  account.protocol = is_pop3 ? config::Protocol::pop3 : config::Protocol::imap;
  account.host = "mail.example.org";
  account.port = is_pop3 ? 995 : 993;
  account.user = "bob";
  account.connections = 1;
  return account;
}

class ReleaseDialogue : public testing::TestWithParam<test::DialogueFile> {};

TEST_P(ReleaseDialogue, GoesAsWritten) {
  const auto dialogue = test::read_dialogue(GetParam().path);
  const bool is_pop3 = dialogue.one("protocol") == "pop3";
  for (test::Chunks chunks = 0; chunks < 12; ++chunks) {
    test::ScriptedDialer dialer(dialogue.connections, chunks);
    test::ManualClock clock;
    ByteBudget budget(16u << 20);
    const Tools tools{.dialer = dialer,
                      .budget = budget,
                      .clock = clock,
                      .work_folder = std::filesystem::temp_directory_path(),
                      .timeouts = {}};
    const Secret secret{[] { return std::string("secret"); }};
    std::vector<std::string> lines;
    {
      const auto source = is_pop3 ? pop3_source(account_of(true), secret, tools) : imap_source(account_of(false), secret, tools);
      lines = release(*source, orders_of(dialogue, is_pop3));
    }
    const auto expected = dialogue.all("expect");
    bool same = expected.size() == lines.size();
    for (std::size_t i = 0; same && i < expected.size(); ++i) same = test::matches(expected[i], lines[i]);
    EXPECT_TRUE(same) << "cut by seed " << chunks << ":\n" << testing::PrintToString(lines);
    EXPECT_EQ(dialer.problems(), "") << "cut by seed " << chunks;
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, ReleaseDialogue,
                         testing::ValuesIn(test::dialogue_files(POSTFERRY_SOURCE_DIR "/tests/dialogue/release", ".release")),
                         [](const testing::TestParamInfo<test::DialogueFile>& file) { return file.param.name; });

}  // namespace
}  // namespace postferry::endpoints
