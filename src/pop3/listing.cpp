#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/pop3/session.h>

#include "pipe.h"

namespace postferry::pop3 {
namespace {

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

// The drop numbered so, made if it is not there. Servers list in order, so that it is the next one, or the
// last.
Drop& drop_of(std::vector<Drop>& drops, unsigned number, std::size_t& hint) {
  if (hint < drops.size() && drops[hint].number == number) return drops[hint++];
  if (drops.empty() || drops.back().number < number) {
    drops.push_back({number, {}, {}});
    hint = drops.size();
    return drops.back();
  }
  const auto place = std::lower_bound(drops.begin(), drops.end(), number,
                                      [](const Drop& d, unsigned n) { return d.number < n; });
  hint = static_cast<std::size_t>(place - drops.begin()) + 1;
  return place->number == number ? *place : *drops.insert(place, Drop{number, {}, {}});
}

}  // namespace

std::optional<std::uint32_t> Session::count() {
  return pipe_->alive([](Pipe& pipe) -> std::optional<std::uint32_t> {
    pipe.send("STAT");
    const auto status = pipe.answer();
    if (!status.ok()) throw refusal(status, Moment::listing, "STAT");
    const auto number = parse_number(std::string_view(status.text).substr(0, status.text.find(' ')));
    if (!number || *number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
  });
}

std::vector<Drop> Session::list() {
  return pipe_->alive([](Pipe& pipe) {
    std::vector<Drop> drops;
    const bool both = pipe.window() > 1;
    pipe.write(both ? "UIDL\r\nLIST\r\n" : "UIDL\r\n", false);

    const auto uidl = pipe.answer();
    if (uidl.kind == Status::Kind::nonsense || is_temporary(uidl))
      throw refusal(uidl, Moment::listing, "UIDL");
    pipe.has_uidl = uidl.ok();
    std::size_t hint = 0;
    if (uidl.ok()) {
      pipe.lines([&](std::string_view line) {
        const auto [number, rest] = numbered(line, "UIDL");
        auto& drop = drop_of(drops, number, hint);
        if (!drop.uidl.empty()) {
          throw Error(Cause::protocol, Blast::session, Retry::now,
                      fmt::format("UIDL: message {} is listed twice", number));
        }
        drop.uidl = rest;
      });
    }

    if (!both) pipe.send("LIST");
    const auto list = pipe.answer();
    if (list.kind == Status::Kind::nonsense || (!list.ok() && !uidl.ok()))
      throw refusal(list, Moment::listing, "LIST");
    hint = 0;
    if (list.ok()) {
      pipe.lines([&](std::string_view line) {
        const auto [number, rest] = numbered(line, "LIST");
        drop_of(drops, number, hint).size = parse_number(rest.substr(0, rest.find(' ')));
      });
    }
    return drops;
  });
}

}  // namespace postferry::pop3
