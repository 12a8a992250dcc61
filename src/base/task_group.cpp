#include <postferry/base/task_group.h>

#include <string>
#include <system_error>
#include <utility>

#include <pthread.h>

#include <fmt/format.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry {
namespace {

void name_this_thread(std::string_view name) {
  // Linux keeps 15 bytes; longer names are refused, not cut
  const std::string cut(cut_utf8(name, 15));
  pthread_setname_np(pthread_self(), cut.c_str());
}

}  // namespace

TaskGroup::TaskGroup(std::stop_token parent)
    : follow_parent_(std::move(parent), [this] { stop_.request_stop(); }) {}

TaskGroup::~TaskGroup() {
  stop_.request_stop();
  for (auto& thread : threads_) thread.join();
}

void TaskGroup::start(std::string_view name, std::function<void(std::stop_token)> task) {
  auto body = [this, name = std::string(name), task = std::move(task)] {
    name_this_thread(name);
    try {
      task(stop_.get_token());
    } catch (const Cancelled&) {
      note(std::current_exception(), true);
    } catch (...) {
      note(std::current_exception(), false);
    }
  };
  try {
    threads_.emplace_back(std::move(body));
  } catch (const std::system_error& e) {
    throw Error(Cause::storage, Blast::run, Retry::later, fmt::format("thread {}: {}", name, e.what()));
  }
}

void TaskGroup::join() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  const std::lock_guard lock(mutex_);
  if (first_) std::rethrow_exception(std::exchange(first_, nullptr));
}

void TaskGroup::note(std::exception_ptr why, bool cancelled) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!first_ || (first_is_cancel_ && !cancelled)) {
      first_ = std::move(why);
      first_is_cancel_ = cancelled;
    }
  }
  stop_.request_stop();
}

}  // namespace postferry
