#include "imap_destination_folder.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/mail/body_pieces.h>
#include <postferry/mail/digester.h>

#include "connection.h"
#include "imap_append.h"
#include "imap_headers.h"
#include "imap_listing.h"
#include "imap_pages.h"
#include "mbsync_mark.h"

namespace postferry::endpoints {
namespace {

// Surveyed together: enough to hide the round trips, few enough to hold.
constexpr std::size_t pages_at_once = 4;

// Digests the body of one message as it comes.
class DigestOne final : public imap::Bodies {
 public:
  explicit DigestOne(imap::Uid uid) : uid_(uid) {}
  void begin(const imap::Fetched&, std::uint64_t) override {
    digester_.emplace();
    unmarked_.emplace();
  }
  void bytes(Bytes part) override {
    digester_->update(part);
    unmarked_->update(part);
  }
  void end(const imap::Fetched& items) override {
    if (items.uid == uid_ && digester_) {
      const auto digests = digester_->finish();
      content = digests.canonical;
      merge = digests.merge;
      if (const auto unmarked = unmarked_->finish()) original = unmarked->canonical;
    }
    digester_.reset();
  }

  std::optional<mail::CanonicalId> content, original;
  std::optional<mail::MergeId> merge;

 private:
  const imap::Uid uid_;
  std::optional<mail::Digester> digester_;
  std::optional<OriginalDigest> unmarked_;
};

class ImapDestinationFolder final : public mail::DestinationFolder {
 public:
  ImapDestinationFolder(ImapPool& pool, RefusedKeywords& refused, std::string wire_name, std::string where,
                        mail::Opening how, std::stop_token stop)
      : pool_(pool),
        refused_keywords_(refused),
        wire_name_(std::move(wire_name)),
        where_(std::move(where)),
        how_(how),
        stop_(std::move(stop)) {}
  ~ImapDestinationFolder() override {
    if (is_selected_) line_.keep_selected(wire_name_, selected_);
    line_.give_back();
  }

  mail::FolderState begin() override;
  bool takes_keyword(const std::string& keyword) const override;
  bool read_only() const override { return selected_.read_only; }
  void survey(std::uint32_t from, const std::function<void(const mail::Found&)>& found) override;
  void headers(std::span<const std::uint32_t> numbers,
               const std::function<void(std::uint32_t, const mail::HeaderId&,
                                        const std::optional<mail::MatchKey>&)>& found) override;
  std::optional<mail::CanonicalId> canonical_of(std::uint32_t number) override;
  std::optional<mail::CanonicalId> original_of(std::uint32_t number) override;
  std::optional<mail::MergeId> merge_of(std::uint32_t number) override;
  std::optional<mail::Digests> unmarked(const mail::Body& body) override;
  void append(std::vector<mail::Outgoing> batch, std::uint32_t mark, mail::Answers& answers) override;
  void drain(mail::Answers&) override {}  // append() waits for its answers
  void glance(std::uint32_t mark, mail::Answers& answers) override;
  std::vector<mail::Outgoing> take_back() override;
  void change_flags(std::uint32_t number, const mail::Flags& add, const mail::Flags& remove) override;

 private:
  template <class Act>
  void guarded(Act act);
  void open();
  void survey_all(const std::function<void(const mail::Found&)>& found);
  std::string epoch() const { return std::to_string(selected_.uidvalidity); }

