#include <postferry/mail/mbox_flags.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <postferry/base/text.h>

#include "body_beginning.h"
#include "fields.h"

namespace postferry::mail {
namespace {

constexpr std::array<std::string_view, 9> bookkeeping = {
    "content-length", "lines", "status", "x-imap", "x-imapbase", "x-keywords", "x-status", "x-uid", "x-uidl"};

bool is_bookkeeping(std::string_view name) {
  return std::any_of(bookkeeping.begin(), bookkeeping.end(),
                     [&](auto known) { return equal_ignoring_case(name, known); });
}

// The letters of a field's value. UW writes a blank for a letter that is not set.
struct Letters {
  unsigned times = 0;
  std::string_view value;

  void take(std::string_view text) { ++times, value = text; }
  bool are_of(std::string_view known) const {
    return value.find_first_not_of(known) == std::string_view::npos;
  }
  bool have(char letter) const { return value.find(letter) != std::string_view::npos; }
};

// Fields of the bookkeeping with none of another kind between them.
class Run {
 public:
  void take(std::string_view line) {
    const bool goes_on = line.front() == ' ' || line.front() == '\t';
    if (goes_on) {
      // X-Keywords may be long; nobody folds a Status
      if (status_ended_) is_broken_ = true;
      return;
    }
    const auto name = field_name(line);
    if (!is_bookkeeping(name)) {
      *this = {};
      return;
    }
    const auto value = line.substr(line.find(':') + 1);
    const bool status = equal_ignoring_case(name, "status"), more = equal_ignoring_case(name, "x-status");
    if (status) status_.take(value);
    if (more) more_.take(value);
    status_ended_ = status || more;
  }

  Flags flags() const {
    Flags out;
    const bool is_sound = !is_broken_ && status_.times == 1 && more_.times <= 1;
    if (!is_sound || !status_.are_of(" ROUN") || !more_.are_of(" AFDT")) return out;
    out.seen = status_.have('R');
    out.answered = more_.have('A');
    out.flagged = more_.have('F');
    out.draft = more_.have('T');
    return out;
  }

 private:
  Letters status_, more_;
  bool status_ended_ = false;  // the line before was one of the two
  bool is_broken_ = false;
};

}  // namespace

Flags mbox_flags(const Body& body) {
  const BodyBeginning beginning(body);
  const auto text = beginning.text();
  Run run;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    auto line = text.substr(at, end - at);
    at = end + 1;
    while (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return run.flags();
    run.take(line);
  }
  return text.size() == body.size() ? run.flags() : Flags{};
}

}  // namespace postferry::mail
