#include "pop3_orders.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <postferry/mail/digester.h>

#include "pop3_header.h"

namespace postferry::endpoints {
namespace {

using mail::ReleaseOutcome;

// The header of each, by TOP.
class Headers final : public Pop3HeaderText {
 public:
  explicit Headers(std::map<unsigned, mail::HeaderId>& found) : found_(found) {}
  void end(const pop3::Drop& drop) override {
    Pop3HeaderText::end(drop);
    if (const auto header = digests()) found_.emplace(drop.number, header->header);
  }

 private:
  std::map<unsigned, mail::HeaderId>& found_;
};

using Contents = std::map<unsigned, mail::CanonicalId>;

// The content of each, by RETR; nothing of it is kept.
class WholeMessages final : public pop3::Bodies {
 public:
  explicit WholeMessages(Contents& found) : found_(found) {}
  void begin(const pop3::Drop&) override {}
  void bytes(Bytes part) override { digester_.update(part); }
  void end(const pop3::Drop& drop) override { found_.emplace(drop.number, digester_.finish().canonical); }
  void refused(const pop3::Drop&, const std::string&) override {}

 private:
  Contents& found_;
  mail::Digester digester_;
};

class Matching {
 public:
  Matching(pop3::Session& session, const Pop3Listing& listing, std::span<const mail::ReleaseOrder> orders)
      : session_(session), listing_(listing), orders_(orders) {
    out_.drops.resize(orders.size());
    out_.results.resize(orders.size());
  }

  Pop3Matches run() {
    const bool has_names = listing_.unsound.empty() && std::all_of(orders_.begin(), orders_.end(), [](const auto& order) {
      return !order.ref.uidl.empty();
    });
    if (has_names) {
      by_name();
    } else {
      by_content();
    }
    return std::move(out_);
  }

 private:
  void by_name() {
    std::unordered_map<std::string_view, const pop3::Drop*> named;
    for (const auto& drop : listing_.drops) named.emplace(drop.uidl, &drop);
    std::vector<pop3::Drop> proposed;
    for (std::size_t i = 0; i < orders_.size(); ++i) {
      const auto found = named.find(orders_[i].ref.uidl);
      if (found == named.end()) {
        out_.results[i].outcome = ReleaseOutcome::vanished;
        continue;
      }
      const auto& drop = *found->second;
      if (drop.size && orders_[i].size && *drop.size != *orders_[i].size) {
        out_.results[i].reason = fmt::format("it has {} bytes now, and had {}", *drop.size, *orders_[i].size);
        continue;
      }
      named.erase(found);
      out_.drops[i] = drop;
      proposed.push_back(drop);
    }
    prove(proposed);
  }

  void prove(const std::vector<pop3::Drop>& proposed) {
    std::map<unsigned, mail::HeaderId> headers;
    Headers top(headers);
    session_.headers(proposed, top);
    const auto has_header = [&](std::size_t i) {
      const auto found = headers.find(out_.drops[i]->number);
      return found != headers.end() && found->second == orders_[i].header;
    };
    std::vector<pop3::Drop> in_doubt;
    for (std::size_t i = 0; i < orders_.size(); ++i) {
      if (out_.drops[i] && !has_header(i)) in_doubt.push_back(*out_.drops[i]);
    }
    const auto contents = read(in_doubt);
    for (std::size_t i = 0; i < orders_.size(); ++i) {
      if (!out_.drops[i] || has_header(i)) continue;
      const auto found = contents.find(out_.drops[i]->number);
      if (found != contents.end() && found->second == orders_[i].canonical) continue;
      out_.drops[i].reset();
      out_.results[i].reason = found == contents.end() ? "the server does not show it any more"
                                                       : "another message has its UIDL now";
    }
  }

  // Only what has the size of an order is read.
  void by_content() {
    std::set<std::uint64_t> sizes;
    for (const auto& order : orders_) {
      if (order.size) sizes.insert(*order.size);
    }
    std::vector<pop3::Drop> proposed;
    std::copy_if(listing_.drops.begin(), listing_.drops.end(), std::back_inserter(proposed),
                 [&](const pop3::Drop& drop) { return !drop.size || sizes.contains(*drop.size); });
    const auto contents = read(proposed);
    std::multimap<mail::CanonicalId, pop3::Drop> free;
    for (const auto& drop : proposed) {
      if (const auto found = contents.find(drop.number); found != contents.end()) free.emplace(found->second, drop);
    }
    for (std::size_t i = 0; i < orders_.size(); ++i) {
      const auto found = free.find(orders_[i].canonical);
      if (found == free.end()) {
        out_.results[i].outcome = ReleaseOutcome::vanished;
        continue;
      }
      out_.drops[i] = found->second;
      free.erase(found);
    }
  }

  Contents read(const std::vector<pop3::Drop>& drops) {
    Contents out;
    WholeMessages messages(out);
    session_.retrieve(drops, messages);
    return out;
  }

  pop3::Session& session_;
  const Pop3Listing& listing_;
  const std::span<const mail::ReleaseOrder> orders_;
  Pop3Matches out_;
};

}  // namespace

Pop3Matches match_orders(pop3::Session& session, const Pop3Listing& listing, std::span<const mail::ReleaseOrder> orders) {
  return Matching(session, listing, orders).run();
}

}  // namespace postferry::endpoints
