#include "compare_side.h"

#include <utility>

#include <postferry/base/error.h>

#include "backup_account.h"
#include "insist.h"

namespace postferry::cli {
namespace {

class Quiet final : public mail::EventSink {
 public:
  void on(const mail::Event&) override {}
};

class Collector final : public mail::Chooser, public mail::Arrivals {
 public:
  Collector(std::size_t number, const mail::Folder& folder, const Reading& reading, const Unread& unread,
            std::vector<Item>& out)
      : number_(number), folder_(folder), reading_(reading), unread_(unread), out_(out) {}

  bool wants_all() const override { return false; }
  void choose(std::span<const mail::Meta> page, std::vector<mail::Choice>& out) override {
    out.clear();
    for (const auto& meta : page) {
      const bool left_out = reading_.selection.leaves_out(meta.received, meta.size).has_value() ||
                            (reading_.only && !reading_.only->contains(meta.ref.number));
      out.push_back(left_out ? mail::Choice::leave : reading_.deep ? mail::Choice::fetch : mail::Choice::compare_header);
    }
  }
  bool held_by_header(const mail::Meta& meta, const mail::HeaderId& header,
                      const std::optional<mail::MatchKey>& key) override {
    out_.push_back({number_, meta, header, key, {}, {}});
    return true;
  }
  void listed(std::uint64_t) override {}
  void arrived(mail::Message message) override {
    auto& item = out_.emplace_back();
    item.folder = number_;
    item.meta = std::move(message.meta);
    item.header = message.digests.header;
    item.key = message.digests.match;
    if (reading_.deep) item.content = message.digests.canonical;
    item.headline = std::move(message.digests.headline);
  }
  void unavailable(const mail::Meta& meta, const mail::Headline&, mail::Outcome outcome, const Error* why) override {
    if (outcome == mail::Outcome::failed) unread_(folder_, meta, why->what());
  }
  void span_done(mail::Span) override {}
  void note(const std::string&) override {}

 private:
  const std::size_t number_;
  const mail::Folder& folder_;
  const Reading& reading_;
  const Unread& unread_;
  std::vector<Item>& out_;
};

}  // namespace

void read_items(const Program& program, CompareSide& side, std::size_t number, const Reading& reading,
                const Unread& unread, std::vector<Item>& out) {
  const auto& folder = side.folders[number];
  if (!folder.selectable) return;
  Quiet quiet;
  const auto limits = limits_of(program.options, {});
  Collector collector(number, folder, reading, unread, out);
  const auto reader = insist(program, limits, quiet, [&] {
    auto opened = side.source->open(folder, program.stop);
    opened->begin();
    return opened;
  });
  insist(program, limits, quiet, [&] { reader->scan({}, collector, collector); });
}

}  // namespace postferry::cli
