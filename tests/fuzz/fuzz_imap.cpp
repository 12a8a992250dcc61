#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <postferry/base/error.h>
#include <postferry/imap/session.h>

#include "server_bytes.h"

namespace {

using namespace postferry;

void require(bool holds) {
  if (!holds) std::abort();
}

// A body that ends has begun, and has as many bytes as were announced; no message ends twice.
class Judge final : public imap::Bodies {
 public:
  explicit Judge(bool each_once) : each_once_(each_once) {}
  void begin(const imap::Fetched&, std::uint64_t size) override {
    announced_ = size, came_ = 0, open_ = true;
  }
  void bytes(Bytes part) override {
    require(open_ && !part.empty());
    came_ += part.size();
    require(came_ <= announced_);
  }
  void end(const imap::Fetched& items) override {
    require(open_ && came_ == announced_);
    if (each_once_) require(ended_.insert(items.uid).second);
    open_ = false;
  }

 private:
  const bool each_once_;
  std::uint64_t announced_ = 0, came_ = 0;
  bool open_ = false;
  std::set<imap::Uid> ended_;
};

void say(imap::Session& session, unsigned verb) {
  const std::vector<imap::Uid> uids{1, 2, 3, 5, 4294967295};
  const std::vector<mail::Span> spans{{1, 4}, {5, 4294967295}};
  switch (verb % 6) {
    case 0: {
      for (const auto& listed : session.list({})) require(!listed.folder.path.empty());
      break;
    }
    case 1: {
      Judge judge(true);
      session.examine("INBOX");
      for (const auto& refused : session.fetch_bodies(uids, {}, judge)) require(refused.uid != 0);
      break;
    }
    case 2: {
      Judge judge(false);
      session.fetch_bodies(spans, judge, [](std::size_t span, bool) { require(span < 2); });
      break;
    }
    case 3:
      session.fetch_meta(spans, [](const imap::Fetched& items) { require(items.uid != 0); });
      break;
    case 4:
      require(session.borders(2500, 1000).size() <= 2);
      break;
    default: {
      session.login("bob", "secret");
      session.identify("1");
      session.noop();
    }
  }
}

}  // namespace

// Any bytes as what an IMAP server says to one of our verbs. Only Error may come out.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string said =
      "* PREAUTH [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN NAMESPACE X-GM-EXT-1 OBJECTID] x\r\n" +
      std::string(as_text(std::as_bytes(std::span(data + 2, size - 2))));
  try {
    imap::Session session(std::make_unique<fuzz::ServerBytes>(said, data[1] == 0 ? 1u << 16 : data[1]), {});
    say(session, data[0]);
  } catch (const Error&) {
    // said so
  }
  return 0;
}
