#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include <postferry/mail/event.h>

#include "console.h"

namespace postferry::cli {

// What the bottom line of the terminal says. Plain data, so that its wording can be tested.
struct ProgressState {
  std::uint64_t folders = 0, folders_done = 0;
  std::uint64_t messages = 0, messages_done = 0;
  std::uint64_t bytes = 0, bytes_done = 0;
  double rate = 0;      // bytes a second of late; 0: not known
  std::string folder;   // begun last
  std::string waiting;  // what for; empty: it is not
  double waiting_left = 0;
};

// At most `width` columns; the least important goes first.
std::string progress_line(const ProgressState& state, std::size_t width);

// Renders the engine's events of one account: the bottom line on a terminal, else a line at the start and end
// of each folder; with --json one object an event. Any thread.
class ProgressView final : public mail::EventSink {
 public:
  ProgressView(Console& console, std::string account);
  void on(const mail::Event& event) override;
  void draw();   // the bottom line anew; called from time to time
  void close();  // away with it

 private:
  void tell(const mail::event::RunStarted& event);
  void tell(const mail::event::FolderStarted& event);
  void tell(const mail::event::Carried& event);
  void tell(const mail::event::GivenUp& event);
  void tell(const mail::event::Note& event);
  void tell(const mail::event::Merged& event);
  void tell(const mail::event::Released& event);
  void tell(const mail::event::Waiting& event);
  void tell(const mail::event::FolderDone& event);
  void tell(const mail::event::RunDone& event);
  codec::Json begun(const char* event) const;
  void measure(std::chrono::steady_clock::time_point now);

  Console& console_;
  const std::string account_;
  std::mutex mutex_;  // over all below
  ProgressState state_;
  bool closed_ = false;
  std::chrono::steady_clock::time_point waiting_until_, next_json_;
  std::deque<std::pair<std::chrono::steady_clock::time_point, std::uint64_t>> samples_;
};

// One failed message in one line: "INBOX uid 7: 2024-03-01, Ann <a@b>, "Hello": reason".
std::string failure_line(const mail::Failure& failure);
void add_failure(codec::Json& to, const mail::Failure& failure);
void add_balance(codec::Json& to, const mail::Balance& balance);

}  // namespace postferry::cli
