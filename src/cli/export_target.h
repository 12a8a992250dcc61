#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include <postferry/archive/archive.h>
#include <postferry/codec/json.h>

#include "safe_name.h"

namespace postferry::cli {

// What happened to one message of an export.
enum class Written { anew, there_already };

// A way to lay messages out as files. Names are a pure function of what is exported, so that a second run
// finds what the first has written.
class ExportTarget {
 public:
  virtual ~ExportTarget() = default;
  // The folder messages of this folder go to, relative to the export; made if need be.
  virtual std::string open_folder(const mail::Folder& folder) = 0;
  // The name within that folder, and where the file grows before it is whole.
  virtual std::filesystem::path file_for(const archive::FolderRecord& record,
                                         const archive::Entry& entry) const = 0;
  virtual std::filesystem::path part_for(const archive::Entry& entry) const = 0;
  // A file that an earlier export left for this entry under a name that has changed since (Maildir: flags);
  // empty: none.
  virtual std::filesystem::path earlier(const archive::FolderRecord& record,
                                        const archive::Entry& entry) const = 0;
};

std::unique_ptr<ExportTarget> eml_target(std::filesystem::path root);
std::unique_ptr<ExportTarget> maildir_target(std::filesystem::path root);

// Writes `body` as `file` (through `part`), with `when` as its time, unless a file with these very bytes is
// there. The body verifies itself: Error{damaged} from its last read, and then no file. Error{storage} for
// the disk.
Written write_message(const mail::Body& body, const mail::ContentId& content,
                      const std::filesystem::path& part, const std::filesystem::path& file,
                      const std::optional<mail::Received>& when);

// The folder an export is written into: a new one, an empty one, or one that an export of the same kind was
// written into before. Anything else is Error{config}, unless `force`.
void prepare_export_folder(const std::filesystem::path& root, const std::string& format,
                           const std::string& archive_id, bool force);

// index.jsonl of an export: what each folder and file was; replaced as a whole at the end.
class ExportIndex {
 public:
  explicit ExportIndex(const std::filesystem::path& root);
  ~ExportIndex();
  void add(const codec::Json& line);
  void publish();

 private:
  std::filesystem::path part_, file_;
  std::ofstream out_;
  bool published_ = false;
};

}  // namespace postferry::cli
