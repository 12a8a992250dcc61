#include <postferry/engine/push.h>

#include <deque>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "names.h"
#include "push_counters.h"
#include "push_keeper.h"
#include "push_ledger_view.h"
#include "push_writer.h"
#include "sink_folder.h"

namespace postferry::engine {
namespace {

// First of all: from then on the destination can spell names, and what goes wrong on the way is tried again.
PushWorld with_traits(PushWorld world) {
  Patience patience(world.limits, world.clock, world.events);
  try {
    world.traits = persist(patience, world.stop, [&] { return world.destination.traits(world.stop); });
  } catch (const GivenUp& why) {
    throw why.error;
  }
  return world;
}

// The destination folders by the source folders that go there; two may share one.
class SinkFolders {
 public:
  SinkFolders(PushWorld& world, const std::vector<MappedFolder>& folders) {
    std::map<std::string, SinkFolder*> by_name;
    for (const auto& one : folders) {
      auto& there = by_name[world.destination.wire_name(one.to)];
      if (there == nullptr) there = &all_.emplace_back(world, one.to);
      by_source_[one.from.wire_name] = there;
    }
  }

  SinkFolder& of(const mail::Folder& source) {
    const auto found = by_source_.find(source.wire_name);
    if (found != by_source_.end()) return *found->second;
    throw Error(Cause::config, Blast::folder, Retry::never,
                fmt::format("{}: has no place at the destination", folder_name(source)));
  }
  std::deque<SinkFolder>& all() { return all_; }

 private:
  std::deque<SinkFolder> all_;  // addresses stay
  std::map<std::string, SinkFolder*> by_source_;
};

class PushSink final : public mail::MailSink {
 public:
  PushSink(PushWorld& world, SinkFolders& folders, PushCounters& counters)
      : world_(world), folders_(folders), counters_(counters) {}

  mail::SinkTraits traits() const override {
    return {false, world_.traits.append_limit, world_.traits.max_sessions, true};
  }
  // Folders are made when their lanes open them, so that a refused name costs that folder; \Noselect parents
  // come into being with their children.
  void declare(const mail::Folder& folder, bool selected) override {
    if (selected && folder.selectable) world_.destination.expect(folders_.of(folder).path(), folder.subscribed);
  }
  void repeat(const mail::Folder&) override {}
  void make_ready(const mail::Folder& folder) noexcept override {
    try {
      folders_.of(folder).prepare_ahead(folder.subscribed);
    } catch (const Error&) {
      // open() says so.
    }
  }
  std::unique_ptr<mail::FolderWriter> open(const mail::Folder& folder, const mail::FolderState&,
                                           mail::Receipts& receipts, std::stop_token) override {
    auto& there = folders_.of(folder);
    there.prepare(folder.subscribed);
    const auto lane = world_.ledger.lane({world_.from, folder.wire_name}, there.key());
    return std::make_unique<PushWriter>(world_, there, lane, counters_, receipts);
  }
  void folder_done(const mail::Folder&, const mail::FolderState&, const mail::FolderEnd&) override {}
  void flush() override {
    for (auto& folder : folders_.all()) folder.tell_dropped_keywords();
    tell_dates();
  }
  mail::RunId finish(const mail::RunRecord&) override { return {}; }

 private:
  void tell_dates() {
    const auto sum = counters_.sum();
    const std::pair<std::uint64_t, const char*> kinds[] = {
        {sum.dated_by_received, "the topmost Received field"},
        {sum.dated_by_date, "the Date field"},
        {sum.undated, "the present time"}};
    for (const auto& [messages, instead] : kinds) {
      if (messages == 0) continue;
      world_.events.on(mail::event::Note{
          "",
          fmt::format("{} messages had no date of arrival to be believed and got {}", messages, instead)});
    }
  }

  PushWorld& world_;
  SinkFolders& folders_;
  PushCounters& counters_;
};

}  // namespace

struct Push::State {
  State(PushWorld borrowed, const std::vector<MappedFolder>& mapped)
      : world(with_traits(std::move(borrowed))),
        folders(world, mapped),
        sink(world, folders, counters),
        ledger(world, [this](const mail::Folder& folder) -> SinkFolder& {
          auto& there = folders.of(folder);
          there.prepare(folder.subscribed);
          return there;
        }) {}

  PushWorld world;
  PushCounters counters;
  SinkFolders folders;
  PushSink sink;
  PushLedgerView ledger;
};

Push::Push(mail::AccountId from, mail::AccountId to, mail::Destination& destination, mail::PushLedger& ledger,
           std::vector<MappedFolder> folders, PushOptions options, const Limits& limits, Clock& clock,
           mail::EventSink& events, std::stop_token stop)
    : state_(std::make_unique<State>(PushWorld{std::move(from),
                                               std::move(to),
                                               destination,
                                               ledger,
                                               options,
                                               limits,
                                               clock,
                                               events,
                                               std::move(stop),
                                               {}},
                                     folders)) {}
Push::~Push() = default;

mail::MailSink& Push::sink() { return state_->sink; }
mail::Ledger& Push::ledger() { return state_->ledger; }
std::unique_ptr<mail::Keeper> Push::keeper() {
  return std::make_unique<PushKeeper>(state_->world, [this](const mail::Folder& folder) -> SinkFolder& {
    return state_->folders.of(folder);
  });
}
PushCounts Push::counts() const { return state_->counters.sum(); }

}  // namespace postferry::engine
