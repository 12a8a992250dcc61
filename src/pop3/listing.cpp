#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/pop3/session.h>

#include "pipe.h"

namespace postferry::pop3 {
namespace {

// More of a UIDL than any identity has, so that a hostile one costs no memory and is still seen to be too
// long.
constexpr std::size_t uidl_kept = 1024;

// "12 rest" as a message number, which begins at 1, and the rest without the blanks around it.
struct Numbered {
  unsigned number = 0;
  std::string_view rest;
};

Numbered numbered(std::string_view line, const char* verb) {
  const auto begin = std::min(line.find_first_not_of(' '), line.size());
  const auto end = std::min(line.find(' ', begin), line.size());
  const auto number = parse_number(line.substr(begin, end - begin));
  if (!number || *number == 0 || *number > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(Cause::protocol, Blast::session, Retry::now,
                fmt::format("{}: this line has no message number: {}", verb, printable(line, 100)));
  }
  auto rest = line.substr(end);
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  rest = rest.substr(0, rest.find_last_not_of(" \t") + 1);
  return {static_cast<unsigned>(*number), rest};
}

// Servers list in order; one that does not is put in order here.
void in_order(std::vector<Drop>& drops) {
  const auto less = [](const Drop& a, const Drop& b) { return a.number < b.number; };
  if (!std::is_sorted(drops.begin(), drops.end(), less)) std::stable_sort(drops.begin(), drops.end(), less);
}

std::vector<Drop> read_uidls(Session::Pipe& pipe) {
  std::vector<Drop> drops;
  pipe.lines([&](std::string_view line) {
    const auto [number, rest] = numbered(line, "UIDL");
    drops.push_back({number, std::string(rest.substr(0, uidl_kept)), {}});
  });
  in_order(drops);
  const auto twice = std::adjacent_find(drops.begin(), drops.end(),
                                        [](const Drop& a, const Drop& b) { return a.number == b.number; });
  if (twice == drops.end()) return drops;
  throw Error(Cause::protocol, Blast::session, Retry::now,
              fmt::format("UIDL: message {} is listed twice", twice->number));
}

// LIST's answer: gives the drops their sizes; what only LIST has joins them, without a UIDL.
void read_sizes(Session::Pipe& pipe, std::vector<Drop>& drops) {
  const auto known = static_cast<std::ptrdiff_t>(drops.size());
  std::vector<Drop> others;
  pipe.lines([&](std::string_view line) {
    const auto [number, rest] = numbered(line, "LIST");
    const auto bytes = parse_number(rest.substr(0, rest.find(' ')));
    const auto end = drops.begin() + known;
    const auto found = std::lower_bound(
        drops.begin(), end, number, [](const Drop& drop, unsigned wanted) { return drop.number < wanted; });
    if (found != end && found->number == number) {
      found->size = bytes;
    } else {
      others.push_back({number, {}, bytes});
    }
  });
  if (others.empty()) return;
  in_order(others);
  const auto same = [](const Drop& a, const Drop& b) { return a.number == b.number; };
  others.erase(std::unique(others.begin(), others.end(), same), others.end());
  drops.insert(drops.end(), others.begin(), others.end());
  in_order(drops);
}

// The first two words.
std::pair<std::string_view, std::string_view> two_words(std::string_view text) {
  const auto end = std::min(text.find(' '), text.size());
  const auto rest = text.substr(std::min(end + 1, text.size()));
  return {text.substr(0, end), rest.substr(0, rest.find(' '))};
}

Stat read_stat(const Status& status) {
  Stat stat;
  const auto [messages, bytes] = two_words(status.text);
  const auto count = parse_number(messages);
  if (!count || *count > std::numeric_limits<std::uint32_t>::max()) return stat;
  stat.messages = static_cast<std::uint32_t>(*count);
  stat.bytes = parse_number(bytes);
  return stat;
}

}  // namespace

Listing Session::list() {
  return pipe_->alive([](Pipe& pipe) {
    const bool together = pipe.window() > 1;
    if (together)
      pipe.write(fmt::format("{}STAT\r\nUIDL\r\nLIST\r\n", pipe.capa_is_due ? "CAPA\r\n" : ""), false);
    if (pipe.capa_is_due) pipe.read_capabilities();
    const auto ask = [&](std::string_view verb) {
      if (!together) pipe.send(verb);
      return pipe.answer();
    };

    Listing out;
    const auto stat = ask("STAT");
    if (!stat.ok()) throw refusal(stat, Moment::listing, "STAT");
    out.stat = read_stat(stat);
    pipe.stat = out.stat;
    const auto uidl = ask("UIDL");
    if (uidl.kind == Status::Kind::nonsense || is_temporary(uidl)) {
      throw refusal(uidl, Moment::listing, "UIDL");
    }
    pipe.has_uidl = uidl.ok();
    if (uidl.ok()) out.drops = read_uidls(pipe);
    const auto list = ask("LIST");
    if (list.kind == Status::Kind::nonsense || (!list.ok() && !uidl.ok())) {
      throw refusal(list, Moment::listing, "LIST");
    }
    if (list.ok()) read_sizes(pipe, out.drops);
    return out;
  });
}

}  // namespace postferry::pop3
