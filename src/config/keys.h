#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

namespace postferry::config {

// Error{config, run, never} "FILE:LINE:COLUMN: what".
[[noreturn]] void refuse(const std::string& file, const toml::source_region& where, const std::string& what);
// The same for something that stands nowhere in particular.
[[noreturn]] void refuse(const std::string& what);

toml::table read_toml(const std::filesystem::path& file);

// One table of a file, read key by key. Every question names a key that may stand there; finish() refuses
// whatever else does, with the nearest of the keys asked for. Borrows the table.
class Keys {
 public:
  Keys(const toml::table& table, std::string file, std::string name);

  std::optional<std::string> text(std::string_view key);
  std::optional<std::uint64_t> natural(std::string_view key, std::uint64_t least, std::uint64_t most);
  std::optional<bool> flag(std::string_view key);
  // One of `choices`, as its index.
  std::optional<std::size_t> choice(std::string_view key, const std::vector<std::string>& choices);
  // An array of texts; a single text counts as an array of one.
  std::vector<std::string> texts(std::string_view key);
  // A sub-table whose values are texts.
  std::map<std::string, std::string> map(std::string_view key);
  // A sub-table of tables, for the caller to read with Keys of their own.
  std::vector<std::pair<std::string, const toml::table*>> tables(std::string_view key);
  const toml::node* node(std::string_view key);

  // Like config::refuse, at this key (or at the table itself, if the key is not there).
  [[noreturn]] void refuse_key(std::string_view key, const std::string& what) const;
  void finish() const;
  const std::string& file() const { return file_; }

 private:
  const toml::table& table_;
  std::string file_, name_;
  std::vector<std::string> asked_;
};

}  // namespace postferry::config
