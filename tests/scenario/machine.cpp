#include <algorithm>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/base/bytes.h>
#include <postferry/catalog/archive_cache.h>
#include <postferry/endpoints/archive_keeper.h>
#include <postferry/endpoints/archive_sink.h>

#include "scenario.h"
#include "support/events.h"
#include "tables.h"

namespace postferry::scenario {
namespace {

const std::filesystem::path where = "/disk/mail";

std::string text_of(const mail::Body& body) {
  std::string text(body.size(), '\0');
  const auto from = body.open();
  std::size_t at = 0;
  while (const auto read = from->read(std::as_writable_bytes(std::span(text).subspan(at)))) at += read;
  text.resize(at);
  return text;
}

}  // namespace

std::unique_ptr<archive::Archive> Machine::open() {
  const bool there = files.exists(where / "postferry.json");
  auto opened = there ? archive::Archive::open(where, files, clock)
                      : archive::Archive::create(where, codec::Codec::zstd, files, clock);
  if (!catalog) catalog = catalog::open_archive_cache({}, opened->info().id);
  opened->use(catalog.get());
  return opened;
}

engine::Report Machine::backup(test::MemoryAccount& account, const test::SourceRules& rules,
                               const engine::Limits& limits, std::stop_token stop) {
  return run(account, rules, limits, nullptr, nullptr, std::move(stop));
}

engine::ReleaseReport Machine::backup_and_empty(test::MemoryAccount& account, const test::SourceRules& rules,
                                                const engine::ReleaseRules& release) {
  engine::ReleaseReport out;
  run(account, rules, {.lanes = 1}, &release, &out, {});
  return out;
}

engine::Report Machine::run(test::MemoryAccount& account, const test::SourceRules& rules, const engine::Limits& limits,
                            const engine::ReleaseRules* release, engine::ReleaseReport* released, std::stop_token stop) {
  // A day later: what a killed run left behind is old by now.
  clock.advance(std::chrono::hours(24));
  bodies = 0;
  const auto opened = open();
  archive::RunInfo info;
  info.account = "imap:test@example.org";
  info.start = std::chrono::floor<std::chrono::seconds>(clock.now());
  info.keep_first_seen = release != nullptr;
  const auto writer = opened->begin(info);
  const auto sink = endpoints::archive_sink(*writer);
  test::MemorySource source(account, rules);
  test::NullEvents events;
  engine::World world{info.account, source, *sink, writer->ledger(), events, clock, limits, {}, {},
                      {},           false,  release != nullptr};
  const auto plan = engine::make_plan(world, stop);
  auto report = engine::run(plan, world, stop);
  bodies = source.bodies();
  if (release != nullptr && report.ending == engine::Ending::done) {
    std::vector<mail::Folder> folders;
    for (const auto& task : plan.tasks) folders.push_back(task.folder);
    const auto keeper = endpoints::archive_keeper(*opened, *writer, {});
    engine::ReleaseWorld emptying{source, *keeper, events, clock, *release};
    *released = engine::release(folders, emptying, stop);
  }
  return report;
}

std::vector<std::string> Machine::everything_held() {
  std::vector<std::string> texts;
  if (!files.exists(where / "postferry.json")) return texts;
  const auto opened = open();
  const auto all = opened->snapshots([](const Error& damaged) { throw damaged; });
  if (all.empty()) return texts;
  const auto reader = opened->read(all.back());
  for (const auto& folder : reader->snapshot().folders) {
    reader->entries(
        folder, [&](const archive::Entry& entry) { texts.push_back(text_of(*opened->body(entry.content))); },
        [](const Error& missing) { throw missing; });
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

void Machine::die(test::Cut cut) {
  files.power_cut(cut);
  // Locks and work folders are signed with the boot id; ours stays, so what they say must change.
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  ASSERT_EQ(boot.size(), 36u);
  files.sign_anew(boot, "00000000-0000-4000-8000-000000000000", "/locks/");
}

std::string Machine::last_snapshot() {
  if (!files.exists(where / "postferry.json")) return "";
  const auto opened = open();
  const auto all = opened->snapshots([](const Error& damaged) { throw damaged; });
  if (all.empty()) return "";
  const auto reader = opened->read(all.back());
  std::vector<std::string> lines;
  for (const auto& folder : reader->snapshot().folders) {
    auto line = fmt::format("{} ({}):", folder.folder.wire_name, folder.uidvalidity);
    reader->entries(
        folder,
        [&](const archive::Entry& entry) {
          if (entry.presence == archive::Presence::present) {
            line += " " + row(entry.number, text_of(*opened->body(entry.content)), entry.flags) + ",";
          }
        },
        [](const Error& missing) { throw missing; });
    lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  std::string table;
  for (const auto& line : lines) table += line + "\n";
  return table;
}

std::vector<std::string> Machine::problems() {
  std::vector<std::string> found;
  if (!files.exists(where / "postferry.json")) return found;
  const auto opened = open();
  archive::CheckOptions options;
  options.read_data = true;
  opened->check(
      options,
      [&](const archive::Problem& problem) {
        if (problem.is_error) found.push_back(problem.where + ": " + problem.what);
      },
      [](std::uint64_t, std::uint64_t) {});
  return found;
}

std::size_t Machine::packs() const {
  const auto all = files.contents();
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto& file) {
    return file.first.find("/packs/") != std::string::npos;
  }));
}

}  // namespace postferry::scenario
