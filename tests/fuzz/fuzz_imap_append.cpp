#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <postferry/base/error.h>
#include <postferry/imap/session.h>
#include <postferry/mail/spool.h>

#include "server_bytes.h"

namespace {

using namespace postferry;

constexpr std::size_t messages = 3;

void require(bool holds) {
  if (!holds) std::abort();
}

std::unique_ptr<mail::Body> body_of(std::string_view text) {
  mail::Spool spool("/tmp");
  spool.append(as_bytes(text));
  return spool.finish();
}

// Each message has one answer at most.
class Judge final : public imap::Appends {
 public:
  void appended(std::size_t index, const imap::Appended& where) override {
    once(index);
    require((where.uid == 0) == (where.uidvalidity == 0));
  }
  void refused(std::size_t index, const Error& why, imap::Fault) override {
    once(index);
    require(*why.what() != '\0');
  }
  std::size_t answers() const { return answers_; }

 private:
  void once(std::size_t index) {
    require(index < messages && !answered_.at(index));
    answered_.at(index) = true;
    ++answers_;
  }
  std::array<bool, messages> answered_{};
  std::size_t answers_ = 0;
};

void append(imap::Session& session) {
  const auto body = body_of("Subject: x\r\n\r\nbody\r\n");
  mail::Flags flags;
  flags.seen = true;
  std::array<imap::Append, messages> batch;
  for (auto& one : batch) one.body = body.get(), one.flags = &flags;
  batch.back().line_end = true;
  Judge judge;
  session.append("INBOX", batch, judge);
  require(judge.answers() == messages);  // nothing was thrown, so nothing is in doubt
}

void say(imap::Session& session, unsigned verb) {
  switch (verb % 4) {
    case 0:
      return append(session);
    case 1:
      session.personal_namespace();
      session.create("Work");
      return;
    case 2:
      session.quota_left("INBOX");
      session.append_limit("INBOX");
      return;
    default: {
      mail::Flags seen;
      seen.seen = true;
      session.select("INBOX");
      session.store_flags(7, seen, seen);
    }
  }
}

}  // namespace

// Any bytes as what an IMAP server says to one who writes. Only Error may come out, and who is not told what
// became of a message is thrown one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::array<std::string_view, 4> abilities{"", "LITERAL+ UIDPLUS", "LITERAL- MULTIAPPEND UIDPLUS",
                                                      "LITERAL+ MULTIAPPEND UIDPLUS"};
  const std::string said = "* PREAUTH [CAPABILITY IMAP4rev1 NAMESPACE QUOTA APPENDLIMIT " +
                           std::string(abilities.at(data[1] % abilities.size())) + "] x\r\n" +
                           std::string(as_text(std::as_bytes(std::span(data + 2, size - 2))));
  try {
    imap::Session session(std::make_unique<fuzz::ServerBytes>(said), {});
    say(session, data[0]);
  } catch (const Error&) {
    // said so
  }
  return 0;
}
