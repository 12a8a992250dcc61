#include "pop3_fetch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/mbox_flags.h>

#include "pop3_header.h"

namespace postferry::endpoints {
namespace {

constexpr unsigned oddities_borne = 3;
// So much takes longer to arrive over most lines than another connection to be opened.
constexpr std::uint64_t last_bytes = 4u << 20;

template <class Wanted>
std::vector<pop3::Drop> drops_of(std::span<Pop3Item> items, Wanted wanted) {
  std::vector<pop3::Drop> out;
  for (const auto& item : items) {
    if (wanted(item)) out.push_back({item.number, {}, item.meta.size});
  }
  return out;
}

// Answers come in the order of the questions: the next item of that number.
Pop3Item& item_of(std::span<Pop3Item> items, std::size_t& at, const pop3::Drop& drop) {
  while (items[at].number != drop.number) ++at;
  return items[at];
}

}  // namespace

class Pop3Fetch::Headers final : public Pop3HeaderText {
 public:
  Headers(std::span<Pop3Item> items, mail::Chooser& choose) : items_(items), choose_(choose) {}
  void end(const pop3::Drop& drop) override {
    Pop3HeaderText::end(drop);
    auto& item = item_of(items_, at_, drop);
    item.compare = false;
    if (const auto header = digests())
      item.answered = choose_.held_by_header(item.meta, header->header, header->match);
  }
  void refused(const pop3::Drop& drop, const std::string&) override {
    item_of(items_, at_, drop).compare = false;
  }

 private:
  std::span<Pop3Item> items_;
  mail::Chooser& choose_;
  std::size_t at_ = 0;
};

class Pop3Fetch::Bodies final : public pop3::Bodies {
 public:
  Bodies(Pop3Fetch& fetch, std::span<Pop3Item> items, mail::Arrivals& to, const std::function<void()>& nearly_done,
         std::uint64_t bytes)
      : fetch_(fetch), items_(items), to_(to), nearly_done_(nearly_done), left_(bytes), told_(bytes < last_bytes) {}

  void begin(const pop3::Drop& drop) override {
    const std::uint64_t limit = mail::Spool::memory_limit;
    const auto size = drop.size.value_or(limit);
    lease_ = fetch_.tools_.budget.take(static_cast<std::size_t>(std::min(size, limit)), fetch_.stop_);
    if (drop.size) fetch_.spool_.expect(size);
  }
  void bytes(Bytes part) override {
    fetch_.spool_.append(part);
    fetch_.digester_->update(part);
  }
  void end(const pop3::Drop& drop) override {
    auto& item = item_of(items_, at_, drop);
    left_ -= std::min(left_, drop.size.value_or(0));
    if (left_ < last_bytes && nearly_done_ && !std::exchange(told_, true)) nearly_done_();
    mail::Message message;
    message.lease = std::move(lease_);
    message.digests = fetch_.digester_->finish();
    message.body = fetch_.spool_.finish();
    if (!fetch_.is_as_announced(item, message.digests.content, message.body->size(), to_)) return;
    message.meta = std::move(item.meta);
    message.meta.flags = mail::mbox_flags(*message.body);
    item.answered = true;
    ++fetch_.arrived_;
    to_.arrived(std::move(message));
  }
  void refused(const pop3::Drop& drop, const std::string& server_text) override {
    auto& item = item_of(items_, at_, drop);
    ++item.refusals;
    item.refusal = server_text;
  }

 private:
  Pop3Fetch& fetch_;
  std::span<Pop3Item> items_;
  mail::Arrivals& to_;
  const std::function<void()>& nearly_done_;
  std::uint64_t left_;
  bool told_;
  std::size_t at_ = 0;
  ByteBudget::Lease lease_;
};

Pop3Fetch::Pop3Fetch(const Tools& tools, std::stop_token stop)
    : tools_(tools), stop_(std::move(stop)), spool_(tools.work_folder) {
  digester_.emplace();
}

void Pop3Fetch::discard() {
  spool_.discard();
  digester_.emplace();
}

void Pop3Fetch::compare_headers(pop3::Session& session, std::span<Pop3Item> items, mail::Chooser& choose) {
  const auto drops = drops_of(items, [](const Pop3Item& item) { return item.compare && !item.answered; });
  if (drops.empty()) return;
  Headers headers(items, choose);
  session.headers(drops, headers);
}

void Pop3Fetch::bodies(pop3::Session& session, std::span<Pop3Item> items, mail::Arrivals& to, const Bulk& how) {
  const auto drops = drops_of(items, [](const Pop3Item& item) { return !item.answered; });
  std::uint64_t bytes = 0;
  for (const auto& drop : drops) bytes += drop.size.value_or(0);
  Bodies bodies(*this, items, to, how.nearly_done, bytes);
  const bool is_much = how.nearly_done && bytes >= last_bytes;
  // A size that is wrong wants its message once more, best in the same session.
  session.retrieve(drops, bodies, how.most_asked, [&] { return is_much && sizes_are_known(); });
}

// A wrong size is proof of neither damage nor health (qmail-pop3d counts line ends once, Exchange and
// hMailServer guess): the message is fetched once more, and what comes twice is it. Three such messages, and
// nobody asks LIST any more.
bool Pop3Fetch::is_as_announced(Pop3Item& item, const mail::ContentId& content, std::uint64_t size,
                                mail::Arrivals& to) {
  if (!item.meta.size || lies_ >= lies_believed) return true;
  if (*item.meta.size == size) {
    ++right_;
    return true;
  }
  ++item.odd;
  if (item.came == content) {
    ++lies_;
    if (!std::exchange(noted_, true)) {
      to.note(fmt::format(
          "the server's LIST gives wrong sizes (message {}: {} bytes instead of {}); what it sends is taken",
          item.number, *item.meta.size, size));
    }
    return true;
  }
  item.came = content;
  if (item.odd < oddities_borne) return false;
  const Error why(
      Cause::damaged, Blast::message, Retry::later,
      fmt::format("it came {} times, different each time, and never of the {} bytes that LIST says", item.odd,
                  *item.meta.size));
  item.answered = true;
  to.unavailable(item.meta, {}, mail::Outcome::failed, &why);
  return false;
}

void Pop3Fetch::give_up(pop3::Session& session, Pop3Item& item, mail::Arrivals& to) {
  Pop3HeaderText header;
  const pop3::Drop drop{item.number, {}, {}};
  session.headers({&drop, 1}, header);
  const auto digests = header.digests();
  const auto words = item.refusal.empty() ? std::string("no reason given") : printable(item.refusal, 300);
  const Error why(Cause::rejected, Blast::message, Retry::never,
                  fmt::format("the server does not send it: {}", words));
  item.answered = true;
  to.unavailable(item.meta, digests ? digests->headline : mail::Headline{}, mail::Outcome::failed, &why);
}

}  // namespace postferry::endpoints
