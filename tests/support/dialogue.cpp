#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

#include <fmt/format.h>

#include "support/scripted_stream.h"

namespace postferry::test {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// After "S:" or "C:": one blank belongs to the notation.
std::string spoken(std::string_view rest) {
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return unescape(rest);
}

// "300*x": so many of it.
std::optional<std::string> repeated(std::string_view word) {
  std::size_t count = 0;
  const auto [end, bad] = std::from_chars(word.data(), word.data() + word.size(), count);
  const auto used = static_cast<std::size_t>(end - word.data());
  if (bad != std::errc{} || word.size() < used + 2 || word[used] != '*' || count > 1u << 20) return {};
  std::string out;
  for (; count > 0; --count) out += word.substr(used + 1);
  return out;
}

bool act(Script& script, std::string_view word) {
  using Verb = Script& (Script::*)();
  static const std::map<std::string_view, Verb> verbs{
      {"close", &Script::close},      {"reset", &Script::reset},     {"stall", &Script::stall},
      {"tls", &Script::tls},          {"bad_tls", &Script::bad_tls}, {"refuse", &Script::refuse},
      {"lockstep", &Script::lockstep}};
  const auto found = verbs.find(word);
  if (found == verbs.end()) return false;
  (script.*found->second)();
  return true;
}

// False: no such line can be.
bool take(Dialogue& out, std::string_view line) {
  auto& script = out.connections.back();
  if (line.starts_with("S:")) return script.say(spoken(line.substr(2))), true;
  if (line.starts_with("S-")) return script.say_bytes(spoken(line.substr(2))), true;
  if (line.starts_with("C:")) return script.expect(spoken(line.substr(2))), true;
  if (line.starts_with("!")) return act(script, trimmed(line.substr(1)));
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  out.settings.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  return true;
}

}  // namespace

std::string unescape(std::string_view text) {
  static const std::map<std::string_view, std::string> words{{"CRLF", "\r\n"}, {"CR", "\r"},
                                                             {"LF", "\n"},     {"NUL", std::string(1, '\0')},
                                                             {"TAB", "\t"},    {"SP", " "}};
  std::string out;
  while (!text.empty()) {
    const auto end = text.front() == '<' ? text.find('>') : std::string_view::npos;
    if (end != std::string_view::npos) {
      const auto word = text.substr(1, end - 1);
      unsigned value = 0;
      const bool hex = word.size() == 3 && word.front() == 'x' &&
                       std::from_chars(word.data() + 1, word.data() + 3, value, 16).ptr == word.data() + 3;
      const auto known = words.find(word);
      const auto many = repeated(word);
      if (hex || many || known != words.end()) {
        out += hex ? std::string(1, static_cast<char>(value)) : many ? *many : known->second;
        text.remove_prefix(end + 1);
        continue;
      }
    }
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

Dialogue parse_dialogue(std::string_view text) {
  Dialogue out;
  out.connections.emplace_back();
  bool begun = false;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (trimmed(line).empty() || line.front() == '#') continue;
    if (trimmed(line) == "connection") {
      if (begun) out.connections.emplace_back();
    } else if (!take(out, line)) {
      throw std::invalid_argument(
          fmt::format("line {}: \"{}\" is neither S:, S-, C:, !, connection nor a setting", number, line));
    }
    for (const auto* mark : {"S:", "S-", "C:", "!", "connection"}) begun = begun || line.starts_with(mark);
  }
  return out;
}

Dialogue read_dialogue(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::invalid_argument(path + ": cannot be read");
  try {
    return parse_dialogue(std::string(std::istreambuf_iterator<char>(file), {}));
  } catch (const std::invalid_argument& problem) {
    throw std::invalid_argument(path + ": " + problem.what());
  }
}

std::vector<std::string> Dialogue::all(std::string_view word) const {
  std::vector<std::string> out;
  for (const auto& [name, value] : settings) {
    if (name == word) out.push_back(value);
  }
  return out;
}

std::optional<std::string> Dialogue::one(std::string_view word) const {
  for (const auto& [name, value] : settings) {
    if (name == word) return value;
  }
  return std::nullopt;
}

std::ostream& operator<<(std::ostream& out, const DialogueFile& file) { return out << file.name; }

std::vector<DialogueFile> dialogue_files(const std::string& folder, std::string_view extension) {
  std::vector<DialogueFile> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != extension) continue;
    auto name = entry.path().stem().native();
    std::replace(name.begin(), name.end(), '-', '_');
    out.push_back({name, entry.path().native()});
  }
  std::sort(out.begin(), out.end(),
            [](const DialogueFile& a, const DialogueFile& b) { return a.name < b.name; });
  return out;
}

}  // namespace postferry::test
