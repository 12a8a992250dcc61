#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include <postferry/base/bytes.h>
#include <postferry/base/files.h>
#include <postferry/mail/message.h>

namespace postferry::mail {

// Takes in one message as it comes off the wire: in memory up to 1 MiB, beyond that in a ScratchFile of
// `folder`. What a lease must cover is min(size, memory_limit). One thread.
class Spool {
 public:
  static constexpr std::size_t memory_limit = 1u << 20;

  explicit Spool(std::filesystem::path folder);
  ~Spool();
  // A hint (a literal's announced size) so that memory is taken once; capped, never trusted.
  void expect(std::uint64_t bytes);
  void append(Bytes bytes);
  std::unique_ptr<Body> finish();  // afterwards the spool is empty and may take the next message
  void discard();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A body over bytes that somebody already has in memory.
std::unique_ptr<Body> memory_body(std::string bytes);

}  // namespace postferry::mail
