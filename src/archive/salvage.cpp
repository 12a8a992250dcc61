#include "salvage.h"

#include <vector>

#include <postferry/base/bytes.h>
#include <postferry/codec/sha256.h>

#include "pack_reader.h"
#include "process_identity.h"

namespace postferry::archive {
namespace {

std::string folder_part(const std::string& entry_name) { return entry_name.substr(0, entry_name.rfind('/')); }

}  // namespace

void remove_work_folder(Files& files, const std::filesystem::path& folder) {
  for (const auto& file : files.list(folder)) files.remove(folder / file.name);
  files.remove(folder);
}

void Salvage::run() {
  std::vector<std::filesystem::path> dead;
  for (const auto& file : tools_.files.list(tools_.tmp)) {
    if (file.is_folder && is_ours_and_dead(file.name)) dead.push_back(tools_.tmp / file.name);
  }
  if (dead.empty()) return;
  for (const auto& folder : dead) take_bodies(folder);
  if (bodies_ > 0) tools_.packs.publish();
  for (const auto& folder : dead) take_lines(folder);
  write_journal();
  for (const auto& folder : dead) remove_work_folder(tools_.files, folder);
}

bool Salvage::is_ours_and_dead(const std::string& name) const {
  const auto folder = tools_.tmp / name;
  auto owner = owner_of_work_folder(name);
  if (!owner || folder == tools_.work_folder) return false;
  const auto head = read_journal_head(tools_.files, folder);
  if (head && head->account != tools_.account) return false;
  if (head) owner->pid_started = head->pid_started;
  return owner->is_surely_dead() || tools_.files.exists(folder / abandoned_file);
}

void Salvage::take_bodies(const std::filesystem::path& folder) {
  for (const auto& file : tools_.files.list(folder)) {
    // only packs: a snapshot or a lock may have been growing too
    if (!file.name.starts_with("pack") || !file.name.ends_with(".part") || file.size == 0) continue;
    salvage_part(folder / file.name, tools_.files, tools_.codec,
                 [&](const TocEntry& entry, const mail::Digests& digests, const mail::Body& body, std::int64_t mtime) {
                   if (tools_.index.holds(entry.hash) || !taken_bodies_.add(prefix_of(entry.hash), {})) return;
                   tools_.packs.put_mail(0, folder_part(entry.name), digests, body, mtime);
                   ++bodies_;
                 });
  }
}

void Salvage::take_lines(const std::filesystem::path& folder) {
  read_journal(tools_.files, folder, [&](const std::string& wire_name, const std::string& epoch, Entry entry) {
    if (!tools_.index.holds(entry.content.digest)) return;
    const auto numbering = numbering_of(epoch);
    if (numbering == Numbering::ordinal) {
      const auto uidl = codec::Sha256::of(as_bytes(wire_name + '\n' + entry.uidl));
      if (entry.uidl.empty() || !taken_uidls_.add(prefix_of(uidl), {})) return;
    }
    auto& spill = entries_.try_emplace({wire_name, epoch}, tools_.work_folder, numbering).first->second;
    const auto key = numbering == Numbering::uid ? entry.number : static_cast<std::uint32_t>(spill.size());
    spill.add(entry, key);
  });
}

// Sorted first: a journal that was taken over many times must not grow.
void Salvage::write_journal() {
  for (auto& [folder, spill] : entries_) {
    spill.sort();
    lines_ += spill.size();
    const auto numbering = numbering_of(folder.second);
    for (std::size_t i = 0; i < spill.size(); ++i) tools_.journal.add(folder.first, folder.second, spill.at(i), numbering);
  }
  tools_.journal.sync();
}

}  // namespace postferry::archive
