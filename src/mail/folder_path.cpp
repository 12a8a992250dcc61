#include <postferry/mail/folder_path.h>

#include <cstddef>

#include <fmt/format.h>

namespace postferry::mail {
namespace {

bool is_escapable(char c) { return c == '/' || c == '\\'; }

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '=' || byte >= 0x80;
}

}  // namespace

std::string join_path(const FolderPath& path) {
  std::string out;
  for (const auto& word : path) {
    if (!out.empty()) out += '/';
    for (std::size_t i = 0; i < word.size(); ++i) {
      const bool doubtful = word[i] == '\\' && (i + 1 == word.size() || is_escapable(word[i + 1]));
      if (word[i] == '/' || doubtful) out += '\\';
      out += word[i];
    }
  }
  return out;
}

FolderPath split_path(std::string_view text) {
  FolderPath path(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && is_escapable(text[i + 1])) {
      path.back() += text[++i];
    } else if (text[i] == '/') {
      path.emplace_back();
    } else {
      path.back() += text[i];
    }
  }
  std::erase(path, "");
  return path;
}

std::string plain_word(const std::string& word) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const bool inside = i > 0 && i + 1 < word.size();
    if (is_plain(word[i]) || (inside && word[i] == ' ')) {
      out += word[i];
    } else {
      out += fmt::format("={:02X}", static_cast<unsigned char>(word[i]));
    }
  }
  return out;
}

FolderPath path_there(const FolderPath& path, const std::function<bool(const FolderPath&)>& there) {
  FolderPath out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    out.push_back(path[i]);
    if (there(out)) continue;
    out.back() = plain_word(path[i]);
    if (there(out)) continue;
    out.back() = path[i];
    out.insert(out.end(), path.begin() + static_cast<std::ptrdiff_t>(i) + 1, path.end());
    break;
  }
  return out;
}

}  // namespace postferry::mail