  ImapPool& pool_;
  RefusedKeywords& refused_keywords_;
  const std::string wire_name_, where_;
  const mail::Opening how_;
  const std::stop_token stop_;
  ImapPool::Lent line_;
  imap::Selected selected_;
  imap::Uid next_ = 0;  // UIDNEXT at least
  bool is_selected_ = false, surveyed_ = false;
  imap::Uid last_read_ = 0;                           // by canonical_of()
  std::optional<mail::CanonicalId> last_original_;    // of that one
  std::optional<mail::MergeId> last_merge_;           // likewise
  std::vector<std::optional<mail::Outgoing>> batch_;  // not answered yet
};

// What goes wrong wider than the folder costs the session.
template <class Act>
void ImapDestinationFolder::guarded(Act act) {
  try {
    if (stop_.stop_requested()) throw Cancelled();
    act();
  } catch (const Error& error) {
    if (error.blast >= Blast::session) line_.hang_up();
    if (std::string_view(error.what()).starts_with(printable(pool_.account().host))) throw;
    throw at_host(where_, error);
  } catch (...) {
    line_.hang_up();
    throw;
  }
}

mail::FolderState ImapDestinationFolder::begin() {
  guarded([&] {
    if (line_) {
      line_->noop();
    } else {
      open();
    }
  });
  return {epoch(), next_, line_->exists(), selected_.highestmodseq};
}

// A session that lay idle may have died meanwhile: then a new one.
void ImapDestinationFolder::open() {
  is_selected_ = false;
  for (;;) {
    line_ = pool_.borrow(stop_, wire_name_);
    auto already = line_.take_selected(wire_name_);
    try {
      if (already && how_ == mail::Opening::to_append) {
        if (!already->is_fresh) line_->noop();
        selected_ = std::move(already->selected);
        selected_.uidnext = 0;  // of then: it says nothing of now
      } else {
        selected_ = line_->select(wire_name_);
      }
      break;
    } catch (const Error& error) {
      if (!line_.warm() || error.cause != Cause::network || error.blast != Blast::session) throw;
      line_.hang_up();
    }
  }
  is_selected_ = true;
  next_ = selected_.uidnext;
  surveyed_ = false;
}

bool ImapDestinationFolder::takes_keyword(const std::string& keyword) const {
  if (!imap::is_keyword(keyword) || refused_keywords_.contains(keyword)) return false;
  if (!selected_.told_flags || selected_.new_keywords) return true;
  return std::any_of(selected_.permanent_flags.begin(), selected_.permanent_flags.end(),
                     [&](const std::string& one) { return equal_ignoring_case(one, keyword); });
}

void ImapDestinationFolder::survey(std::uint32_t from, const std::function<void(const mail::Found&)>& found) {
  guarded([&] {
    if (from <= 1) return survey_all(found);
    // Quirk 19: Yahoo forgets some at random. The first look of a session decides what becomes of the
    // messages that the last one left in doubt, and is done twice.
    const mail::Span rest{from, mail::Span{}.last};
    auto metas = list_flags(*line_, rest, epoch());
    if (!std::exchange(surveyed_, true)) {
      ImapPages counts(0, 0, {});
      const ImapPage page{rest, std::nullopt};
      metas = list_flags(*line_, counts, std::span(&page, 1), epoch());
    }
    for (const auto& meta : metas) {
      if (meta.ref.number >= from) found({meta.ref.number, meta.size.value_or(0), meta.flags});
    }
  });
}

void ImapDestinationFolder::survey_all(const std::function<void(const mail::Found&)>& found) {
  line_->take_expunged();  // exists() knows of them
  const auto exists = line_->exists();
  const auto borders =
      exists > ImapPage::messages ? line_->borders(exists, ImapPage::messages) : std::vector<imap::Uid>{};
  ImapPages counts(exists, 0, borders);
  auto pages = counts.cut({});
  while (!pages.empty()) {
    std::vector<ImapPage> some;
    while (!pages.empty() && some.size() < pages_at_once) {
      some.push_back(pages.front());
      pages.pop_front();
    }
    for (const auto& meta : list_flags(*line_, counts, some, epoch()))
      found({meta.ref.number, meta.size.value_or(0), meta.flags});
  }
  surveyed_ = true;
}

void ImapDestinationFolder::headers(std::span<const std::uint32_t> numbers,
                                    const std::function<void(std::uint32_t, const mail::HeaderId&,
                                                             const std::optional<mail::MatchKey>&)>& found) {
  if (numbers.empty()) return;
  guarded([&] {
    const auto tell = [&](imap::Uid uid, const mail::HeaderDigests& digests) {
      found(uid, digests.header, digests.match);
    };
    ImapHeaders headers(tell, tell);
    line_->fetch_headers(numbers, headers);
  });
}

std::optional<mail::CanonicalId> ImapDestinationFolder::canonical_of(std::uint32_t number) {
  DigestOne one(number);
  guarded([&] {
    const auto refused = line_->fetch_bodies(std::span<const imap::Uid>(&number, 1), {}, one);
    if (one.content || refused.empty() || refused.front().server_text.empty()) return;
    throw Error(Cause::rejected, Blast::message, Retry::never,
                fmt::format("uid {}: {}", number, refused.front().server_text));
  });
  last_read_ = number;
  last_original_ = one.original;
  last_merge_ = one.merge;
  return one.content;
}

std::optional<mail::CanonicalId> ImapDestinationFolder::original_of(std::uint32_t number) {
  if (last_read_ != number) canonical_of(number);
  return last_original_;
}

std::optional<mail::MergeId> ImapDestinationFolder::merge_of(std::uint32_t number) {
  if (last_read_ != number) canonical_of(number);
  return last_merge_;
}

std::optional<mail::Digests> ImapDestinationFolder::unmarked(const mail::Body& body) {
  OriginalDigest digest;
  mail::each_piece(body, [&](Bytes piece) {
    digest.update(piece);
    return digest.may_be_marked();
  });
  if (!digest.may_be_marked()) return std::nullopt;
  return digest.finish();
}

void ImapDestinationFolder::append(std::vector<mail::Outgoing> batch, std::uint32_t mark,
                                   mail::Answers& answers) {
  batch_.clear();
  for (auto& one : batch) batch_.emplace_back(std::move(one));
  guarded([&] {
    ImapAppend(*line_, wire_name_, selected_.uidvalidity, mark, refused_keywords_).run(batch_, answers);
    batch_.clear();
  });
}

void ImapDestinationFolder::glance(std::uint32_t mark, mail::Answers& answers) {
  guarded([&] {
    line_->glance(mark, [&](const imap::Fetched& one) {
      if (one.size && one.has_flags) answers.seen({one.uid, *one.size, one.flags});
    });
  });
}

std::vector<mail::Outgoing> ImapDestinationFolder::take_back() {
  std::vector<mail::Outgoing> out;
  for (auto& one : batch_) {
    if (one) out.push_back(std::move(*one));
  }
  batch_.clear();
  return out;
}

void ImapDestinationFolder::change_flags(std::uint32_t number, const mail::Flags& add,
                                         const mail::Flags& remove) {
  guarded([&] { line_->store_flags(number, add, remove); });
}

}  // namespace

std::unique_ptr<mail::DestinationFolder> imap_destination_folder(ImapPool& pool, RefusedKeywords& refused,
                                                                 std::string wire_name, std::string where,
                                                                 mail::Opening how, std::stop_token stop) {
  return std::make_unique<ImapDestinationFolder>(pool, refused, std::move(wire_name), std::move(where), how,
                                                 std::move(stop));
}

}  // namespace postferry::endpoints
