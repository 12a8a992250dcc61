#include "header_scanner.h"

#include <algorithm>
#include <cstring>

namespace postferry::mail {
namespace {

constexpr std::size_t longest_line = 8192;    // looked at as a whole; part of the definition
constexpr std::size_t longest_field = 16384;  // likewise

std::string_view without_trailing_cr(std::string_view text) {
  const auto last = text.find_last_not_of('\r');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace

void Fields::clear() {
  for (auto& text : body) text.clear();
  present.fill(false);
}

std::size_t HeaderScanner::take(Bytes chunk) {
  const std::string_view text = as_text(chunk);
  std::size_t at = 0;
  while (in_header_ && at < text.size()) {
    const auto lf = text.find('\n', at);
    const bool ended = lf != std::string_view::npos;
    const auto piece = text.substr(at, ended ? lf + 1 - at : std::string_view::npos);
    at += piece.size();
    if (!ended || !partial_.empty() || in_long_line_ || piece.size() > longest_line) {
      long_line(piece, ended);
    } else {
      line(piece, true, true);
    }
  }
  flush();
  return at;
}

// A line that comes in pieces, or is too long to look at as a whole: its first longest_line bytes are dealt
// with together wherever the chunks were cut, so that the result does not depend on that.
void HeaderScanner::long_line(std::string_view text, bool ended) {
  flush();
  while (!in_long_line_ && partial_.size() + text.size() > longest_line) {
    const std::size_t more = longest_line - partial_.size();
    partial_ += text.substr(0, more);
    text.remove_prefix(more);
    in_long_line_ = true;
    line(partial_, true, false);
    flush();
    partial_.clear();
  }
  if (!in_long_line_) {
    partial_ += text;
    if (!ended) return;
    line(partial_, true, true);
    flush();
    partial_.clear();
    return;
  }
  line(text, false, ended);
  flush();
  if (ended) in_long_line_ = false;
}

void HeaderScanner::line(std::string_view piece, bool begins, bool ends) {
  const auto content = piece.ends_with('\n') ? piece.substr(0, piece.size() - 1) : piece;
  const auto kept = without_trailing_cr(content);
  if (begins) {
    if (ends && kept.empty()) {
      in_header_ = false;
      if (merge_ != nullptr) to_merge_.add(piece, *merge_);
      return;
    }
    classify(kept);
    first_line_ = false;
  }
  if (merge_ != nullptr && !trace_) to_merge_.add(piece, *merge_);
  if (!kept.empty()) put_back_crs();
  capture(kept, begins);
  hash(piece, kept, ends);
  crs_ = ends ? 0 : crs_ + content.size() - kept.size();
}

void HeaderScanner::classify(std::string_view content) {
  const bool continues = content.starts_with(' ') || content.starts_with('\t');
  if (continues && in_field_) return;
  in_field_ = trace_ = false;
  capturing_ = nullptr;
  if (continues) return;
  if (first_line_ && is_mbox_line(content)) {
    trace_ = saw_trace_ = true;
    return;
  }
  const auto name = field_name(content);
  if (name.empty()) return;
  in_field_ = true;
  trace_ = is_trace_field(name);
  saw_trace_ = saw_trace_ || trace_;
  if (const auto wanted = wanted_field(name)) {
    const auto i = static_cast<std::size_t>(*wanted);
    if (!fields_.present[i]) capturing_ = &fields_.body[i];
    fields_.present[i] = true;
  }
}

// Those CRs were no line end: the line goes on.
void HeaderScanner::put_back_crs() {
  while (crs_ > 0) {
    const std::string crs(std::min<std::size_t>(crs_, 1024), '\r');
    capture(crs, false);
    to_header_.flush(header_);
    header_.update(as_bytes(crs));
    crs_ -= crs.size();
  }
}

void HeaderScanner::capture(std::string_view kept, bool begins) {
  if (capturing_ == nullptr) return;
  const bool names_it = begins && !kept.starts_with(' ') && !kept.starts_with('\t');
  if (names_it) kept.remove_prefix(kept.find(':') + 1);
  capturing_->append(kept.substr(0, longest_field - std::min(longest_field, capturing_->size())));
}

// Every line ends in one CRLF here, whatever ended it at its source.
void HeaderScanner::hash(std::string_view piece, std::string_view kept, bool ends) {
  if (ends && crs_ == 0 && piece.size() == kept.size() + 2 && piece.ends_with("\r\n")) {
    to_header_.add(piece, header_);  // the usual one: nothing to change
    return;
  }
  if (!kept.empty()) to_header_.add(kept, header_);
  if (!ends) return;
  to_header_.flush(header_);
  header_.update(as_bytes("\r\n"));
}

void HeaderScanner::flush() {
  to_header_.flush(header_);
  if (merge_ != nullptr) to_merge_.flush(*merge_);
}

codec::Digest HeaderScanner::finish() {
  if (in_header_ && (!partial_.empty() || in_long_line_)) line(partial_, !in_long_line_, true);
  flush();
  header_.update(as_bytes("\r\n"));
  return header_.finish();
}

void HeaderScanner::reset() {
  fields_.clear();
  partial_.clear();
  capturing_ = nullptr;
  crs_ = 0;
  in_header_ = first_line_ = true;
  in_long_line_ = saw_trace_ = in_field_ = trace_ = false;
}

}  // namespace postferry::mail
