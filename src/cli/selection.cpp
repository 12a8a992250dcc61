#include "selection.h"

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

#include "when.h"

namespace postferry::cli {

Selection::Selection(const Options& options)
    : since_text_(options.since), before_text_(options.before), max_size_text_(options.max_size) {
  for (const auto& text : options.folder) folder_.push_back({FolderPattern(text)});
  for (const auto& text : options.exclude) exclude_.push_back({FolderPattern(text)});
  if (!since_text_.empty()) since_ = need_date("--since", since_text_).begin;
  if (!before_text_.empty()) before_ = need_date("--before", before_text_).begin;
  if (since_ && before_ && *since_ >= *before_) {
    throw Error(Cause::config, Blast::run, Retry::never,
                fmt::format("--since {} --before {}: no day lies between them", printable(since_text_),
                            printable(before_text_)));
  }
  if (max_size_text_.empty()) return;
  max_size_ = read_size(max_size_text_);
  if (!max_size_) {
    throw Error(Cause::config, Blast::run, Retry::never,
                fmt::format("--max-size: \"{}\" is no size (25M, 500K, 1G)", printable(max_size_text_, 60)));
  }
}

bool Selection::takes_folder(const mail::FolderPath& path, mail::Role role) {
  bool takes = folder_.empty();
  for (auto& one : folder_) {
    if (one.pattern.matches(path, role)) takes = one.found = true;
  }
  for (auto& one : exclude_) {
    if (one.pattern.matches(path, role)) takes = false, one.found = true;
  }
  return takes;
}

std::optional<std::string> Selection::leaves_out(const std::optional<mail::Received>& received,
                                                 std::optional<std::uint64_t> size) const {
  if (received && since_ && received->at < *since_) return "--since " + since_text_;
  if (received && before_ && received->at >= *before_) return "--before " + before_text_;
  if (size && max_size_ && *size > *max_size_) return "--max-size " + max_size_text_;
  return std::nullopt;
}

std::vector<std::string> Selection::in_words() const {
  std::vector<std::string> out;
  for (const auto& one : folder_) out.push_back("--folder " + one.pattern.text());
  for (const auto& one : exclude_) out.push_back("--exclude " + one.pattern.text());
  if (since_) out.push_back("--since " + since_text_);
  if (before_) out.push_back("--before " + before_text_);
  if (max_size_) out.push_back("--max-size " + max_size_text_);
  return out;
}

std::vector<std::string> Selection::idle(const std::vector<Used>& patterns) {
  std::vector<std::string> out;
  for (const auto& one : patterns) {
    if (!one.found) out.push_back(one.pattern.text());
  }
  return out;
}

}  // namespace postferry::cli
