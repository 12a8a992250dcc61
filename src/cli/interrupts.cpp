#include "interrupts.h"

#include <csignal>
#include <thread>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <postferry/base/error.h>

#include "exit_status.h"
#include "secrets.h"

namespace postferry::cli {
namespace {

sigset_t interrupts() {
  sigset_t out;
  sigemptyset(&out);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&out, number);
  return out;
}

// True if a signal was taken off the descriptor.
bool take_signal(int descriptor) {
  signalfd_siginfo info{};
  return ::read(descriptor, &info, sizeof info) == static_cast<ssize_t>(sizeof info);
}

}  // namespace

void block_interrupts() {
  const auto set = interrupts();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int run_interruptible(const std::function<int(std::stop_token)>& work, const std::function<void()>& asked,
                      const std::function<void()>& tick, std::chrono::milliseconds interval) {
  const auto set = interrupts();
  const int signals = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  const int done = ::eventfd(0, EFD_CLOEXEC);
  if (signals < 0 || done < 0) {
    throw Error(Cause::storage, Blast::run, Retry::never,
                "no file descriptors left to wait for signals with");
  }
  int result = static_cast<int>(Exit::failed);
  bool asked_once = false;
  {
    std::stop_source stop;
    std::jthread worker([&] {
      result = work(stop.get_token());
      ::eventfd_write(done, 1);
    });
    for (;;) {
      pollfd either[2] = {{signals, POLLIN, 0}, {done, POLLIN, 0}};
      ::poll(either, 2, static_cast<int>(interval.count()));
      if (either[1].revents & POLLIN) break;
      if (either[0].revents & POLLIN && take_signal(signals)) {
        if (asked_once) {
          restore_terminal();
          ::_exit(static_cast<int>(Exit::interrupted));
        }
        asked_once = true;
        stop.request_stop();
        asked();
      }
      tick();
    }
  }
  ::close(signals);
  ::close(done);
  return result;
}

}  // namespace postferry::cli
