#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <postferry/mail/message.h>

#include "options.h"
#include "pattern.h"

namespace postferry::cli {

// Which mail a command is about, as --folder, --exclude, --since, --before and --max-size say it.
class Selection {
 public:
  // Error{config} for what cannot be read.
  explicit Selection(const Options& options);

  bool takes_folder(const mail::FolderPath& path,
                    mail::Role role);  // remembers which patterns found something
  // The rule that leaves a message out; nothing: it is wanted. What is not known leaves nothing out.
  std::optional<std::string> leaves_out(const std::optional<mail::Received>& received,
                                        std::optional<std::uint64_t> size) const;
  bool filters_messages() const { return since_ || before_ || max_size_; }
  std::vector<std::string> in_words() const;  // for the snapshot
  // Patterns that matched no folder so far.
  std::vector<std::string> idle_folder_patterns() const { return idle(folder_); }
  std::vector<std::string> idle_exclude_patterns() const { return idle(exclude_); }

 private:
  struct Used {
    FolderPattern pattern;
    bool found = false;
  };
  static std::vector<std::string> idle(const std::vector<Used>& patterns);

  std::vector<Used> folder_, exclude_;
  std::optional<std::chrono::sys_seconds> since_, before_;
  std::optional<std::uint64_t> max_size_;
  std::string since_text_, before_text_, max_size_text_;
};

}  // namespace postferry::cli
