#include "canonical_hash.h"

#include <algorithm>
#include <cstring>

namespace postferry::mail {
namespace {

constexpr std::size_t longest_run = 4096;
constexpr std::size_t batch = 16384;
constexpr std::byte cr{'\r'};
constexpr std::byte lf{'\n'};

bool is_line_end(std::byte b) { return b == cr || b == lf; }

// The offset of the first LF of `bytes` that no CR precedes, from `at` on; bytes.size() if there is none.
std::size_t bare_lf(Bytes bytes, std::size_t at, bool after_cr) {
  while (at < bytes.size()) {
    const void* const found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
    if (at == 0 ? !after_cr : bytes[at - 1] != cr) return at;
    ++at;
  }
  return bytes.size();
}

}  // namespace

// Line ends at the edges of a piece may turn out to be those at the end of the message.
struct CanonicalHash::Parts {
  Bytes leading, middle, trailing;

  explicit Parts(Bytes raw) {
    const auto first = std::find_if_not(raw.begin(), raw.end(), is_line_end);
    leading = raw.first(static_cast<std::size_t>(first - raw.begin()));
    raw = raw.subspan(leading.size());
    const auto last = std::find_if_not(raw.rbegin(), raw.rend(), is_line_end).base();
    middle = raw.first(static_cast<std::size_t>(last - raw.begin()));
    trailing = raw.subspan(middle.size());
  }
};

// What comes before the middle; false if there is none.
bool CanonicalHash::begin(const Parts& parts) {
  if (!parts.leading.empty()) hold(parts.leading);
  if (parts.middle.empty()) return false;
  if (!run_.empty()) {
    emit(as_bytes(run_));
    run_.clear();
  }
  long_run_ = false;
  return true;
}

void CanonicalHash::update(Bytes raw) {
  const Parts parts(raw);
  if (!begin(parts)) return;
  emit(parts.middle);
  if (!parts.trailing.empty()) hold(parts.trailing);
}

void CanonicalHash::update_both(CanonicalHash& a, CanonicalHash& b, Bytes raw) {
  const Parts parts(raw);
  const bool more = a.begin(parts);
  b.begin(parts);
  if (!more) return;
  if (!a.diverged_ && !b.diverged_ && a.after_cr_ == b.after_cr_ &&
      bare_lf(parts.middle, 0, a.after_cr_) == parts.middle.size()) {
    a.after_cr_ = b.after_cr_ = false;  // a middle does not end in one
    codec::Sha256::update_both(a.exact_, parts.middle, b.exact_, parts.middle);
  } else {
    a.emit(parts.middle);
    b.emit(parts.middle);
  }
  if (parts.trailing.empty()) return;
  a.hold(parts.trailing);
  b.hold(parts.trailing);
}

void CanonicalHash::hold(Bytes run) {
  if (!long_run_ && run_.size() + run.size() <= longest_run) {
    run_ += as_text(run);
    return;
  }
  if (!long_run_) {
    before_run_ = live();
    long_run_ = true;
    emit(as_bytes(run_));
    run_.clear();
  }
  emit(run);
}

void CanonicalHash::emit(Bytes bytes) {
  if (bytes.empty()) return;
  const bool after_cr = after_cr_;
  after_cr_ = bytes.back() == cr;
  std::size_t common = 0;  // how much of it belongs to both texts
  if (!diverged_) {
    common = bare_lf(bytes, 0, after_cr);
    exact_.update(bytes.first(common));
    if (common == bytes.size()) return;
    canonical_ = exact_;
    diverged_ = true;
  }
  const Bytes rest = bytes.subspan(common);
  if (keep_exact_) exact_.update(rest);
  if (common == 0 && after_cr && rest.front() == lf) {
    put(rest.first(1));  // the CR before it is hashed already
    convert(rest.subspan(1));
  } else {
    convert(rest);
  }
  canonical_.update(converted_);
  converted_.clear();
}

// Here every LF without a CR within `bytes` is a bare one.
void CanonicalHash::convert(Bytes bytes) {
  constexpr std::byte crlf[] = {cr, lf};
  while (!bytes.empty()) {
    const std::size_t at = bare_lf(bytes, 0, false);
    put(bytes.first(at));
    if (at == bytes.size()) return;
    put(crlf);
    bytes = bytes.subspan(at + 1);
  }
}

void CanonicalHash::put(Bytes bytes) {
  if (converted_.size() + bytes.size() > batch) {
    canonical_.update(converted_);
    converted_.clear();
  }
  if (bytes.size() > batch) {
    canonical_.update(bytes);
  } else {
    converted_.insert(converted_.end(), bytes.begin(), bytes.end());
  }
}

CanonicalHash::Result CanonicalHash::finish() {
  const Bytes end = as_bytes("\r\n");
  Result out{};
  if (!diverged_ && !long_run_ && run_ == as_text(end)) {
    exact_.update(end);
    out.exact = out.canonical = exact_.finish();
  } else {
    canonical_ = long_run_ ? before_run_ : live();
    canonical_.update(end);
    out.canonical = canonical_.finish();
    if (keep_exact_) exact_.update(as_bytes(run_));
    out.exact = exact_.finish();
  }
  run_.clear();
  diverged_ = after_cr_ = long_run_ = false;
  return out;
}

}  // namespace postferry::mail
