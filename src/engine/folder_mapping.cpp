#include <postferry/engine/folder_mapping.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include <postferry/base/text.h>

namespace postferry::engine {
namespace {

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

bool reads_like_an_escape(const std::string& word, std::size_t at) {
  return word[at] == '=' && at + 2 < word.size() && is_hex(word[at + 1]) && is_hex(word[at + 2]);
}

std::uint32_t fnv1a(const std::string& text) {
  std::uint32_t hash = 2166136261u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

// Cut at a UTF-8 character, so that the shortened word is still text.
std::string shortened(const std::string& word, std::size_t longest) {
  std::size_t end = std::min(longest > 9 ? longest - 9 : 0, word.size());
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) --end;
  return fmt::format("{}~{:08x}", word.substr(0, end), fnv1a(word));
}

struct Spelt {
  std::string word, why;
};

Spelt spell(const std::string& word, const NamingLimits& limits) {
  Spelt out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const bool in_the_way =
        word[i] == limits.delimiter || limits.forbidden.contains(word[i]) || byte < 0x20 || byte == 0x7F;
    if (in_the_way || reads_like_an_escape(word, i)) {
      out.word += fmt::format("={:02X}", byte);
      if (in_the_way)
        out.why = fmt::format("'{}' cannot be in a folder name there", printable(word.substr(i, 1)));
    } else {
      out.word += word[i];
    }
  }
  if (out.word.empty()) out = {"=", "a folder name cannot be empty there"};
  if (out.word.size() > limits.longest_word) {
    out = {shortened(out.word, limits.longest_word),
           fmt::format("longer than {} bytes", limits.longest_word)};
  }
  return out;
}

bool is_inbox(const mail::FolderPath& path) {
  return path.size() == 1 && equal_ignoring_case(path[0], "INBOX");
}

// The longest entry of the map that names this folder or a parent of it.
std::optional<mail::FolderPath> mapped(const mail::FolderPath& path,
                                       const std::map<std::string, std::string>& map) {
  std::optional<mail::FolderPath> best;
  std::size_t longest = 0;
  for (const auto& [from_text, to_text] : map) {
    const auto from = split_path(from_text);
    const bool same_inbox = is_inbox(from) && is_inbox(path);
    const bool below =
        !is_inbox(from) && from.size() <= path.size() && std::equal(from.begin(), from.end(), path.begin());
    if ((!same_inbox && !below) || from.size() <= longest) continue;
    longest = from.size();
    best = split_path(to_text);
    best->insert(best->end(), path.begin() + static_cast<std::ptrdiff_t>(from.size()), path.end());
  }
  return best;
}

const mail::Folder* twin_by_role(mail::Role role, const std::vector<mail::Folder>& destination) {
  if (role == mail::Role::none || role == mail::Role::inbox) return nullptr;
  const auto found = std::find_if(destination.begin(), destination.end(), [&](const mail::Folder& folder) {
    return folder.role == role && folder.selectable;
  });
  return found == destination.end() ? nullptr : &*found;
}

class Namer {
 public:
  Namer(const MappingRules& rules, const NamingLimits& limits, const std::vector<mail::Folder>& destination)
      : rules_(rules), limits_(limits) {
    for (const auto& folder : destination) {
      for (auto path = folder.path; !path.empty(); path.pop_back()) there_.insert(path);
    }
  }

  MappedFolder name(const mail::Folder& folder, const std::vector<mail::Folder>& destination) {
    MappedFolder out{.from = folder, .to = {}, .existing_twin = false, .replaced = {}};
    const auto explicitly = mapped(folder.path, rules_.map);
    if (!explicitly && rules_.under.empty()) {
      if (folder.role == mail::Role::inbox || is_inbox(folder.path)) {
        out.to = {"INBOX"};
        taken_.insert(identity(out.to));
        return out;
      }
      if (const auto* twin = twin_by_role(folder.role, destination)) {
        out.to = twin->path;
        out.existing_twin = true;
        taken_.insert(identity(out.to));
        return out;
      }
    }
    auto wished = explicitly.value_or(folder.path);
    if (!rules_.under.empty() && !explicitly) {
      auto below = split_path(rules_.under);
      below.insert(below.end(), wished.begin(), wished.end());
      wished = std::move(below);
    }
    for (const auto& word : wished) {
      auto [spelt, why] = spell(word, limits_);
      if (!why.empty()) out.replaced = why;
      out.to.push_back(std::move(spelt));
    }
    if (is_inbox(out.to)) out.to = {"INBOX"};
    if (!explicitly) make_single(out);
    find_plain(out);
    taken_.insert(identity(out.to));
    return out;
  }

 private:
  std::string identity(const mail::FolderPath& path) const {
    const auto joined = join_path(path);
    return limits_.ignores_case ? lower(joined) : joined;
  }

  // An earlier run had to make it under its plain spelling.
  void find_plain(MappedFolder& mapped_folder) const {
    auto found = mail::path_there(mapped_folder.to,
                                  [&](const mail::FolderPath& path) { return there_.contains(path); });
    if (found == mapped_folder.to) return;
    mapped_folder.to = std::move(found);
    mapped_folder.replaced = "it is there under this name, which any server takes";
  }

  void make_single(MappedFolder& mapped_folder) {
    const auto wished = mapped_folder.to.back();
    for (int n = 2; taken_.contains(identity(mapped_folder.to)); ++n) {
      mapped_folder.to.back() = fmt::format("{} ({})", wished, n);
      mapped_folder.replaced = "another folder has that name there already";
    }
  }

  const MappingRules& rules_;
  const NamingLimits& limits_;
  std::set<mail::FolderPath> there_;
  std::set<std::string> taken_;
};

}  // namespace

std::vector<MappedFolder> map_folders(const std::vector<mail::Folder>& source,
                                      const std::vector<mail::Folder>& destination, const MappingRules& rules,
                                      const NamingLimits& limits) {
  // Who meets a folder by right (INBOX, a role, the map) is named first, so that nobody else takes its name.
  Namer namer(rules, limits, destination);
  std::vector<MappedFolder> out(source.size());
  const auto by_right = [&](const mail::Folder& folder) {
    return is_inbox(folder.path) || folder.role != mail::Role::none ||
           mapped(folder.path, rules.map).has_value();
  };
  for (const bool first : {true, false}) {
    for (std::size_t i = 0; i < source.size(); ++i) {
      if (by_right(source[i]) == first) out[i] = namer.name(source[i], destination);
    }
  }
  return out;
}

std::string original_word(const std::string& word) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (reads_like_an_escape(word, i)) {
      const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
      out += static_cast<char>(digit(word[i + 1]) * 16 + digit(word[i + 2]));
      i += 2;
    } else {
      out += word[i];
    }
  }
  return out;
}

}  // namespace postferry::engine
