#pragma once

#include <mutex>
#include <set>
#include <string>

namespace postferry::endpoints {

// The keywords that a folder has refused: they are not offered to it again, in whatever session. Any thread.
class RefusedKeywords {
 public:
  void add(const std::set<std::string>& keywords) {
    const std::lock_guard lock(mutex_);
    all_.insert(keywords.begin(), keywords.end());
  }
  bool contains(const std::string& keyword) const {
    const std::lock_guard lock(mutex_);
    return all_.contains(keyword);
  }
  // Takes them out of `keywords`; those that were in it.
  std::set<std::string> take_from(std::set<std::string>& keywords) const {
    std::set<std::string> taken;
    const std::lock_guard lock(mutex_);
    for (const auto& keyword : all_) {
      if (keywords.erase(keyword) > 0) taken.insert(keyword);
    }
    return taken;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> all_;  // guarded by mutex_
};

}  // namespace postferry::endpoints
