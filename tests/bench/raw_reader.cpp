// The physical limit of a pull: talks IMAP (or POP3) over a plain socket and throws the bytes away. Nothing
// is decoded but what is needed to find the end of an answer. Used by bench.py, in the same run as the tools
// it judges.
//
//   raw_reader imap PORT USER PASSWORD     EXAMINE and UID FETCH 1:* of every folder, two folders in flight
//   raw_reader pop3 PORT USER PASSWORD     UIDL, LIST, RETR pipelined by 64

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "raw_wire.h"

namespace {

struct Pulled {
  std::uint64_t messages = 0, bytes = 0;
};

// Reads to the tagged answer; literals are thrown away and counted.
template <class OnLine>
void answer(Wire& wire, const std::string& tag, Pulled& pulled, OnLine on_line) {
  for (;;) {
    const auto line = wire.line();
    if (line.starts_with(tag) && line.size() > tag.size() && line[tag.size()] == ' ') {
      if (line.substr(tag.size() + 1, 2) != "OK") give_up(std::string(line));
      return;
    }
    on_line(line);
    if (!line.ends_with('}')) continue;
    const auto open = line.rfind('{');
    const auto size = std::strtoull(line.data() + open + 1, nullptr, 10);
    wire.skip(size);
    pulled.bytes += size;
    ++pulled.messages;
  }
}

Pulled pull_imap(Wire& wire, const std::string& user, const std::string& password) {
  Pulled pulled, ignored;
  wire.line();
  wire.send("a LOGIN " + user + " " + password + "\r\n");
  answer(wire, "a", ignored, [](std::string_view) {});
  std::vector<std::string> folders;
  wire.send("b LIST \"\" \"*\"\r\n");
  answer(wire, "b", ignored, [&](std::string_view line) {
    const auto attributes_end = line.find(") ");
    if (!line.starts_with("* LIST (") || attributes_end == line.npos ||
        line.find("\\Noselect") < attributes_end)
      return;
    folders.emplace_back(line.substr(line.find(' ', attributes_end + 2) + 1));
  });
  const auto ask = [&](std::size_t i) {
    const auto n = std::to_string(i);
    wire.send("e" + n + " EXAMINE " + folders[i] + "\r\nf" + n +
              " UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n");
  };
  // an empty folder answers "UID FETCH 1:*" with OK on every server of ours; two folders are in flight
  if (!folders.empty()) ask(0);
  for (std::size_t i = 0; i < folders.size(); ++i) {
    if (i + 1 < folders.size()) ask(i + 1);
    answer(wire, "e" + std::to_string(i), ignored, [](std::string_view) {});
    answer(wire, "f" + std::to_string(i), pulled, [](std::string_view) {});
  }
  wire.send("z LOGOUT\r\n");
  answer(wire, "z", ignored, [](std::string_view) {});
  return pulled;
}

std::uint64_t multiline(Wire& wire) {
  if (!wire.line().starts_with("+OK")) give_up("-ERR");
  std::uint64_t bytes = 0;
  for (;;) {
    const auto line = wire.line();
    if (line == ".") return bytes;
    bytes += line.size() + 2;
  }
}

Pulled pull_pop3(Wire& wire, const std::string& user, const std::string& password) {
  Pulled pulled;
  wire.line();
  for (const auto& command : {"USER " + user, "PASS " + password}) {
    wire.send(command + "\r\n");
    if (!wire.line().starts_with("+OK")) give_up("-ERR to " + command.substr(0, 4));
  }
  wire.send("UIDL\r\n");
  multiline(wire);
  wire.send("STAT\r\n");
  const std::string stat(wire.line());
  const auto count = std::strtoull(stat.c_str() + 4, nullptr, 10);
  std::uint64_t asked = 0;
  for (std::uint64_t n = 1; n <= count; ++n) {
    std::string more;
    while (asked < count && asked < n + 63) more += "RETR " + std::to_string(++asked) + "\r\n";
    if (!more.empty()) wire.send(more);
    pulled.bytes += multiline(wire);
    ++pulled.messages;
  }
  wire.send("QUIT\r\n");
  wire.line();
  return pulled;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) give_up("usage: raw_reader imap|pop3 PORT USER PASSWORD");
  Wire wire(static_cast<std::uint16_t>(std::atoi(argv[2])));
  const auto pulled = std::string_view(argv[1]) == "imap" ? pull_imap(wire, argv[3], argv[4])
                                                          : pull_pop3(wire, argv[3], argv[4]);
  std::printf("%llu messages, %llu bytes\n", static_cast<unsigned long long>(pulled.messages),
              static_cast<unsigned long long>(pulled.bytes));
  return 0;
}
