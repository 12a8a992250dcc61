#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/imap/session.h>

#include "support/scripted_stream.h"

namespace postferry::imap {
namespace {

// Somebody asks for a stop just when `word` is about to be written; from then on nothing can be.
class StoppedStream final : public net::Stream {
 public:
  StoppedStream(test::Script script, std::string word) : below_(std::move(script)), word_(std::move(word)) {}

  std::size_t read(std::span<std::byte> into) override { return below_.read(into); }
  void write(std::span<const std::byte> bytes) override {
    if (as_text(bytes).find(word_) != std::string_view::npos) is_stopped_ = true;
    if (is_stopped_) throw Cancelled();
    below_.write(bytes);
  }
  void flush() override {
    if (is_stopped_) throw Cancelled();
  }
  void start_tls(const net::TlsPolicy& policy) override { below_.start_tls(policy); }
  bool is_secure() const override { return true; }
  void abort() noexcept override { below_.abort(); }

 private:
  test::ScriptedStream below_;
  const std::string word_;
  bool is_stopped_ = false;
};

TEST(SignIn, IsStoppedWhileTheSecretIsWritten) {
  for (const std::string capabilities : {"AUTH=PLAIN SASL-IR", "AUTH=PLAIN", ""}) {
    test::Script script;
    script.say("* OK [CAPABILITY IMAP4rev1 " + capabilities + "] hi");
    if (capabilities == "AUTH=PLAIN") script.expect("A1 AUTHENTICATE PLAIN").say("+ ");
    const auto word = capabilities == "AUTH=PLAIN" ? "AGJvYg" : "A1";
    Session session(std::make_unique<StoppedStream>(std::move(script), word), {});
    EXPECT_THROW(session.login("bob", "secret"), Cancelled) << capabilities;
  }
}

}  // namespace
}  // namespace postferry::imap
