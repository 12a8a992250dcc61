#include "pair_up.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace postferry::cli {
namespace {

using Content = std::tuple<std::optional<mail::CanonicalId>, mail::HeaderId, std::uint64_t>;

// The body's name if it was read; else all that is known without it.
Content content_of(const Item& item) {
  if (item.content) return {item.content, {}, 0};
  return {std::nullopt, item.header, item.meta.size.value_or(0)};
}

// What is left of a message whose subject was encoded or damaged: when it came, and what it says of date and sender.
std::optional<std::tuple<std::chrono::sys_seconds, std::string, std::string>> origin_of(const Item& item) {
  if (!item.meta.received || item.headline.date.empty()) return std::nullopt;
  return std::tuple(item.meta.received->at, item.headline.date, item.headline.from);
}

bool alike(const Item& a, const Item& b) {
  const auto at = [](const Item& item) { return item.meta.received ? item.meta.received->at : std::chrono::sys_seconds{}; };
  return a.meta.flags == b.meta.flags && at(a) == at(b);
}

// Pairs what has the same name, taking it out of both lists.
class Matcher {
 public:
  using Pairs = std::vector<std::pair<const Item*, const Item*>>;
  Matcher(std::vector<const Item*>& a, std::vector<const Item*>& b) : a_(a), b_(b) {}

  template <class Name, class Fits>
  void match(const Name& name, const Fits& fits, Pairs& pairs) {
    std::map<decltype(name(*a_.front())), std::vector<std::size_t>> by_name;
    for (std::size_t i = 0; i < b_.size(); ++i) by_name[name(*b_[i])].push_back(i);
    for (auto& one : a_) {
      const auto candidates = by_name.find(name(*one));
      if (candidates == by_name.end()) continue;
      auto& numbers = candidates->second;
      const auto hit = std::find_if(numbers.begin(), numbers.end(), [&](std::size_t i) { return fits(*one, *b_[i]); });
      if (hit == numbers.end()) continue;
      pairs.emplace_back(one, b_[*hit]);
      b_[*hit] = nullptr, one = nullptr;
      numbers.erase(hit);
    }
    std::erase(a_, nullptr);
    std::erase(b_, nullptr);
  }

  // Only names that are single on both sides.
  template <class Name>
  void match_single(const Name& name, Pairs& pairs) {
    std::map<decltype(name(*a_.front())), std::pair<unsigned, unsigned>> counts;
    for (const auto* one : a_) ++counts[name(*one)].first;
    for (const auto* one : b_) ++counts[name(*one)].second;
    match(name, [&](const Item& a, const Item&) { return name(a) && counts[name(a)] == std::pair{1u, 1u}; }, pairs);
  }

 private:
  std::vector<const Item*>& a_;
  std::vector<const Item*>& b_;
};

}  // namespace

Pairing pair_up(const std::vector<Item>& a, const std::vector<Item>& b) {
  Pairing out;
  for (const auto& one : a) out.only_a.push_back(&one);
  for (const auto& one : b) out.only_b.push_back(&one);
  Matcher matcher(out.only_a, out.only_b);
  matcher.match(content_of, alike, out.same);
  matcher.match(content_of, [](const Item&, const Item&) { return true; }, out.same);
  matcher.match_single([](const Item& one) { return std::optional(one.header); }, out.other);
  matcher.match_single([](const Item& one) { return one.key; }, out.other);
  matcher.match_single(origin_of, out.other);
  return out;
}

}  // namespace postferry::cli
