#include "export_target.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/base64.h>
#include <postferry/codec/utf7.h>

#include "entry_view.h"

namespace postferry::cli {
namespace {

namespace fs = std::filesystem;

void make_folder(const fs::path& path) {
  std::error_code problem;
  fs::create_directories(path, problem);
  if (problem) {
    throw Error(Cause::storage, Blast::run, Retry::never,
                fmt::format("{}: {}", printable(path.native()), problem.message()));
  }
}

// ROOT/Work/Clients/0000004711-0123456789abcdef.eml
class EmlTarget final : public ExportTarget {
 public:
  explicit EmlTarget(fs::path root) : root_(std::move(root)) {}

  std::string open_folder(const mail::Folder& folder) override {
    // each level by itself: two folders that differ only in what is not harmless get two folders, children
    // and all
    fs::path path;
    std::string key;
    for (const auto& word : folder.path) {
      key += '\0' + word;
      auto at = known_.find(key);
      if (at == known_.end()) at = known_.emplace(key, path / names_[path].take(safe_word(word))).first;
      path = at->second;
    }
    if (path.empty()) path = names_[{}].take("_");
    folder_ = root_ / path;
    make_folder(folder_);
    return path.native();
  }
  fs::path file_for(const archive::FolderRecord&, const archive::Entry& entry) const override {
    return folder_ / fmt::format("{:010}-{}.eml", entry.number, content_hex(entry.content).substr(0, 16));
  }
  fs::path part_for(const archive::Entry& entry) const override {
    return folder_ / fmt::format(".{}.part", short_content(entry.content));
  }
  fs::path earlier(const archive::FolderRecord&, const archive::Entry&) const override { return {}; }

 private:
  fs::path root_, folder_;
  std::map<std::string, fs::path> known_;
  std::map<fs::path, UniqueNames> names_;
};

// Maildir++: INBOX is ROOT itself, other folders ROOT/.Work.Clients, names in modified UTF-7 as Dovecot and
// Courier expect them.
class MaildirTarget final : public ExportTarget {
 public:
  explicit MaildirTarget(fs::path root) : root_(std::move(root)) {}

  std::string open_folder(const mail::Folder& folder) override {
    std::string name;
    const bool inbox = folder.path.size() == 1 && equal_ignoring_case(folder.path.front(), "INBOX");
    if (!inbox) {
      for (const auto& word : folder.path) {
        auto safe = safe_word(word);
        std::replace(safe.begin(), safe.end(), '.', '_');  // the dot parts the levels
        name += "." + codec::to_modified_utf7(safe);
      }
      if (name.size() > 200) name.resize(200);
      name = names_.take(name.empty() ? "._" : name);
    }
    folder_ = inbox ? root_ : root_ / name;
    for (const char* sub : {"cur", "new", "tmp"}) make_folder(folder_ / sub);
    if (!inbox)
      std::ofstream(folder_ / "maildirfolder",
                    std::ios::app);  // says "a folder, not an account" to deliverers
    read_earlier();
    return inbox ? "." : name;
  }
  fs::path file_for(const archive::FolderRecord& record, const archive::Entry& entry) const override {
    return folder_ / "cur" / (base_name(record, entry) + ":2," + info(entry.flags));
  }
  fs::path part_for(const archive::Entry& entry) const override {
    return folder_ / "tmp" / (short_content(entry.content) + ".postferry");
  }
  fs::path earlier(const archive::FolderRecord& record, const archive::Entry& entry) const override {
    const auto at = earlier_.find(base_name(record, entry));
    return at == earlier_.end() ? fs::path() : at->second;
  }

 private:
  static std::string base_name(const archive::FolderRecord& record, const archive::Entry& entry) {
    const auto time = entry.date ? std::max<std::int64_t>(0, entry.date->at.time_since_epoch().count()) : 0;
    return fmt::format("{}.V{}U{}P{}.postferry,S={}", time, safe_word(record.uidvalidity), entry.number,
                       short_content(entry.content), entry.size);
  }
  // In ASCII order, as the Maildir definition wants them.
  static std::string info(const mail::Flags& flags) {
    std::string out;
    if (flags.draft) out += 'D';
    if (flags.flagged) out += 'F';
    if (flags.answered) out += 'R';
    if (flags.seen) out += 'S';
    if (flags.deleted) out += 'T';
    return out;
  }
  void read_earlier() {
    earlier_.clear();
    for (const char* sub : {"cur", "new"}) {
      for (const auto& file : fs::directory_iterator(folder_ / sub)) {
        const auto name = file.path().filename().native();
        earlier_.emplace(name.substr(0, name.find(':')), file.path());
      }
    }
  }

  fs::path root_, folder_;
  UniqueNames names_;
  std::map<std::string, fs::path> earlier_;
};

}  // namespace

std::unique_ptr<ExportTarget> eml_target(fs::path root) {
  return std::make_unique<EmlTarget>(std::move(root));
}
std::unique_ptr<ExportTarget> maildir_target(fs::path root) {
  return std::make_unique<MaildirTarget>(std::move(root));
}

}  // namespace postferry::cli
