#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <postferry/base/error.h>
#include <postferry/pop3/session.h>

#include "server_bytes.h"

namespace {

using namespace postferry;

void require(bool holds) {
  if (!holds) std::abort();
}

// Bodies come one after another, each begun and ended, or refused.
class Judge final : public pop3::Bodies {
 public:
  void begin(const pop3::Drop&) override { require(!std::exchange(open_, true)); }
  void bytes(Bytes part) override { require(open_ && !part.empty()); }
  void end(const pop3::Drop&) override { require(std::exchange(open_, false)); }
  void refused(const pop3::Drop&, const std::string&) override { require(!open_); }

 private:
  bool open_ = false;
};

}  // namespace

// Any bytes as what a POP3 server says: CAPA, STAT, UIDL, LIST, then TOP and RETR of what it listed. The
// listing is in the order of its numbers, each once. Only Error may come out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string said(as_text(std::as_bytes(std::span(data + 1, size - 1))));
  try {
    pop3::Session session(
        std::make_unique<fuzz::ServerBytes>("+OK <1@a>\r\n" + said, data[0] == 0 ? 1u << 16 : data[0]));
    session.capabilities();
    const auto drops = session.list().drops;
    unsigned last = 0;
    for (const auto& drop : drops) {
      require(drop.number > last && drop.uidl.size() <= 1024);
      last = drop.number;
    }
    Judge judge;
    session.headers(drops, judge);
    session.retrieve(drops, judge);
    session.say_quit();
    session.wait_for_quit();
  } catch (const Error&) {
    // said so
  }
  return 0;
}
