#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include <postferry/mail/message.h>
#include <postferry/mail/sink.h>

namespace postferry::mail {

namespace event {
struct RunStarted { std::string account; std::uint64_t folders, messages, bytes; };
struct FolderStarted { std::string folder; std::uint64_t messages, bytes; };
struct Carried { std::string folder; std::uint64_t bytes; bool was_known; std::uint64_t messages = 1; };  // in batches: since the last one
struct GivenUp { Failure failure; };
struct Note { std::string folder, text; };
struct Merged { std::string folder; Headline headline; AccountId with; };  // there by another account's copy; `with` empty: nobody knows whose
struct Released { std::string folder; std::uint64_t messages; };  // deleted at the source
struct Waiting { std::string reason; std::chrono::seconds for_; };
struct FolderDone { std::string folder; Balance balance; bool unchanged; std::string problem; };
struct RunDone {
  std::string account;
  Balance balance;
  std::uint64_t reflagged, bytes, new_bytes;
  double seconds;
  std::string snapshot;
  bool complete;
};
}  // namespace event

using Event = std::variant<event::RunStarted, event::FolderStarted, event::Carried, event::GivenUp, event::Note,
                           event::Merged, event::Released, event::Waiting, event::FolderDone, event::RunDone>;

// All the engine ever says. Text, JSON lines, the web view and the tests are listeners.
// Called from any thread; must not block for long.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on(const Event& event) = 0;
};

}  // namespace postferry::mail
