#include <postferry/engine/release.h>

#include <utility>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "names.h"

namespace postferry::engine {
namespace {

constexpr std::size_t problems_told = 100;

std::string name_of(const mail::MessageRef& ref) {
  if (ref.epoch != mail::pop3_epoch) return fmt::format("UID {}", ref.number);
  return ref.uidl.empty() ? fmt::format("number {}, without UIDL", ref.number)
                          : fmt::format("UIDL {}", printable(ref.uidl, 80));
}

class Release {
 public:
  Release(ReleaseWorld& world, std::stop_token stop) : world_(world), stop_(std::move(stop)) {}

  ReleaseReport run(const std::vector<mail::Folder>& folders) {
    try {
      collect(folders);
      read_back();
      if (orders_.empty()) return std::move(report_);
      world_.keeper.let_go(orders_);
    } catch (const Error& error) {
      report_.error = error;
      return std::move(report_);
    }
    for (auto& folder : orders_) release(folder);
    take_back();
    return std::move(report_);
  }

 private:
  void collect(const std::vector<mail::Folder>& folders) {
    const auto now = std::chrono::floor<std::chrono::seconds>(world_.clock.now());
    std::uint64_t count = 0;
    for (const auto& folder : folders) {
      if (!folder.selectable) continue;
      mail::FolderOrders due{folder, {}};
      world_.keeper.due(folder, now - world_.rules.age, [&](mail::Due one) {
        if (!one.is_proven) {
          ++report_.unproven;
        } else if (world_.rules.most && count >= *world_.rules.most) {
          ++report_.postponed;
        } else {
          due.orders.push_back(std::move(one.order));
          ++count;
        }
      });
      if (!due.orders.empty()) orders_.push_back(std::move(due));
    }
  }

  void read_back() {
    for (auto& [folder, orders] : orders_) {
      for (auto& order : orders) {
        if (stop_.stop_requested()) throw Cancelled();
        try {
          world_.keeper.read_back(folder, order);
        } catch (const Error& error) {
          throw Error(error.cause, Blast::run, Retry::never,
                      fmt::format("{}: nothing is deleted, for a message could not be read back ({}): {}",
                                  folder_name(folder), name_of(order.ref), error.what()));
        }
      }
    }
  }

  void release(mail::FolderOrders& folder) {
    std::vector<mail::ReleaseResult> results;
    try {
      if (report_.error || stop_.stop_requested()) throw Cancelled();
      const auto releaser = world_.source.releaser(folder.folder, stop_);
      if (!releaser) {
        throw Error(Cause::config, Blast::folder, Retry::never, "nothing can be deleted there");
      }
      results = releaser->release(folder.orders);
    } catch (const Error& error) {
      if (error.blast > Blast::folder) report_.error = error;
      results.assign(folder.orders.size(), {mail::ReleaseOutcome::refused, error.what()});
    } catch (const Cancelled&) {
      results.assign(folder.orders.size(), {mail::ReleaseOutcome::refused, "its turn did not come"});
    }
    count(folder, results);
  }

  void count(mail::FolderOrders& folder, const std::vector<mail::ReleaseResult>& results) {
    mail::FolderOrders still_there{folder.folder, {}};
    std::uint64_t deleted = 0;
    for (std::size_t i = 0; i < results.size(); ++i) {
      auto& order = folder.orders[i];
      switch (results[i].outcome) {
        case mail::ReleaseOutcome::deleted:
          ++deleted;
          break;
        case mail::ReleaseOutcome::vanished:
          ++report_.vanished;
          break;
        case mail::ReleaseOutcome::unknown:
          ++report_.unknown;
          tell(folder.folder, order, results[i].reason);
          break;
        case mail::ReleaseOutcome::refused:
          ++report_.refused;
          tell(folder.folder, order, results[i].reason);
          still_there.orders.push_back(std::move(order));
      }
    }
    report_.deleted += deleted;
    world_.events.on(mail::event::Released{folder_name(folder.folder), deleted});
    if (!still_there.orders.empty()) still_there_.push_back(std::move(still_there));
    folder.orders.clear();
  }

  void tell(const mail::Folder& folder, const mail::ReleaseOrder& order, const std::string& reason) {
    if (report_.problems.size() >= problems_told) return;
    report_.problems.push_back(fmt::format("{}: {}: {}", folder_name(folder), name_of(order.ref), reason));
  }

  // Left as released it would still be safe: a later listing that shows it puts that right.
  void take_back() {
    if (still_there_.empty()) return;
    try {
      world_.keeper.take_back(still_there_);
    } catch (const Error& error) {
      if (!report_.error) report_.error = error;
    }
  }

  ReleaseWorld& world_;
  const std::stop_token stop_;
  std::vector<mail::FolderOrders> orders_, still_there_;
  ReleaseReport report_;
};

}  // namespace

ReleaseReport release(const std::vector<mail::Folder>& folders, ReleaseWorld& world, std::stop_token stop) {
  return Release(world, std::move(stop)).run(folders);
}

}  // namespace postferry::engine
