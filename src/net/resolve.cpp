#include "resolve.h"

#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include <netdb.h>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry::net {
namespace {

struct Answer {
  int code = 0;
  std::vector<Address> addresses;
};

Answer ask(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  Answer answer;
  answer.code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (answer.code != 0) return answer;
  for (const auto* one = found; one != nullptr; one = one->ai_next) {
    auto& address = answer.addresses.emplace_back();
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.length = one->ai_addrlen;
    address.family = one->ai_family;
  }
  ::freeaddrinfo(found);
  return answer;
}

Answer ask_name_service(const std::string& host, std::uint16_t port) {
  auto answer = ask(host, port, AI_ADDRCONFIG);
  // AI_ADDRCONFIG hides loopback addresses from a machine without a network
  return answer.code == 0 ? answer : ask(host, port, 0);
}

struct Question {
  std::mutex mutex;
  std::condition_variable_any answered;
  bool ready = false;
  Answer answer;
};

// getaddrinfo() takes no timeout and cannot be interrupted, so it runs in a thread of its own, which touches
// nothing but the question it shares. Nobody waits for it after a stop or a timeout; it ends when the
// resolver library gives up.
Answer ask_aside(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout,
                 const std::stop_token& stop) {
  const auto question = std::make_shared<Question>();
  std::thread([question, host, port] {
    auto answer = ask_name_service(host, port);
    const std::lock_guard lock(question->mutex);
    question->answer = std::move(answer);
    question->ready = true;
    question->answered.notify_all();
  }).detach();
  std::unique_lock lock(question->mutex);
  const bool ready = question->answered.wait_for(lock, stop, timeout, [&] { return question->ready; });
  if (stop.stop_requested()) throw Cancelled();
  if (!ready) {
    throw Error(Cause::network, Blast::endpoint, Retry::later,
                fmt::format("{}: the name service does not answer", printable(host)));
  }
  return std::move(question->answer);
}

bool is_no_such_host(int code) { return code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY; }

}  // namespace

std::vector<Address> resolve(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout,
                             const std::stop_token& stop) {
  if (stop.stop_requested()) throw Cancelled();
  auto answer = ask(host, port, AI_NUMERICHOST);
  if (answer.code != 0) answer = ask_aside(host, port, timeout, stop);
  if (is_no_such_host(answer.code)) {
    Error error(Cause::config, Blast::endpoint, Retry::never,
                fmt::format("{}: there is no such host", printable(host)));
    error.advice = "Check the spelling of the host's name, and that this machine is online.";
    throw error;
  }
  if (answer.code != 0) {
    throw Error(Cause::network, Blast::endpoint, Retry::later,
                fmt::format("{}: the name service failed: {}", printable(host), ::gai_strerror(answer.code)));
  }
  return std::move(answer.addresses);
}

}  // namespace postferry::net
