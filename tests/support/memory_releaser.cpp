#include <string>
#include <utility>

#include <fmt/format.h>

#include "support/memory_mail.h"

namespace postferry::test {

class MemorySource::Eraser final : public mail::Releaser {
 public:
  Eraser(MemorySource& source, std::string name) : source_(source), name_(std::move(name)) {}

  std::vector<mail::ReleaseResult> release(std::span<const mail::ReleaseOrder> orders) override {
    std::vector<mail::ReleaseResult> out;
    for (const auto& order : orders) out.push_back(release(order));
    return out;
  }

 private:
  mail::ReleaseResult release(const mail::ReleaseOrder& order) {
    source_.before("delete", name_, order.ref.number);
    const std::lock_guard lock(source_.mutex_);
    auto& folder = source_.account_.folder(name_);
    if (order.ref.epoch != std::to_string(folder.uidvalidity)) return {mail::ReleaseOutcome::refused, "other numbers"};
    const auto* message = folder.find(order.ref.number);
    if (message == nullptr) return {mail::ReleaseOutcome::vanished, {}};
    if (order.size && *order.size != message->text.size()) return {mail::ReleaseOutcome::refused, "another size"};
    folder.expunge(order.ref.number);
    return {mail::ReleaseOutcome::deleted, {}};
  }

  MemorySource& source_;
  const std::string name_;
};

std::unique_ptr<mail::Releaser> MemorySource::releaser(const mail::Folder& folder, std::stop_token) {
  return std::make_unique<Eraser>(*this, folder.wire_name);
}

}  // namespace postferry::test
