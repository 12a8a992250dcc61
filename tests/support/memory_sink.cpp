#include "support/memory_sink.h"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

#include "support/memory_mail.h"

namespace postferry::test {

class MemorySink::Writer final : public mail::FolderWriter {
 public:
  Writer(MemorySink& sink, std::string folder, mail::Receipts& receipts)
      : sink_(sink), folder_(std::move(folder)), receipts_(receipts) {}
  ~Writer() override = default;

  void write(mail::Message message) override {
    EXPECT_FALSE(finished_) << "written after finish()";
    if (sink_.rules_.before_write) sink_.rules_.before_write(message);
    batch_.push_back(std::move(message));
    if (batch_.size() >= sink_.rules_.batch) idle();
  }
  void keep(const mail::Known& known) override {
    const std::lock_guard lock(sink_.mutex_);
    sink_.folders_[folder_].kept.push_back(known);
    sink_.new_held_[folder_].push_back({known.meta.ref, known.place.size, known.meta.flags, {}});
  }
  void span_done(mail::Span span) override {
    const std::lock_guard lock(sink_.mutex_);
    sink_.folders_[folder_].spans.push_back(span);
  }
  void idle() override {
    for (auto& message : std::exchange(batch_, {})) sink_.store(folder_, std::move(message), receipts_);
  }
  void finish() override {
    idle();
    finished_ = true;
    const std::lock_guard lock(sink_.mutex_);
    ++sink_.folders_[folder_].finished;
  }

 private:
  MemorySink& sink_;
  const std::string folder_;
  mail::Receipts& receipts_;
  std::vector<mail::Message> batch_;
  bool finished_ = false;
};

class MemorySink::Lane final : public mail::LaneLedger {
 public:
  explicit Lane(std::vector<Held> held) : held_(std::move(held)), claimed_(held_.size()) {}

  bool empty() const override { return held_.empty(); }
  void sort_out(std::span<const mail::Meta> page, std::vector<mail::Verdict>& out) override {
    for (const auto& meta : page) {
      EXPECT_TRUE(asked_ < meta.ref.number) << "asked out of order";
      asked_ = meta.ref.number;
      out.push_back(verdict(meta));
    }
  }
  std::optional<mail::Known> by_header(const mail::Meta& meta, const mail::HeaderId& header,
                                       const std::optional<mail::MatchKey>&) override {
    for (std::size_t i = 0; i < held_.size(); ++i) {
      if (claimed_[i] || held_[i].header != header || held_[i].size != meta.size) continue;
      claimed_[i] = true;
      return mail::Known{meta, {"", held_[i].size}, held_[i].flags, true, held_[i].ref};
    }
    return std::nullopt;
  }

 private:
  mail::Verdict verdict(const mail::Meta& meta) {
    using Kind = mail::Verdict::Kind;
    for (const auto& one : held_) {
      if (one.ref == meta.ref) return {Kind::known, mail::Known{meta, {"", one.size}, one.flags, false, {}}};
    }
    const bool maybe = std::any_of(held_.begin(), held_.end(), [&](const Held& one) {
      return one.ref.epoch != meta.ref.epoch && meta.size == one.size;
    });
    return {maybe ? Kind::maybe : Kind::wanted, std::nullopt};
  }

