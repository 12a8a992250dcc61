#include "imap_destination.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/utf7.h>
#include <postferry/mail/folder_path.h>

#include "imap_destination_folder.h"
#include "imap_pool.h"
#include "imap_role_words.h"
#include "refused_keywords.h"

namespace postferry::endpoints {
namespace {

// What some server somewhere has in the way of a name; each is tried.
constexpr std::string_view suspicious = "./\\~*%^\"'!?<>:|#$&";

// What is known of the account's folders.
struct Places {
  imap::Namespace own;
  std::vector<mail::Folder> folders;
  std::map<mail::FolderPath, std::size_t> by_path;  // into folders
};

bool is_inbox(const mail::FolderPath& path) {
  return path.size() == 1 && equal_ignoring_case(path.front(), "INBOX");
}

// A folder that is there keeps the name the server gave it, however it is written.
std::string name_in(const Places& places, const mail::FolderPath& path) {
  if (is_inbox(path)) return "INBOX";
  if (const auto it = places.by_path.find(path); it != places.by_path.end())
    return places.folders[it->second].wire_name;
  std::string out = places.own.prefix;
  const char delimiter = places.own.delimiter == 0 ? '/' : places.own.delimiter;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (i > 0) out += delimiter;
    out += codec::to_modified_utf7(path[i]);
  }
  return out;
}

Places ask_places(imap::Session& session, const config::Account& account) {
  Places out;
  out.own = session.personal_namespace();
  for (auto& listed : session.list({.with_status = false})) {
    override_role(listed.folder, account.roles);
    if (out.own.delimiter == 0) out.own.delimiter = listed.folder.delimiter;
    out.by_path.emplace(listed.folder.path, out.folders.size());
    out.folders.push_back(std::move(listed.folder));
  }
  return out;
}

// A folder that ensure() will be asked for.
struct Wish {
  mail::FolderPath path;
  bool subscribe = false;
};

// Null: it is not there, or cannot be opened.
const mail::Folder* selectable_at(const Places& places, const mail::FolderPath& path) {
  const auto it = places.by_path.find(path);
  return it != places.by_path.end() && places.folders[it->second].selectable ? &places.folders[it->second] : nullptr;
}

std::vector<mail::FolderPath> missing_of(const Places& places, const std::vector<Wish>& expected) {
  std::vector<mail::FolderPath> out;
  for (const auto& [path, subscribe] : expected) {
    if (!is_inbox(path) && selectable_at(places, path) == nullptr) out.push_back(path);
  }
  return out;
}

std::vector<mail::FolderPath> unsubscribed_of(const Places& places, const std::vector<Wish>& expected) {
  std::vector<mail::FolderPath> out;
  for (const auto& [path, subscribe] : expected) {
    const auto* there = selectable_at(places, path);
    if (subscribe && there != nullptr && !there->subscribed) out.push_back(path);
  }
  return out;
}

class ImapDestination final : public mail::Destination {
 public:
  ImapDestination(const config::Account& account, Secret secret, const Tools& tools)
      : pool_(account, std::move(secret), tools, sessions_of(account, tools)) {}

  mail::DestinationTraits traits(std::stop_token stop) override {
    const auto own = places(stop)->own;
    auto out = pool_.with_session(stop, [&](imap::Session& session) {
      mail::DestinationTraits traits;
      if (own.delimiter != 0) traits.delimiter = own.delimiter;
      traits.append_limit = session.append_limit("INBOX");
      traits.quota_left = session.quota_left("INBOX");
      traits.max_sessions = pool_.most();
      return traits;
    });
    out.forbidden = forbidden(own, stop);
    return out;
  }

