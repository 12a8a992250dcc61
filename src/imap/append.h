#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "session_state.h"

namespace postferry::imap {

// Brings a batch of messages to the server: one MULTIAPPEND, or singly with several in flight. Every message
// is answered or the run ends with an exception. One run.
class AppendRun final : public Untagged {
 public:
  AppendRun(Session::State& session, std::string_view folder, std::span<const Append> batch,
            Appends& answers, Uid look_from);
  void run();

  void fetch(std::uint32_t sequence, Wire& wire) override;
  void condition(const Reply& reply) override;

 private:
  struct Command {
    Pipe::Tag tag = 0;
    std::size_t first = 0, count = 0;  // no message: a look at the folder
  };

  void together();
  void singly();
  void send(std::size_t first, std::size_t count);
  void put_folder();
  bool send_message(const Append& message, Pipe::Tag tag);
  void send_body(std::size_t index);
  void look();
  bool go_ahead(Pipe::Tag tag);
  void hear_one();
  void answered(const Command& command, const Reply& reply);
  void refused(const Command& command, const Reply& reply);
  std::string last_words();

  Session::State& session_;
  Pipe& pipe_;
  const std::string_view folder_;
  const std::span<const Append> batch_;
  Appends& answers_;
  const Uid look_from_;
  std::deque<Command> in_flight_;
  std::vector<std::size_t> again_;  // of a refused MULTIAPPEND, to be sent singly
  bool writing_ = false;            // a lost connection is felt before its last words are read
  std::optional<Error> wide_;       // a refusal that concerns more than its message: nothing more is sent
  std::string untagged_bad_;
};

}  // namespace postferry::imap