  std::vector<Held> held_;
  std::vector<bool> claimed_;
  std::uint32_t asked_ = 0;
};

void MemorySink::declare(const mail::Folder& folder, bool selected) {
  const std::lock_guard lock(mutex_);
  EXPECT_TRUE(declared_.emplace(folder.wire_name, selected).second) << "declared twice: " << folder.wire_name;
}

void MemorySink::repeat(const mail::Folder& folder) {
  const std::lock_guard lock(mutex_);
  repeated_.push_back(folder.wire_name);
  new_held_[folder.wire_name] = held_[folder.wire_name];
  new_tokens_[folder.wire_name] = folder.token;
}

std::unique_ptr<mail::FolderWriter> MemorySink::open(const mail::Folder& folder,
                                                     const mail::FolderState& state, mail::Receipts& receipts,
                                                     std::stop_token) {
  if (rules_.before_open) rules_.before_open(folder.wire_name);
  const std::lock_guard lock(mutex_);
  EXPECT_TRUE(declared_.contains(folder.wire_name)) << "opened before it was declared: " << folder.wire_name;
  auto& sunk = folders_[folder.wire_name];
  if (sunk.opened++ == 0) sunk.state = state;
  return std::make_unique<Writer>(*this, folder.wire_name, receipts);
}

void MemorySink::store(const std::string& folder, mail::Message message, mail::Receipts& receipts) {
  const auto ref = message.meta.ref;
  if (const auto rule = rules_.refuse.find(ref.number); rule != rules_.refuse.end()) {
    return receipts.refused(ref, message.digests.headline,
                            {Cause::rejected, Blast::message, Retry::never, rule->second});
  }
  const auto size = message.body->size();
  const auto times = rules_.receipts.contains(ref.number) ? rules_.receipts.at(ref.number) : 1;
  auto answer = [&receipts, ref, size, times] {
    for (unsigned i = 0; i < times; ++i) receipts.stored(ref, {"", size}, size);
  };
  {
    const std::lock_guard lock(mutex_);
    folders_[folder].stored.push_back({ref, text_of(*message.body), message.meta.flags});
    new_held_[folder].push_back({ref, size, message.meta.flags, message.digests.header});
    if (rules_.receipts_at_flush) return due_.push_back(answer);
  }
  answer();
}

void MemorySink::folder_done(const mail::Folder& folder, const mail::FolderState& state,
                             const mail::FolderEnd& end) {
  const std::lock_guard lock(mutex_);
  auto& sunk = folders_[folder.wire_name];
  if (sunk.opened > 0) {
    EXPECT_EQ(state.epoch, sunk.state.epoch) << folder.wire_name;
  }
  sunk.ends.push_back(end);
  EXPECT_EQ(sunk.ends.size(), 1u) << "ended twice: " << folder.wire_name;
  if (end.listed) new_tokens_[folder.wire_name] = folder.token;
}

void MemorySink::flush() {
  std::vector<std::function<void()>> due;
  {
    const std::lock_guard lock(mutex_);
    ++flushes_;
    due = std::exchange(due_, {});
  }
  for (const auto& answer : due) answer();
}

mail::RunId MemorySink::finish(const mail::RunRecord& record) {
  const std::lock_guard lock(mutex_);
  EXPECT_GT(flushes_, 0u) << "finish() before flush()";
  finished_.push_back(record);
  return "run-" + std::to_string(finished_.size());
}

void MemorySink::begin_next_run() {
  const std::lock_guard lock(mutex_);
  held_ = std::exchange(new_held_, {});
  tokens_ = std::exchange(new_tokens_, {});
  folders_.clear();
  declared_.clear();
  repeated_.clear();
  flushes_ = 0;
}

std::string MemorySink::token(const mail::Folder& folder) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(folder.wire_name);
  return found == tokens_.end() ? "" : found->second;
}

std::uint64_t MemorySink::held_count(const mail::Folder& folder) {
  const std::lock_guard lock(mutex_);
  return held_[folder.wire_name].size();
}

bool MemorySink::shrank(const mail::Folder& folder, const mail::FolderState& now) {
  const auto before = held_count(folder);
  return now.exists + 100 < before && now.exists * 2 < before;
}

std::unique_ptr<mail::LaneLedger> MemorySink::open(const mail::Folder& folder, mail::Span span,
                                                   const mail::FolderState&) {
  const std::lock_guard lock(mutex_);
  auto held = held_[folder.wire_name];
  std::erase_if(held, [&](const Held& one) { return !span.contains(one.ref.number); });
  return std::make_unique<Lane>(std::move(held));
}

std::vector<std::string> MemorySink::texts(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  if (const auto found = folders_.find(name); found != folders_.end()) {
    for (const auto& one : found->second.stored) all.push_back(one.text);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace postferry::test
