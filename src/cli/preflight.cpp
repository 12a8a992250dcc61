#include "preflight.h"

#include <cmath>

#include <fmt/format.h>

#include <postferry/base/text.h>

#include "pattern.h"
#include "when.h"

namespace postferry::cli {
namespace {

std::string shown(const mail::FolderPath& path) { return printable(mail::join_path(path), 200); }

std::string line_of(const engine::MappedFolder& one) {
  auto out = fmt::format("  {} -> {}", shown(one.from.path), shown(one.to));
  if (!one.from.selectable) return out + ": holds no mail";
  out += ": " + counted(one.from.messages, "message", "messages");
  if (one.from.bytes) out += ", " + human_bytes(one.from.bytes);
  if (one.existing_twin) out += fmt::format(" (the {} folder there)", role_word(one.from.role));
  if (!one.replaced.empty()) out += fmt::format(" (another name: {})", one.replaced);
  return out;
}

codec::Json json_of(const Preflight& preflight, const engine::MappedFolder& one) {
  auto out = codec::Json::object();
  out.add("event", "planned").add("account", preflight.from).add("folder", mail::join_path(one.from.path));
  out.add("to", mail::join_path(one.to)).add("messages", one.from.messages).add("bytes", one.from.bytes);
  out.add("selectable", one.from.selectable).add("by_role", one.existing_twin);
  if (!one.replaced.empty()) out.add("replaced", one.replaced);
  return out;
}

void tell_json(Console& console, const Preflight& preflight) {
  for (const auto& one : preflight.folders) console.json(json_of(preflight, one));
  for (const auto& folder : preflight.left_out) {
    console.json(codec::Json::object()
                     .add("event", "planned")
                     .add("account", preflight.from)
                     .add("folder", mail::join_path(folder.path))
                     .add("left_out", true));
  }
  auto out = codec::Json::object();
  out.add("event", "preflight").add("account", preflight.from).add("to", preflight.to);
  out.add("folders", std::uint64_t{preflight.folders.size()});
  out.add("messages", preflight.time.messages).add("bytes", preflight.time.bytes);
  out.add("seconds_at_100_mbit", static_cast<std::uint64_t>(std::llround(preflight.time.seconds(100))));
  if (const auto days = preflight.time.days()) out.add("days_at_least", *days);
  if (preflight.traits.quota_left) out.add("quota_left", *preflight.traits.quota_left);
  if (preflight.traits.append_limit) out.add("append_limit", *preflight.traits.append_limit);
  console.json(out);
}

std::string totals(const Preflight& preflight) {
  auto out = fmt::format("{} into {}: {} in {}", printable(preflight.from, 200), printable(preflight.to, 200),
                         counted(preflight.time.messages, "message", "messages"),
                         counted(preflight.folders.size(), "folder", "folders"));
  if (preflight.time.bytes) out += ", " + human_bytes(preflight.time.bytes);
  if (preflight.traits.quota_left) out += fmt::format("; room there for {}", human_bytes(*preflight.traits.quota_left));
  if (preflight.traits.append_limit)
    out += fmt::format("; at most {} a message", human_bytes(*preflight.traits.append_limit));
  return out;
}

std::string time_line(const Preflight& preflight) {
  const auto words = preflight.time.in_words();
  return words.empty() ? "" : "  time: " + words;
}

void warn_of_quota(Console& console, const Preflight& preflight) {
  const auto left = preflight.traits.quota_left;
  if (!left || *left >= preflight.time.bytes) return;
  console.warn(fmt::format("{}: the quota leaves {}, but the mail to move may be {}", printable(preflight.to, 200),
                           human_bytes(*left), human_bytes(preflight.time.bytes)));
}

// Lists and takes nothing.
class Sizes final : public mail::Chooser, public mail::Arrivals {
 public:
  Sizes(Console& console, const mail::Folder& folder, const Selection& selection, std::uint64_t limit)
      : console_(console), folder_(folder), selection_(selection), limit_(limit) {}

  bool wants_all() const override { return false; }
  void choose(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) override {
    out.assign(page.size(), mail::Choice::leave);
    for (const auto& meta : page) {
      if (meta.size && *meta.size > limit_ && !selection_.leaves_out(meta.received, meta.size)) tell(meta);
    }
  }
  bool held_by_header(const mail::Meta&, const mail::HeaderId&, const std::optional<mail::MatchKey>&) override {
    return true;
  }
  void listed(std::uint64_t) override {}
  void arrived(mail::Message) override {}
  void unavailable(const mail::Meta&, const mail::Headline&, mail::Outcome, const Error*) override {}
  void span_done(mail::Span) override {}
  void note(const std::string&) override {}

  std::uint64_t found = 0;

 private:
  void tell(const mail::Meta& meta) {
    ++found;
    const auto name = mail::join_path(folder_.path);
    console_.warn(fmt::format("{} uid {}: {} is more than the {} that the destination takes", printable(name, 200),
                              meta.ref.number, human_bytes(*meta.size), human_bytes(limit_)));
    console_.json(codec::Json::object()
                      .add("event", "too_large")
                      .add("folder", name)
                      .add("uid", std::uint64_t{meta.ref.number})
                      .add("size", *meta.size));
  }

  Console& console_;
  const mail::Folder& folder_;
  const Selection& selection_;
  const std::uint64_t limit_;
};

}  // namespace

void tell(Console& console, const Preflight& preflight, bool dry_run) {
  if (console.is_json()) {
    tell_json(console, preflight);
  } else if (dry_run) {
    console.line(totals(preflight) + " (nothing is changed)");
    if (const auto line = time_line(preflight); !line.empty()) console.line(line);
    for (const auto& one : preflight.folders) console.line(line_of(one));
    for (const auto& folder : preflight.left_out) console.line(fmt::format("  {}: left out", shown(folder.path)));
  } else {
    console.said(totals(preflight));
    if (const auto line = time_line(preflight); !line.empty()) console.said(line);
    for (const auto& one : preflight.folders) {
      one.replaced.empty() ? console.detail(line_of(one)) : console.said(line_of(one));
    }
  }
  warn_of_quota(console, preflight);
}

std::uint64_t tell_too_large(Console& console, mail::MailSource& source, const engine::Plan& plan,
                             const Selection& selection, std::uint64_t limit, std::stop_token stop) {
  std::uint64_t found = 0;
  for (const auto& task : plan.tasks) {
    if (!task.folder.selectable || task.folder.messages == 0) continue;
    Sizes sizes(console, task.folder, selection, limit);
    const auto reader = source.open(task.folder, stop);
    reader->begin();
    reader->scan({}, sizes, sizes);
    found += sizes.found;
  }
  return found;
}

}  // namespace postferry::cli
