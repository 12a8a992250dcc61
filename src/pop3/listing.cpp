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
template <class Item, class Number>
void in_order(std::vector<Item>& items, Number number) {
  const auto less = [&](const Item& a, const Item& b) { return number(a) < number(b); };
  if (!std::is_sorted(items.begin(), items.end(), less)) std::stable_sort(items.begin(), items.end(), less);
}

std::vector<Drop> read_uidls(Session::Pipe& pipe) {
  std::vector<Drop> drops;
  pipe.lines([&](std::string_view line) {
    const auto [number, rest] = numbered(line, "UIDL");
    drops.push_back({number, std::string(rest.substr(0, uidl_kept)), {}});
  });
  in_order(drops, [](const Drop& drop) { return drop.number; });
  const auto twice = std::adjacent_find(drops.begin(), drops.end(),
                                        [](const Drop& a, const Drop& b) { return a.number == b.number; });
  if (twice == drops.end()) return drops;
  throw Error(Cause::protocol, Blast::session, Retry::now,
              fmt::format("UIDL: message {} is listed twice", twice->number));
}

struct Size {
  unsigned number = 0;
  std::optional<std::uint64_t> bytes;
};

std::vector<Size> read_sizes(Session::Pipe& pipe) {
  std::vector<Size> sizes;
  pipe.lines([&](std::string_view line) {
    const auto [number, rest] = numbered(line, "LIST");
    sizes.push_back({number, parse_number(rest.substr(0, rest.find(' ')))});
  });
  in_order(sizes, [](const Size& size) { return size.number; });
  return sizes;
}

// Gives the drops their sizes; what only LIST has joins them, without a UIDL.
void join(std::vector<Drop>& drops, const std::vector<Size>& sizes) {
  const auto known = drops.size();
  std::size_t at = 0;
  for (const auto& size : sizes) {
    while (at < known && drops[at].number < size.number) ++at;
    if (at < known && drops[at].number == size.number) {
      drops[at].size = size.bytes;
    } else if (drops.size() == known || drops.back().number != size.number) {
      drops.push_back({size.number, {}, size.bytes});
    }
  }
  in_order(drops, [](const Drop& drop) { return drop.number; });
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
    if (list.ok()) join(out.drops, read_sizes(pipe));
    return out;
  });
}

}  // namespace postferry::pop3
