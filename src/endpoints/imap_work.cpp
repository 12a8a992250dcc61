#include "imap_work.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <postferry/base/error.h>

#include "imap_headers.h"

namespace postferry::endpoints {
namespace {

using Want = ImapItems::Want;

}  // namespace

void ImapWork::run(imap::Session& session, mail::Chooser& choose, mail::Arrivals& to) {
  compare_headers(session, choose);
  std::vector<Lost> lost;
  bodies(session, items_.wanting(Want::body), to, lost);
  // What came and was not as announced is asked for again: alone while it is not known whether the sizes can
  // be believed, together when they cannot.
  for (auto again = doubted(); !again.empty(); again = doubted()) {
    if (!fetch_.sizes_are_lies()) again.resize(1);
    bodies(session, again, to, lost);
  }
  for (const auto uid : items_.wanting(Want::body)) {
    if (const auto* doubt = fetch_.doubt(uid)) lost.push_back({uid, doubt->verdict});
  }
  give_up(session, lost, to);
}

void ImapWork::compare_headers(imap::Session& session, mail::Chooser& choose) {
  const auto uids = items_.wanting(Want::header);
  if (uids.empty()) return;
  ImapHeaders headers([&](imap::Uid uid, const mail::HeaderDigests& digests) {
    const auto* meta = items_.find(uid);
    if (meta == nullptr || items_.want(uid) != Want::header) return;
    items_.set(uid, choose.held_by_header(*meta, digests.header, digests.match) ? Want::nothing : Want::body);
  });
  session.fetch_headers(uids, headers);
  for (const auto uid : items_.wanting(Want::header)) items_.set(uid, Want::body);  // the body will tell
}

void ImapWork::bodies(imap::Session& session, const std::vector<imap::Uid>& uids, mail::Arrivals& to,
                      std::vector<Lost>& lost) {
  std::vector<imap::Uid> asked;
  for (const auto uid : uids) {
    const auto* doubt = fetch_.doubt(uid);
    if (doubt == nullptr || doubt->verdict.empty()) asked.push_back(uid);
  }
  if (asked.empty()) return;
  fetch_.expect(
      [&](const imap::Fetched& items, bool) -> const mail::Meta* {
        return items.uid == 0 || items_.want(items.uid) != Want::body ? nullptr : items_.find(items.uid);
      },
      [&](mail::Message message) {
        items_.set(message.meta.ref.number, Want::nothing);
        to.arrived(std::move(message));
      },
      [&](const std::string& text) { to.note(text); });
  for (auto& [uid, text] : session.fetch_bodies(asked, items_.sizes(asked), fetch_)) {
    fetch_.settle(uid);
    lost.push_back({uid, text.empty() ? "the server says OK and sends nothing" : std::move(text)});
  }
}

std::vector<imap::Uid> ImapWork::doubted() const {
  std::vector<imap::Uid> out;
  for (const auto uid : items_.wanting(Want::body)) {
    const auto* doubt = fetch_.doubt(uid);
    if (doubt != nullptr && doubt->verdict.empty()) out.push_back(uid);
  }
  return out;
}

// Quirk 22: what got no body may have been expunged since it was listed. It is listed again to be sure.
void ImapWork::give_up(imap::Session& session, const std::vector<Lost>& lost, mail::Arrivals& to) {
  if (lost.empty()) return;
  const auto there = still_there(session, lost);
  const auto lines = headlines(session, {there.begin(), there.end()});
  for (const auto& [uid, why] : lost) {
    auto* meta = items_.find(uid);
    if (meta == nullptr || items_.want(uid) != Want::body) continue;
    items_.set(uid, Want::nothing);
    if (!there.contains(uid)) {
      to.unavailable(*meta, {}, mail::Outcome::vanished, nullptr);
    } else {
      const Error error(Cause::rejected, Blast::message, Retry::never,
                        fmt::format("{} uid {}: {}", where_, uid, why));
      const auto line = lines.find(uid);
      to.unavailable(*meta, line == lines.end() ? mail::Headline{} : line->second, mail::Outcome::failed,
                     &error);
    }
    fetch_.settle(uid);
  }
}

std::set<imap::Uid> ImapWork::still_there(imap::Session& session, const std::vector<Lost>& lost) const {
  std::set<imap::Uid> asked, out;
  for (const auto& one : lost) asked.insert(one.uid);
  std::vector<mail::Span> spans;
  for (const auto uid : asked) {
    const bool next = !spans.empty() && spans.back().last + 1 == uid;
    if (next) {
      spans.back().last = uid;
    } else {
      spans.push_back({uid, uid});
    }
  }
  session.noop();
  session.fetch_meta(spans, [&](const imap::Fetched& items) {
    if (asked.contains(items.uid)) out.insert(items.uid);
  });
  return out;
}

// What a person knows the failed ones by. Without, if the server has that neither.
std::map<imap::Uid, mail::Headline> ImapWork::headlines(imap::Session& session,
                                                        const std::vector<imap::Uid>& uids) {
  std::map<imap::Uid, mail::Headline> out;
  std::vector<imap::Uid> asked;
  for (const auto uid : uids) {
    if (const auto* doubt = fetch_.doubt(uid); doubt != nullptr && !doubt->headline.subject.empty()) {
      out[uid] = doubt->headline;
    } else if (headline_tried_.insert(uid).second) {
      asked.push_back(uid);
    }
  }
  if (asked.empty()) return out;
  ImapHeaders headers([&](imap::Uid uid, const mail::HeaderDigests& digests) { out[uid] = digests.headline; });
  session.fetch_headers(asked, headers);
  return out;
}

}  // namespace postferry::endpoints