  std::vector<mail::Folder> folders(std::stop_token stop) override {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(just_asked_, false)) return places_->folders;
    }
    auto found = pool_.with_session(
        stop, [&](imap::Session& session) { return ask_places(session, pool_.account()); });
    auto folders = found.folders;
    const std::lock_guard lock(mutex_);
    places_ = std::make_shared<const Places>(std::move(found));
    return folders;
  }

  std::string wire_name(const mail::FolderPath& path) const override { return name_in(*places({}), path); }

  void expect(const mail::FolderPath& path, bool subscribe) override {
    const std::lock_guard lock(mutex_);
    expected_.push_back({path, subscribe});
  }

  mail::Ensured ensure(const mail::FolderPath& path, bool subscribe, std::stop_token stop) override {
    make_expected(path, stop);
    bool there = is_inbox(path), subscribed = there;
    mail::Ensured out{path, {}};
    const auto known = places(stop);
    if (const auto it = known->by_path.find(path); it != known->by_path.end()) {
      const auto& folder = known->folders[it->second];
      there = folder.selectable;
      subscribed = folder.subscribed;
    }
    if (there && (subscribed || !subscribe)) return out;
    try {
      pool_.with_session(stop, [&](imap::Session& session) {
        if (!there) out.path = create(session, *known, path);
        if (subscribe && !subscribed)
          out.not_subscribed = try_to_subscribe(session, name_in(*known, out.path));
        return true;
      });
    } catch (const Error& error) {
      throw in_folder(path, error);
    }
    remember(out.path, name_in(*known, out.path), subscribe && out.not_subscribed.empty());
    return out;
  }

  std::unique_ptr<mail::DestinationFolder> open(const mail::FolderPath& path, mail::Opening how,
                                                std::stop_token stop) override {
    if (stop.stop_requested()) throw Cancelled();
    const auto name = name_in(*places(stop), path);
    // What sessions of before have selected says nothing of what has come since through others.
    if (how == mail::Opening::afresh) pool_.forget_selected(name);
    return imap_destination_folder(pool_, refused_by(name), name, where(path), how, std::move(stop));
  }

 private:
  RefusedKeywords& refused_by(const std::string& wire_name) {
    const std::lock_guard lock(mutex_);
    return refused_keywords_[wire_name];
  }

  // What this leaves out, or fails at, ensure() does and tells, folder by folder.
  void make_expected(const mail::FolderPath& first, const std::stop_token& stop) {
    const auto expected = take_expected(first);
    if (expected.size() < 2) return;
    const auto known = places(stop);
    try {
      const auto missing = missing_of(*known, expected);
      for (const auto& path : made_of(missing, *known, stop, &imap::Session::create))
        remember(path, name_in(*known, path), false);
      const auto now = places(stop);
      for (const auto& path : made_of(unsubscribed_of(*now, expected), *now, stop, &imap::Session::subscribe))
        remember(path, name_in(*now, path), true);
    } catch (const Error&) {
    }
  }

  // This one and every n-th behind it, n being the sessions: others make the rest meanwhile.
  std::vector<Wish> take_expected(const mail::FolderPath& first) {
    const std::lock_guard lock(mutex_);
    std::vector<Wish> out, left;
    auto at = std::find_if(expected_.begin(), expected_.end(), [&](const Wish& one) { return one.path == first; });
    if (at == expected_.end()) return out;
    left.assign(expected_.begin(), at);
    for (std::size_t i = 0; at != expected_.end(); ++at, ++i)
      (i % pool_.most() == 0 ? out : left).push_back(std::move(*at));
    expected_ = std::move(left);
    return out;
  }

  using Verb = std::vector<bool> (imap::Session::*)(std::span<const std::string>);

  // Those with which the server was content.
  std::vector<mail::FolderPath> made_of(std::vector<mail::FolderPath> paths, const Places& known,
                                        const std::stop_token& stop, Verb verb) {
    if (paths.empty()) return paths;
    std::vector<std::string> names;
    for (const auto& path : paths) names.push_back(name_in(known, path));
    const auto well = pool_.with_session(stop, [&](imap::Session& session) { return (session.*verb)(names); });
    std::vector<mail::FolderPath> out;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (well[i]) out.push_back(std::move(paths[i]));
    }
    return out;
  }

  // Asked for once; shared, because other threads may learn of more folders while one looks into them.
  std::shared_ptr<const Places> places(std::stop_token stop) const {
    {
      const std::lock_guard lock(mutex_);
      if (places_) return places_;
    }
    auto found = pool_.with_session(
        stop, [&](imap::Session& session) { return ask_places(session, pool_.account()); });
    const std::lock_guard lock(mutex_);
    if (!places_) {
      places_ = std::make_shared<const Places>(std::move(found));
      just_asked_ = true;
    }
    return places_;
  }

  // Under its own name or, where that is refused, with as few of its words in their plain spelling as will
  // do. What a server has against a name only CREATE finds out (Cyrus).
  static mail::FolderPath create(imap::Session& session, const Places& known, const mail::FolderPath& path) {
    try {
      create_as_it_is(session, known, path);
      return path;
    } catch (const Error& error) {
      if (error.cause != Cause::rejected || error.blast != Blast::folder || error.retry != Retry::never)
        throw;
      const auto plain = create_plainly(session, known, path);
      if (!plain) throw;
      return *plain;
    }
  }

  // Nothing: there is no other name, or it is refused as well.
  static std::optional<mail::FolderPath> create_plainly(imap::Session& session, const Places& known,
                                                        const mail::FolderPath& path) {
    mail::FolderPath parent(path.begin(), path.end() - 1);
    try {
      if (!parent.empty() && !known.by_path.contains(parent)) {
        parent = create(session, known, parent);
        parent.push_back(path.back());
        if (parent != path) return create(session, known, parent);
        parent.pop_back();
      }
      parent.push_back(mail::plain_word(path.back()));
      if (parent == path) return std::nullopt;
      create_as_it_is(session, known, parent);
      return parent;
    } catch (const Error& error) {
      if (error.blast >= Blast::session) throw;
      return std::nullopt;
    }
  }

  static void create_as_it_is(imap::Session& session, const Places& known, const mail::FolderPath& path) {
    try {
      session.create(name_in(known, path));
    } catch (const Error& error) {
      // Most make the parents along (RFC 3501, 6.3.3, asks for it), some want them first.
      if (error.cause != Cause::missing || path.size() < 2) throw;
      create_as_it_is(session, known, {path.begin(), path.end() - 1});
      session.create(name_in(known, path));
    }
  }

  // A folder that no client shows by itself is there all the same; no mail is worth less for it. Why not, if
  // not.
  static std::string try_to_subscribe(imap::Session& session, const std::string& wire_name) {
    try {
      session.subscribe(wire_name);
      return {};
    } catch (const Error& error) {
      if (error.blast >= Blast::session) throw;
      return error.what();
    }
  }

  // Asked for once. A server that takes offence at the questions is not asked again: it will refuse the name
  // itself.
  std::string forbidden(const imap::Namespace& own, const std::stop_token& stop) {
    {
      const std::lock_guard lock(mutex_);
      if (forbidden_) return *forbidden_;
    }
    std::vector<std::string> names;
    std::string asked, found;
    for (const char c : suspicious) {
      if (c == own.delimiter) continue;
      asked += c;
      names.push_back(own.prefix + codec::to_modified_utf7(std::string("postferry") + c + "name"));
    }
    try {
      const auto impossible =
          pool_.with_session(stop, [&](imap::Session& session) { return session.impossible(names); });
      for (std::size_t i = 0; i < asked.size(); ++i) {
        if (impossible[i]) found += asked[i];
      }
    } catch (const Error&) {
      // Nothing is known then, which is no reason to put no mail there.
    }
    const std::lock_guard lock(mutex_);
    forbidden_ = found;
    return found;
  }

  void remember(const mail::FolderPath& path, std::string wire_name, bool subscribed) {
    const std::lock_guard lock(mutex_);
    auto more = std::make_shared<Places>(*places_);
    const auto [it, is_new] = more->by_path.try_emplace(path, more->folders.size());
    if (is_new) more->folders.emplace_back();
    auto& folder = more->folders[it->second];
    folder.wire_name = std::move(wire_name);
    folder.path = path;
    folder.delimiter = more->own.delimiter;
    folder.selectable = true;
    folder.subscribed = folder.subscribed || subscribed;
    places_ = std::move(more);
    just_asked_ = false;
  }

  std::string where(const mail::FolderPath& path) const {
    return fmt::format("{} {}", printable(pool_.account().host), printable(mail::join_path(path)));
  }
  Error in_folder(const mail::FolderPath& path, const Error& error) const {
    if (error.blast >= Blast::session) return error;
    const auto host = printable(pool_.account().host) + ": ";
    std::string_view what = error.what();
    if (what.starts_with(host)) what.remove_prefix(host.size());
    Error out(error.cause, error.blast, error.retry, fmt::format("{}: {}", where(path), what));
    out.advice = error.advice;
    return out;
  }

  mutable ImapPool pool_;
  mutable std::mutex mutex_;
  std::vector<Wish> expected_;                    // guarded by mutex_
  mutable std::shared_ptr<const Places> places_;  // guarded by mutex_
  mutable bool just_asked_ = false;               // guarded by mutex_; and folders() has not told it yet
  std::optional<std::string> forbidden_;          // guarded by mutex_
  std::map<std::string, RefusedKeywords> refused_keywords_;  // guarded by mutex_; by wire name; addresses stay
};

}  // namespace

std::unique_ptr<mail::Destination> imap_destination(const config::Account& account, Secret secret,
                                                    Tools tools) {
  return std::make_unique<ImapDestination>(account, std::move(secret), tools);
}

}  // namespace postferry::endpoints
