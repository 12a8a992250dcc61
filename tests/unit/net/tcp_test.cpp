#include <filesystem>
#include <future>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <postferry/base/error.h>
#include <postferry/net/stream.h>

#include "connect.h"
#include "resolve.h"
#include "support/loopback_server.h"

namespace postferry::net {
namespace {

using std::chrono::milliseconds;
using test::Caller;
using test::LoopbackServer;

std::unique_ptr<Stream> dial(std::uint16_t port, Timeouts timeouts = {}, std::stop_token stop = {}) {
  static const auto dialer = tcp_dialer();
  return dialer->dial("127.0.0.1", port, nullptr, timeouts, stop);
}

std::string read_some(Stream& stream) {
  std::string out(100, '\0');
  out.resize(stream.read(std::as_writable_bytes(std::span(out))));
  return out;
}

// The Error that `act` throws.
template <class Act>
Error error_of(Act&& act) {
  try {
    act();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(Cause::config, Blast::run, Retry::never, "");
}

void expect_lost(const Error& error, const char* words) {
  EXPECT_EQ(error.cause, Cause::network);
  EXPECT_EQ(error.blast, Blast::session);
  EXPECT_EQ(error.retry, Retry::now);
  EXPECT_THAT(error.what(), testing::AllOf(testing::StartsWith("127.0.0.1:"), testing::HasSubstr(words)));
}

TEST(Tcp, CarriesBytesBothWays) {
  LoopbackServer server([](Caller& caller) { caller.say("got " + caller.hear()); });
  auto stream = dial(server.port());
  stream->write(as_bytes("this\n"));
  EXPECT_EQ(read_some(*stream), "got this\n");
  EXPECT_EQ(read_some(*stream), "") << "the server has hung up";
  EXPECT_FALSE(stream->is_secure());
}

TEST(Tcp, GivesUpOnASilentServer) {
  LoopbackServer server([](Caller& caller) { caller.hear_all(); });
  auto stream = dial(server.port(), {milliseconds(1000), milliseconds(40), milliseconds(1000)});
  expect_lost(error_of([&] { read_some(*stream); }), "silent");
}

TEST(Tcp, TakesADripForAStall) {
  LoopbackServer server([](Caller& caller) {
    for (;;) {
      caller.say("x");
      if (!caller.wait(10)) return;
    }
  });
  auto stream =
      dial(server.port(), {milliseconds(1000), milliseconds(60), milliseconds(1000), milliseconds(60)});
  expect_lost(error_of([&] {
                for (;;) read_some(*stream);
              }),
              "only");
}

TEST(Tcp, GivesUpOnAServerThatTakesNothing) {
  LoopbackServer server([](Caller& caller) { caller.stand_still(); });
  auto stream = dial(server.port(), {milliseconds(1000), milliseconds(1000), milliseconds(40)});
  const std::string much(64u << 20, 'x');
  expect_lost(error_of([&] { stream->write(as_bytes(much)); }), "taken nothing");
}

TEST(Tcp, WritesAllToASlowReader) {
  const std::string much(8u << 20, 'x');
  std::promise<std::size_t> heard;
  LoopbackServer server([&](Caller& caller) { heard.set_value(caller.hear_all().size()); });
  auto stream = dial(server.port());
  stream->write(as_bytes(much));
  stream.reset();
  EXPECT_EQ(heard.get_future().get(), much.size());
}

TEST(Tcp, FeelsAReset) {
  LoopbackServer server([](Caller& caller) {
    caller.await_bytes();  // a reset before connect() has returned would be a refused connection
    caller.reset();
  });
  auto stream = dial(server.port());
  stream->write(as_bytes("x"));
  expect_lost(error_of([&] { read_some(*stream); }), "broke");
}

TEST(Tcp, IsCancelledByAbortFromAnotherThread) {
  LoopbackServer server([](Caller& caller) { caller.hear_all(); });
  auto stream = dial(server.port());
  std::thread other([&] { stream->abort(); });
  EXPECT_THROW(read_some(*stream), Cancelled);
  other.join();
  EXPECT_THROW(stream->write(as_bytes("x")), Cancelled) << "and stays so";
}

TEST(Tcp, CannotBeHeldUpByAGoodbye) {
  LoopbackServer server([](Caller& caller) { caller.hear_all(); });
  auto stream = dial(server.port(), {milliseconds(1000), milliseconds(60000), milliseconds(60000)});
  stream->hurry(milliseconds(20));
  expect_lost(error_of([&] { read_some(*stream); }), "goodbye");
}

TEST(Tcp, PassesOverDeadAddresses) {
  LoopbackServer server([](Caller& caller) { caller.say("alive"); });
  auto addresses = resolve("127.0.0.1", test::dead_port(), milliseconds(1000), {});
  const auto alive = resolve("127.0.0.1", server.port(), milliseconds(1000), {});
  addresses.insert(addresses.end(), alive.begin(), alive.end());
  auto stream = connect_any(addresses, "mail.test:993", nullptr, {}, {});
  EXPECT_EQ(read_some(*stream), "alive");
}

TEST(Tcp, NamesWhomItCannotReachAndWhy) {
  const auto port = test::dead_port();
  const auto error = error_of([&] { dial(port); });
  EXPECT_EQ(error.cause, Cause::network);
  EXPECT_EQ(error.blast, Blast::endpoint);
  EXPECT_EQ(error.retry, Retry::later);
  EXPECT_EQ(std::string(error.what()),
            "127.0.0.1:" + std::to_string(port) + ": cannot connect: Connection refused");
}

TEST(Tcp, DoesNotDialWhenStopped) {
  std::stop_source stop;
  stop.request_stop();
  LoopbackServer server([](Caller& caller) { caller.hear_all(); });
  EXPECT_THROW(dial(server.port(), {}, stop.get_token()), Cancelled);
}

TEST(Tcp, IsNotInheritedByChildren) {
  LoopbackServer server([](Caller& caller) { caller.hear_all(); });
  const auto stream = dial(server.port());
  unsigned ours = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    sockaddr_in peer{};
    void* const raw = &peer;
    socklen_t length = sizeof peer;
    if (::getpeername(fd, static_cast<sockaddr*>(raw), &length) != 0 || ntohs(peer.sin_port) != server.port())
      continue;
    ++ours;
    EXPECT_TRUE(::fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
  EXPECT_EQ(ours, 1u);
}

TEST(LoopbackName, IsAnAddressOrTheWordItself) {
  for (const auto* name : {"127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LocalHost"}) {
    EXPECT_TRUE(is_loopback_name(name)) << name;
  }
  for (const auto* name :
       {"", "128.0.0.1", "localhost.example.org", "mail.localhost", "::2", "127.0.0.1.example.org", "[]"}) {
    EXPECT_FALSE(is_loopback_name(name)) << name;
  }
}

}  // namespace
}  // namespace postferry::net
