#include "progress.h"

#include <utility>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "when.h"

namespace postferry::cli {
namespace {

using std::chrono::steady_clock;
constexpr std::chrono::seconds rate_window{10};
constexpr std::chrono::seconds json_interval{1};

std::string in_words(const mail::Balance& b) {
  auto out =
      fmt::format("{} listed: {} stored, {} held", grouped(b.listed), grouped(b.stored), grouped(b.held));
  if (b.skipped) out += fmt::format(", {} skipped", grouped(b.skipped));
  if (b.failed) out += fmt::format(", {} failed", grouped(b.failed));
  return out;
}

std::string name_of(const mail::MessageRef& ref) {
  if (!ref.uidl.empty()) return "UIDL " + printable(ref.uidl, 80);
  return fmt::format("{} {}", mail::is_nameless(ref) ? "message" : "uid", ref.number);
}

}  // namespace

std::string failure_line(const mail::Failure& failure) {
  std::string who;
  if (!failure.headline.date.empty()) who += printable(failure.headline.date, 60) + ", ";
  if (!failure.headline.from.empty()) who += printable(failure.headline.from, 100) + ", ";
  if (!failure.headline.subject.empty())
    who += fmt::format("\"{}\", ", printable(failure.headline.subject, 160));
  const auto place = fmt::format("{} {}: ", printable(failure.folder, 200), name_of(failure.ref));
  auto reason = printable(failure.reason, 500);
  if (reason.starts_with(place)) reason.erase(0, place.size());  // many a reason names its message by itself
  if (who.ends_with(", ")) who.replace(who.size() - 2, 2, ": ");
  return place + who + reason;
}

void add_failure(codec::Json& to, const mail::Failure& failure) {
  to.add("folder", failure.folder);
  if (failure.ref.uidl.empty()) {
    to.add("uid", failure.ref.number);
  } else {
    to.add("uidl", failure.ref.uidl);
  }
  to.add("date", failure.headline.date)
      .add("from", failure.headline.from)
      .add("subject", failure.headline.subject);
  to.add("reason", failure.reason);
}

void add_balance(codec::Json& to, const mail::Balance& b) {
  to.add("listed", b.listed)
      .add("stored", b.stored)
      .add("held", b.held)
      .add("skipped", b.skipped)
      .add("failed", b.failed);
}

ProgressView::ProgressView(Console& console, std::string account)
    : console_(console), account_(std::move(account)) {}

void ProgressView::on(const mail::Event& event) {
  std::unique_lock lock(mutex_);
  std::visit([this](const auto& one) { tell(one); }, event);
}

codec::Json ProgressView::begun(const char* event) const {
  auto out = codec::Json::object();
  out.add("event", event).add("account", account_);
  return out;
}

void ProgressView::tell(const mail::event::RunStarted& event) {
  state_.folders = event.folders, state_.messages = event.messages, state_.bytes = event.bytes;
  console_.json(begun("run_started")
                    .add("folders", event.folders)
                    .add("messages", event.messages)
                    .add("bytes", event.bytes));
}

void ProgressView::tell(const mail::event::FolderStarted& event) {
  state_.folder = printable(event.folder, 80);
  state_.waiting.clear();
  console_.json(begun("folder_started")
                    .add("folder", event.folder)
                    .add("messages", event.messages)
                    .add("bytes", event.bytes));
  const auto line =
      fmt::format("{}: {}{}", printable(event.folder, 200), counted(event.messages, "message", "messages"),
                  event.bytes ? ", " + human_bytes(event.bytes) : "");
  if (console_.shows_progress()) {
    console_.note_in_log("info", line);
  } else {
    console_.said(line);
  }
}

void ProgressView::tell(const mail::event::Carried& event) {
  state_.messages_done += event.messages;
  state_.bytes_done += event.bytes;
  state_.waiting.clear();
  const auto now = steady_clock::now();
  measure(now);
  if (!console_.is_json() || now < next_json_) return;
  next_json_ = now + json_interval;
  console_.json(begun("progress").add("messages", state_.messages_done).add("bytes", state_.bytes_done));
}

void ProgressView::tell(const mail::event::GivenUp& event) {
  auto object = begun("failed");
  add_failure(object, event.failure);
  console_.json(object);
  console_.note_in_log("warn", failure_line(event.failure));
}

void ProgressView::tell(const mail::event::Note& event) {
  console_.json(begun("note").add("folder", event.folder).add("text", event.text));
  console_.said(fmt::format("{}{}{}", printable(event.folder, 200), event.folder.empty() ? "" : ": ",
                            printable(event.text, 500)));
}

void ProgressView::tell(const mail::event::Merged& event) {
  const auto& line = event.headline;
  console_.json(begun("merged")
                    .add("folder", event.folder)
                    .add("with", event.with)
                    .add("date", line.date)
                    .add("from", line.from)
                    .add("subject", line.subject));
  const auto copy = event.with.empty() ? "a copy that lay there" : "the copy of " + event.with;
  console_.note_in_log("info", fmt::format("{}: merged with {}: {}, {}, \"{}\"", event.folder, copy, line.date, line.from, line.subject));
}

void ProgressView::tell(const mail::event::Released& event) {
  console_.json(begun("released").add("folder", event.folder).add("messages", event.messages));
  console_.note_in_log("info", fmt::format("{}: {} messages deleted at the source", event.folder, event.messages));
}

void ProgressView::tell(const mail::event::Waiting& event) {
  state_.waiting = event.reason;
  waiting_until_ = steady_clock::now() + event.for_;
  console_.json(begun("waiting")
                    .add("reason", event.reason)
                    .add("seconds", static_cast<std::int64_t>(event.for_.count())));
  const auto line = fmt::format("waiting {}: {}", duration(static_cast<double>(event.for_.count())),
                                printable(event.reason, 500));
  if (console_.shows_progress()) {
    console_.note_in_log("info", line);
  } else {
    console_.said(line);
  }
}

void ProgressView::tell(const mail::event::FolderDone& event) {
  ++state_.folders_done;
  if (event.unchanged) state_.messages_done += event.balance.held;
  auto object = begun("folder_done").add("folder", event.folder);
  add_balance(object, event.balance);
  object.add("unchanged", event.unchanged);
  if (!event.problem.empty()) object.add("problem", event.problem);
  console_.json(object);
  const auto name = printable(event.folder, 200);
  const auto line = event.unchanged ? fmt::format("{}: unchanged, {} held", name, grouped(event.balance.held))
                                    : fmt::format("{}: {}", name, in_words(event.balance));
  if (!event.problem.empty()) {
    console_.warn(fmt::format("{}: {}", name, printable(event.problem, 500)));
  } else if (console_.shows_progress()) {
    console_.note_in_log("info", line);
  } else {
    console_.said(line);
  }
}

// The balance and the summary come from the report, when the snapshot is known.
void ProgressView::tell(const mail::event::RunDone&) {}

void ProgressView::measure(steady_clock::time_point now) {
  samples_.emplace_back(now, state_.bytes_done);
  while (samples_.size() > 2 && now - samples_.front().first > rate_window) samples_.pop_front();
  const auto seconds = std::chrono::duration<double>(now - samples_.front().first).count();
  if (seconds > 0.5) state_.rate = static_cast<double>(state_.bytes_done - samples_.front().second) / seconds;
}

void ProgressView::draw() {
  if (!console_.shows_progress()) return;
  std::unique_lock lock(mutex_);
  if (closed_) return;
  const auto now = steady_clock::now();
  if (!state_.waiting.empty()) {
    state_.waiting_left = std::chrono::duration<double>(waiting_until_ - now).count();
    if (state_.waiting_left <= 0) state_.waiting.clear();
  }
  const auto width = console_.width();
  console_.status(progress_line(state_, width > 1 ? width - 1 : width));
}

void ProgressView::close() {
  std::unique_lock lock(mutex_);
  closed_ = true;
  console_.status("");
}

}  // namespace postferry::cli
