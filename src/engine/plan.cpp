#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include <postferry/base/text.h>
#include <postferry/engine/job.h>

#include "names.h"
#include "patience.h"

namespace postferry::engine {
namespace {

unsigned idle_lanes(const World& world) {
  return std::max(1U, std::min({world.limits.lanes, world.source.traits().max_sessions,
                                world.sink.traits().max_sessions}));
}

// INBOX in any case is one folder (RFC 3501, 5.1), and a server that lists a name twice has one folder of it.
std::vector<mail::Folder> without_twins(std::vector<mail::Folder> folders) {
  std::set<std::string> seen;
  std::erase_if(folders, [&](const mail::Folder& folder) {
    const bool inbox = equal_ignoring_case(folder.wire_name, "INBOX");
    return !seen.insert(inbox ? "INBOX" : folder.wire_name).second;
  });
  return folders;
}

FolderTask task_of(mail::Folder folder, const World& world) {
  FolderTask task;
  task.unchanged =
      folder.selectable && !world.full && !folder.token.empty() && world.ledger.token(folder) == folder.token;
  // What a rule of this run leaves out is not held; a later run without the rule must look again.
  if (world.messages && !task.unchanged) folder.token.clear();
  if (folder.selectable && !task.unchanged) task.spans = {mail::Span{}};
  task.folder = std::move(folder);
  return task;
}

// The largest first, so that no lane is left alone with it at the end. But where the source lists "all" first
// it says that this listing names contents by which the other folders' messages are recognised without their
// bodies (Gmail's X-GM-MSGID): there it stays.
void put_in_order(std::vector<FolderTask>& tasks) {
  auto begin = tasks.begin();
  if (begin != tasks.end() && begin->folder.role == mail::Role::all) ++begin;
  std::stable_sort(begin, tasks.end(), [](const FolderTask& a, const FolderTask& b) {
    return a.folder.messages > b.folder.messages;
  });
}

bool is_below(const mail::FolderPath& path, const mail::FolderPath& above) {
  return path.size() > above.size() && std::equal(above.begin(), above.end(), path.begin());
}

std::uint64_t messages_of(std::span<const FolderTask> tasks) {
  std::uint64_t sum = 0;
  for (const auto& task : tasks) sum += task.spans.empty() ? 0 : task.folder.messages;
  return sum;
}

// How many lanes a folder is worth that shares them with `together` messages in all, its own included.
unsigned pieces_for(const FolderTask& task, std::uint64_t together, unsigned lanes, const Limits& limits) {
  const auto messages = task.folder.messages;
  if (task.spans.empty() || messages <= limits.split_messages) return 1;
  const auto share = std::max<std::uint64_t>(1, together / lanes);
  return static_cast<unsigned>(std::clamp<std::uint64_t>((messages + share - 1) / share, 1, lanes));
}

class Planner {
 public:
  Planner(World& world, std::stop_token stop)
      : world_(world), stop_(std::move(stop)), patience_(world.limits, world.clock, world.events) {}

  Plan plan() {
    Plan plan;
    plan.account = world_.account;
    auto folders = persist(patience_, stop_, [&] { return world_.source.folders(stop_); });
    patience_.progress();
    folders = without_twins(std::move(folders));
    tell_useless(folders);
    for (auto& folder : folders) {
      if (world_.folders && !world_.folders(folder)) {
        plan.left_out.push_back(std::move(folder));
      } else {
        plan.tasks.push_back(task_of(std::move(folder), world_));
      }
    }
    put_in_order(plan.tasks);
    cut(plan.tasks);
    return plan;
  }

 private:
  // \Noselect says that a name is there for the folders below it. Where there are none, a server may hide mail behind it
  // (Dovecot a Maildir folder "~name").
  void tell_useless(const std::vector<mail::Folder>& folders) {
    for (const auto& folder : folders) {
      if (folder.selectable || (world_.folders && !world_.folders(folder))) continue;
      const bool has_children = std::any_of(folders.begin(), folders.end(), [&](const mail::Folder& other) {
        return is_below(other.path, folder.path);
      });
      if (has_children) continue;
      world_.events.on(mail::event::Note{
          folder_name(folder), "the server says that it cannot be opened (\\Noselect), and lists nothing below it: "
                               "if there is mail in it, it is left out"});
    }
  }

  void cut(std::vector<FolderTask>& tasks) {
    const unsigned lanes = idle_lanes(world_);
    if (lanes == 1) return;
    std::span<FolderTask> rest(tasks);
    if (!rest.empty() &&
        rest.front().folder.role == mail::Role::all) {  // it goes alone, so all lanes are its own
      cut(rest.front(), pieces_for(rest.front(), rest.front().folder.messages, lanes, world_.limits));
      rest = rest.subspan(1);
    }
    const auto together = messages_of(rest);
    for (auto& task : rest) cut(task, pieces_for(task, together, lanes, world_.limits));
  }

  void cut(FolderTask& task, unsigned pieces) {
    if (pieces < 2) return;
    try {
      auto spans = persist(patience_, stop_, [&] { return world_.source.cut(task.folder, pieces, stop_); });
      if (!spans.empty()) task.spans = std::move(spans);
    } catch (const GivenUp& why) {
      // A folder that cannot be cut may still be read in one piece; its lane will say if not.
      if (why.action != Action::give_up_folder && why.action != Action::give_up_message) throw;
    }
    patience_.progress();
  }

  World& world_;
  std::stop_token stop_;
  Patience patience_;
};

}  // namespace

Plan make_plan(World& world, std::stop_token stop) {
  try {
    return Planner(world, std::move(stop)).plan();
  } catch (const GivenUp& why) {
    throw why.error;
  }
}

}  // namespace postferry::engine
