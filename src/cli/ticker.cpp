#include "ticker.h"

#include <mutex>
#include <utility>

namespace postferry::cli {
namespace {

std::mutex mutex;
std::function<void()> current;  // guarded by mutex

}  // namespace

Ticker::Ticker(std::function<void()> what) {
  std::unique_lock lock(mutex);
  current = std::move(what);
}

Ticker::~Ticker() {
  std::unique_lock lock(mutex);
  current = nullptr;
}

void Ticker::tick() {
  std::unique_lock lock(mutex);
  if (current) current();
}

}  // namespace postferry::cli
