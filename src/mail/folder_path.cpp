#include <postferry/mail/folder_path.h>

namespace postferry::mail {
namespace {

bool is_escapable(char c) { return c == '/' || c == '\\'; }

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

}  // namespace postferry::mail
