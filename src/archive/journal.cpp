#include "journal.h"

#include <charconv>
#include <vector>

#include <fmt/format.h>
#include <postferry/base/bytes.h>
#include <postferry/base/text.h>
#include <postferry/codec/base64.h>
#include <postferry/codec/json.h>

namespace postferry::archive {
namespace {

constexpr std::size_t buffer_bytes = 64U << 10U, chunk_bytes = 256U << 10U;
constexpr std::chrono::seconds longest_unsynced{10};
constexpr std::string_view in_prefix = "{\"in\":";

// Lines of a file that may end anywhere.
template <class Line>
void each_line(const Files& files, const std::filesystem::path& path, const Line& line) {
  if (!files.exists(path)) return;
  const auto size = files.size(path);
  std::string text;
  for (std::uint64_t at = 0; at < size;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_bytes, size - at));
    const auto before = text.size();
    text.resize(before + count);
    files.read_range(path, at, std::as_writable_bytes(std::span(text.data() + before, count)));
    at += count;
    std::string_view rest = text;
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      if (!line(rest.substr(0, end))) return;
      rest.remove_prefix(end + 1);
    }
    text.erase(0, text.size() - rest.size());
  }
}

std::string folder_line(std::size_t number, const std::string& wire_name, const std::string& epoch) {
  auto json = codec::Json::object();
  json.add("folder", static_cast<std::uint64_t>(number)).add("wire", codec::base64(as_bytes(wire_name))).add("epoch", epoch);
  return json.dump() + '\n';
}

struct JournalFolder {
  std::string wire_name, epoch;
};

std::optional<std::pair<std::uint64_t, JournalFolder>> read_folder_line(std::string_view line) {
  const auto json = codec::parse_json(line);
  const auto* number = json && json->is_object() ? json->find("folder") : nullptr;
  const auto wire = number != nullptr ? codec::unbase64(json->text("wire")) : std::nullopt;
  if (!wire || !number->natural()) return std::nullopt;
  return std::pair(*number->natural(), JournalFolder{*wire, json->text("epoch")});
}

// `{"in":3,"uid":...` is an entry of folder 3.
std::optional<std::pair<std::uint64_t, Entry>> read_in_line(std::string_view line) {
  line.remove_prefix(in_prefix.size());
  std::uint64_t number = 0;
  const auto [end, bad] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (bad != std::errc{} || end == line.data() + line.size() || *end != ',') return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
  auto entry = read_entry_line("{" + std::string(line));
  if (!entry) return std::nullopt;
  return std::pair(number, std::move(*entry));
}

}  // namespace

Journal::Journal(Files& files, Clock& clock, const std::filesystem::path& work_folder, const mail::AccountId& account,
                 std::uint64_t pid_started)
    : clock_(clock), file_(files.create(work_folder, file_name)), synced_(clock.steady()) {
  auto head = codec::Json::object();
  head.add("journal", 1).add("account", account).add("pid_started", pid_started);
  buffer_ = head.dump() + '\n';
  flush_locked();  // so that a folder says whose it is from the beginning
}

void Journal::add(const std::string& wire_name, const std::string& epoch, const Entry& entry, Numbering numbering) {
  const std::lock_guard lock(mutex_);
  const auto [folder, is_new] = folders_.try_emplace({wire_name, epoch}, folders_.size());
  if (is_new) buffer_ += folder_line(folder->second, wire_name, epoch);
  fmt::format_to(std::back_inserter(buffer_), "{}{},", in_prefix, folder->second);
  const auto brace = buffer_.size();
  append_entry_line(buffer_, entry, numbering);
  buffer_.erase(brace, 1);
  is_dirty_ = true;
  if (buffer_.size() >= buffer_bytes) flush_locked();
}

void Journal::flush_locked() {
  if (buffer_.empty()) return;
  file_->append(as_bytes(buffer_));
  buffer_.clear();
}

void Journal::sync_locked() {
  flush_locked();
  if (is_dirty_) file_->sync();
  is_dirty_ = false;
  synced_ = clock_.steady();
}

void Journal::flush() {
  const std::lock_guard lock(mutex_);
  flush_locked();
}

void Journal::sync() {
  const std::lock_guard lock(mutex_);
  sync_locked();
}

void Journal::sync_if_due() {
  const std::lock_guard lock(mutex_);
  if (is_dirty_ && clock_.steady() - synced_ >= longest_unsynced) sync_locked();
}

std::optional<JournalHead> read_journal_head(const Files& files, const std::filesystem::path& work_folder) {
  std::optional<JournalHead> out;
  each_line(files, work_folder / Journal::file_name, [&](std::string_view line) {
    const auto json = codec::parse_json(line);
    if (json && json->is_object() && json->find("journal") != nullptr) {
      out = JournalHead{json->text("account"), json->natural("pid_started")};
    }
    return false;
  });
  return out;
}

void read_journal(const Files& files, const std::filesystem::path& work_folder, const JournalFound& found) {
  std::map<std::uint64_t, JournalFolder> folders;
  each_line(files, work_folder / Journal::file_name, [&](std::string_view line) {
    if (line.starts_with(in_prefix)) {
      auto in = read_in_line(line);
      const auto folder = in ? folders.find(in->first) : folders.end();
      if (folder != folders.end()) found(folder->second.wire_name, folder->second.epoch, std::move(in->second));
    } else if (auto folder = read_folder_line(line)) {
      folders.insert_or_assign(folder->first, std::move(folder->second));
    }
    return true;
  });
}

}  // namespace postferry::archive
