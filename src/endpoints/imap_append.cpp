#include "imap_append.h"

#include <utility>

namespace postferry::endpoints {
namespace {

// An empty literal is how a client takes a MULTIAPPEND back (RFC 3502), and no server stores one: an empty
// message goes as an empty line, which is the same by CanonicalId.
imap::Append append_of(const mail::Outgoing& outgoing) {
  return {outgoing.message.body.get(), &outgoing.flags, outgoing.date, outgoing.message.body->size() == 0};
}

// The answer to one message that is sent alone.
class OneAnswer final : public imap::Appends {
 public:
  void appended(std::size_t, const imap::Appended& at) override { where = at; }
  void refused(std::size_t, const Error&, imap::Fault) override {}
  std::optional<imap::Appended> where;
};

}  // namespace

void ImapAppend::run(std::span<std::optional<mail::Outgoing>> batch, mail::Answers& answers) {
  batch_ = batch;
  answers_ = &answers;
  std::vector<imap::Append> appends;
  for (auto& one : batch_) {
    drop_refused_keywords(*one);
    appends.push_back(append_of(*one));
  }
  session_.append(wire_name_, appends, *this, mark_);
  for (const auto& one : again_) once_more(one);
}

void ImapAppend::seen(const imap::Fetched& items) {
  answers_->seen({items.uid, items.size.value_or(0), items.flags});
}

// Collected before it was known that they are refused here.
void ImapAppend::drop_refused_keywords(mail::Outgoing& outgoing) {
  const auto dropped = refused_keywords_.take_from(outgoing.flags.keywords);
  if (!dropped.empty()) answers_->keywords_refused(outgoing, dropped);
}

void ImapAppend::appended(std::size_t index, const imap::Appended& where) {
  answers_->appended(take(index), number(where));
}

void ImapAppend::refused(std::size_t index, const Error& why, imap::Fault fault) {
  const bool hopeless = why.cause == Cause::quota || fault == imap::Fault::size;
  const bool may_help = fault == imap::Fault::line_end || !batch_[index]->flags.keywords.empty();
  if (!hopeless && may_help) {
    again_.push_back({index, why, fault});
  } else {
    answers_->refused(take(index), why);
  }
}

void ImapAppend::once_more(const Again& again) {
  auto& outgoing = *batch_[again.index];
  OneAnswer answer;
  auto append = append_of(outgoing);
  if (again.fault == imap::Fault::line_end) {
    append.line_end = true;  // quirk 67; the same message by CanonicalId
    session_.append(wire_name_, std::span(&append, 1), answer);
    if (answer.where) return answers_->appended(take(again.index), number(*answer.where));
  }
  if (!outgoing.flags.keywords.empty()) {
    auto keywords = std::exchange(outgoing.flags.keywords, {});
    session_.append(wire_name_, std::span(&append, 1), answer);
    if (answer.where) return without_keywords(again.index, std::move(keywords), again.fault, *answer.where);
  }
  answers_->refused(take(again.index), again.why);
}

// Quirk 69. It is one of the keywords, as a rule: the others are set now.
void ImapAppend::without_keywords(std::size_t index, std::set<std::string> keywords, imap::Fault fault,
                                  const imap::Appended& where) {
  const auto uid = number(where);
  if (uid) std::erase_if(keywords, [&](const std::string& keyword) { return store(*uid, keyword); });
  // Only what the server itself has found fault with is not offered again.
  if (fault == imap::Fault::flags) refused_keywords_.add(keywords);
  if (!keywords.empty()) answers_->keywords_refused(*batch_[index], keywords);
  answers_->appended(take(index), uid);
}

bool ImapAppend::store(imap::Uid uid, const std::string& keyword) {
  mail::Flags flags;
  flags.keywords.insert(keyword);
  try {
    session_.store_flags(uid, flags, {});
    return true;
  } catch (const Error& error) {
    if (error.blast != Blast::message) throw;
    return false;
  }
}

// A UIDVALIDITY that is not that of the folder which was opened names a message in another one.
std::optional<std::uint32_t> ImapAppend::number(const imap::Appended& where) const {
  if (where.uid == 0 || where.uidvalidity != uidvalidity_) return std::nullopt;
  return where.uid;
}

mail::Outgoing ImapAppend::take(std::size_t index) {
  auto out = std::move(*batch_[index]);
  batch_[index].reset();
  return out;
}

}  // namespace postferry::endpoints
