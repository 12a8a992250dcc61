#include <atomic>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/endpoints/archive_source.h>

#include "backup_account.h"
#include "choose_snapshot.h"
#include "commands.h"
#include "compare_side.h"
#include "entry_view.h"
#include "insist.h"
#include "network.h"
#include "pattern.h"
#include "place_folders.h"
#include "progress.h"
#include "push.h"
#include "when.h"

namespace postferry::cli {
namespace {

constexpr std::size_t budget_bytes = 8u << 20;

[[noreturn]] void refuse(const std::string& what) { throw Error(Cause::config, Blast::run, Retry::never, what); }

bool is_account(const std::string& word, const config::Config& config) {
  return config.accounts.contains(word) || word.find("://") != std::string::npos;
}

struct Sums {
  std::uint64_t a = 0, b = 0, same = 0, only_a = 0, only_b = 0, flags = 0, date = 0, content = 0, unread = 0;
  bool whole() const { return only_a == 0 && content == 0 && unread == 0; }
  Sums& operator+=(const Sums& o) {
    a += o.a, b += o.b, same += o.same, only_a += o.only_a, only_b += o.only_b, flags += o.flags;
    date += o.date, content += o.content, unread += o.unread;
    return *this;
  }
};

void add_sums(codec::Json& to, const Sums& sums) {
  to.add("messages_a", sums.a).add("messages_b", sums.b).add("same", sums.same);
  to.add("only_a", sums.only_a).add("only_b", sums.only_b).add("other_content", sums.content);
  to.add("other_flags", sums.flags).add("other_date", sums.date).add("unread", sums.unread);
}

std::string in_words(const Sums& sums) {
  auto out = fmt::format("{} in A, {} in B", grouped(sums.a), grouped(sums.b));
  const std::pair<std::uint64_t, const char*> kinds[] = {{sums.only_a, "only in A"},
                                                        {sums.only_b, "only in B"},
                                                        {sums.content, "with another content"},
                                                        {sums.flags, "with other flags"},
                                                        {sums.date, "with another date"},
                                                        {sums.unread, "could not be read"}};
  bool any = false;
  for (const auto& [count, what] : kinds) {
    if (count == 0) continue;
    out += fmt::format("{} {} {}", any ? "," : ":", grouped(count), what);
    any = true;
  }
  return any ? out : out + ": all the same";
}

// Holds what both sides need, in the order in which it must live.
class Comparison {
 public:
  explicit Comparison(Program& program)
      : program_(program),
        console_(program.console),
        selection_(program.options),
        network_(program.options, program.clock),
        transcript_(program.options.trace_file.empty() ? nullptr : net::file_transcript(program.options.trace_file)),
        budget_(budget_bytes),
        view_(program.console, "compare") {}

  Exit run() {
    open_sides();
    const auto places = places_of_a();
    check_patterns();
    if (!console_.is_json()) {
      console_.line(fmt::format("A is {}, B is {}; {}", printable(a_.name, 200), printable(b_.name, 200),
                                program_.options.deep ? "bodies are read" : "headers and sizes are compared"));
    }
    for (const auto& [key, place] : places) compare_place(place);
    return finish();
  }

 private:
  // Folders of A that have one place in B; and that one, if it is there.
  struct Place {
    mail::FolderPath to;
    std::vector<std::size_t> a;
    std::optional<std::size_t> b;
  };

  endpoints::Tools tools() {
    return {.dialer = network_.dialer(),
            .budget = budget_,
            .clock = program_.clock,
            .work_folder = std::filesystem::temp_directory_path(),
            .timeouts = timeouts_of(program_.options),
            .transcript = transcript_.get(),
            .max_sessions = 1,
            .stays_signed_in = true};
  }

  void open_sides() {
    const auto& words = program_.options.words;
    for (const bool first : {true, false}) {
      if (is_account(words[first ? 0 : 1], program_.config))
        (first ? account_a_ : account_b_) = find_account(words[first ? 0 : 1], program_.config, program_.options);
    }
    make_secrets();
    open_side(a_, words[0], account_a_, 0);
    open_side(b_, words[1], account_b_, account_a_ ? 1 : 0);
  }

  void make_secrets() {
    const auto& options = program_.options;
    const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
    std::vector<config::Account> from;
    if (account_a_) from.push_back(*account_a_);
    auto commands = options.password_command, to_commands = options.to_password_command;
    if (!account_a_) to_commands.insert(to_commands.end(), commands.begin(), commands.end()), commands.clear();
    if (!account_b_) to_commands.clear();
    secrets_.emplace(from,
                     Secrets::Surroundings{commands, program_.passwords, credentials ? credentials : "",
                                           terminal_prompt(program_.stop), to_commands},
                     account_b_);
  }

  void open_side(CompareSide& side, const std::string& word, const std::optional<config::Account>& account,
                 std::size_t secret) {
    if (account) {
      secrets_->reveal(secret);
      side.name = account->id();
      side.source = endpoints::make_source(*account, {[this, secret] { return secrets_->reveal(secret); }}, tools());
    } else {
      open_snapshot(side, word);
    }
    side.folders = insist(program_, limits_of(program_.options, {}), view_,
                          [&] { return side.source->folders(program_.stop); });
  }

  void open_snapshot(CompareSide& side, const std::string& word) {
    auto& archive = archives_[&side == &a_ ? 0 : 1].emplace(open_archive(program_, find_archive(word, program_.config)));
    const auto chosen = choose_snapshots(program_, *archive.archive, program_.options.snapshot);
    need_one_account(chosen.snapshots, false);
    if (chosen.snapshots.empty())
      throw Error(Cause::missing, Blast::run, Retry::never, "the archive holds no snapshot yet");
    const auto& snapshot = chosen.snapshots.front();
    say_if_incomplete(program_, snapshot);
    side.name = fmt::format("{} (snapshot {})", snapshot.account, short_id(snapshot));
    endpoints::ArchiveReading reading{.only_present = program_.options.only_present};
    reading.work_folder = std::filesystem::temp_directory_path();
    reading.damaged = [this] { damaged_ = true; };
    side.source = endpoints::archive_source(*archive.archive, snapshot, reading, budget_);
  }

  // What a migration of A into B would make of the names.
  mail::DestinationTraits traits_of_b() {
    mail::DestinationTraits out;
    if (!b_.folders.empty() && b_.folders.front().delimiter) out.delimiter = b_.folders.front().delimiter;
    if (!account_b_ || account_b_->protocol != config::Protocol::imap) return out;
    const auto secret = std::size_t{account_a_ ? 1u : 0u};
    const auto there =
        endpoints::make_destination(*account_b_, {[this, secret] { return secrets_->reveal(secret); }}, tools());
    return insist(program_, limits_of(program_.options, {}), view_, [&] { return there->traits(program_.stop); });
  }

  static std::string key_of(const mail::FolderPath& path) {
    const auto text = mail::join_path(path);
    return equal_ignoring_case(text, "INBOX") ? "INBOX" : text;
  }

  std::map<std::string, Place> places_of_a() {
    std::map<std::string, std::size_t> number_a;
    for (std::size_t i = 0; i < a_.folders.size(); ++i) number_a.emplace(a_.folders[i].wire_name, i);
    std::map<std::string, Place> out;
    for (const auto& one : place_folders(a_.folders, b_.folders, mapping_rules(program_.options), traits_of_b())) {
      auto& place = out[key_of(one.to)];
      place.to = one.to;
      if (selection_.takes_folder(one.from.path, one.from.role) && one.from.selectable)
        place.a.push_back(number_a.at(one.from.wire_name));
    }
    for (std::size_t i = 0; i < b_.folders.size(); ++i) {
      auto& place = out[key_of(b_.folders[i].path)];
      if (place.to.empty()) place.to = b_.folders[i].path;
      if (b_.folders[i].selectable) place.b = i;
    }
    // of B, with a selection, only what has a part in it
    if (!program_.options.folder.empty() || !program_.options.exclude.empty())
      std::erase_if(out, [](const auto& one) { return one.second.a.empty(); });
    return out;
  }

  void check_patterns() const {
    if (const auto idle = selection_.idle_folder_patterns(); !idle.empty())
      refuse(fmt::format("--folder {}: there is no such folder", printable(idle.front(), 120)));
  }

  void compare_place(const Place& place) {
    if (place.a.empty() && !place.b) return;
    program_.check_stop();
    Sums sums;
    std::vector<Item> a, b;
    const auto unread = [&](const mail::Folder& folder, const mail::Meta& meta, const std::string& why) {
      ++sums.unread;
      tell_unread(folder, meta, why);
    };
    const Reading reading{.deep = program_.options.deep, .selection = selection_};
    for (const auto number : place.a) read_side(a_, number, reading, unread, sums, a);
    if (place.b) read_side(b_, *place.b, reading, unread, sums, b);
    sums.a = a.size(), sums.b = b.size();
    auto pairing = pair_up(a, b);
    std::vector<Item> deep_a, deep_b;
    if (!reading.deep && has_doubt(pairing)) {
      for (const auto number : place.a) read_side(a_, number, doubtful(number, pairing, true), unread, sums, deep_a);
      if (place.b) read_side(b_, *place.b, doubtful(*place.b, pairing, false), unread, sums, deep_b);
      auto looked = pair_up(deep_a, deep_b);
      looked.same.insert(looked.same.end(), pairing.same.begin(), pairing.same.end());
      pairing = std::move(looked);
    }
    tell_all(pairing, sums);
    tell_place(place, sums);
    total_ += sums;
  }

  // Two servers may tell different sizes of one message (line ends at its end, say): what headers and sizes leave
  // on both sides is read.
  static bool has_doubt(const Pairing& pairing) {
    return !pairing.other.empty() || (!pairing.only_a.empty() && !pairing.only_b.empty());
  }

  Reading doubtful(std::size_t folder, const Pairing& pairing, bool of_a) const {
    Reading out{.deep = true, .selection = selection_, .only = std::set<std::uint32_t>{}};
    const auto add = [&](const Item* item) {
      if (item->folder == folder) out.only->insert(item->meta.ref.number);
    };
    for (const auto& [a, b] : pairing.other) add(of_a ? a : b);
    for (const auto* one : of_a ? pairing.only_a : pairing.only_b) add(one);
    return out;
  }

  void read_side(CompareSide& side, std::size_t number, const Reading& reading, const Unread& unread, Sums& sums, std::vector<Item>& out) {
    try {
      read_items(program_, side, number, reading, unread, out);
    } catch (const Error& error) {
      if (error.blast > Blast::folder) throw;
      ++sums.unread;
      tell_problem(side.folders[number], error.what());
    }
  }

  void tell_all(const Pairing& pairing, Sums& sums) {
    sums.same = pairing.same.size();
    for (const auto& [a, b] : pairing.same) {
      const bool compares_flags = a_.source->traits().has_flags && b_.source->traits().has_flags;
      if (compares_flags && a->meta.flags != b->meta.flags) ++sums.flags, tell("flags", *a, b);
      const auto &mine = a->meta.received, &theirs = b->meta.received;
      if (mine && theirs && mine->at != theirs->at && can_be(mine->at)) ++sums.date, tell("date", *a, b);
    }
    for (const auto& [a, b] : pairing.other) ++sums.content, tell("content", *a, b);
    for (const auto* one : pairing.only_a) ++sums.only_a, tell("only_a", *one, nullptr);
    for (const auto* one : pairing.only_b) ++sums.only_b, tell("only_b", *one, nullptr);
  }

  // A date that cannot be is not carried over (engine/outgoing.cpp), which is no difference.
  bool can_be(std::chrono::sys_seconds at) const {
    using namespace std::chrono;
    return at >= sys_days(year(1980) / January / 1) && at <= program_.clock.now();
  }

  void tell(const char* kind, const Item& item, const Item* other) {
    const std::string_view what = kind;
    const auto& side = what == "only_b" ? b_ : a_;
    const auto name = mail::join_path(side.folders[item.folder].path);
    if (!console_.is_json()) {
      std::string more;
      if (what == "flags") more = fmt::format(" ({} and {})", flag_text(item), flag_text(*other));
      if (what == "date") more = fmt::format(" (in B {})", shown_date(other->meta.received));
      const auto& head = item.headline;
      console_.line(fmt::format("{:<8} {} uid {}: {}, {}{}{}", what, printable(name, 200), item.meta.ref.number,
                                shown_date(item.meta.received), human_bytes(item.meta.size.value_or(0)),
                                head.subject.empty() && head.from.empty()
                                    ? ""
                                    : fmt::format(", {}, \"{}\"", printable(head.from, 100), printable(head.subject, 160)),
                                more));
      return;
    }
    auto out = codec::Json::object();
    out.add("event", "difference").add("kind", kind).add("folder", name);
    out.add("uid", std::uint64_t{item.meta.ref.number});
    if (!item.meta.ref.uidl.empty()) out.add("uidl", item.meta.ref.uidl);
    if (other) {
      out.add("folder_b", mail::join_path(b_.folders[other->folder].path));
      out.add("uid_b", std::uint64_t{other->meta.ref.number});
    }
    if (item.meta.size) out.add("size", *item.meta.size);
    if (item.meta.received) out.add("date", rfc3339(item.meta.received->at, item.meta.received->zone));
    if (other && what == "date") out.add("date_b", rfc3339(other->meta.received->at, other->meta.received->zone));
    if (what == "flags") out.add("flags", flag_text(item)).add("flags_b", flag_text(*other));
    if (item.content) add_headline(out, item.headline);
    console_.json(out);
  }

  static std::string flag_text(const Item& item) {
    std::string out;
    for (const auto& word : flag_words(item.meta.flags)) out += (out.empty() ? "" : " ") + word;
    for (const auto& word : item.meta.flags.keywords) out += (out.empty() ? "" : " ") + word;
    return out.empty() ? "no flags" : printable(out, 300);
  }

  void tell_unread(const mail::Folder& folder, const mail::Meta& meta, const std::string& why) {
    console_.error(fmt::format("{} uid {}: {}", printable(mail::join_path(folder.path), 200), meta.ref.number, why));
    console_.json(codec::Json::object()
                      .add("event", "difference")
                      .add("kind", "unread")
                      .add("folder", mail::join_path(folder.path))
                      .add("uid", std::uint64_t{meta.ref.number})
                      .add("reason", why));
  }

  void tell_problem(const mail::Folder& folder, const std::string& why) {
    console_.error(why);
    console_.json(codec::Json::object()
                      .add("event", "difference")
                      .add("kind", "unread")
                      .add("folder", mail::join_path(folder.path))
                      .add("reason", why));
  }

  void tell_place(const Place& place, const Sums& sums) {
    std::string names;
    auto list = codec::Json::array();
    for (const auto number : place.a) {
      const auto name = mail::join_path(a_.folders[number].path);
      names += (names.empty() ? "" : ", ") + printable(name, 200);
      list.add(codec::Json(name));
    }
    const auto to = mail::join_path(place.to);
    if (!console_.is_json()) {
      const auto shown = names.empty() || names == printable(to, 200) ? printable(to, 200) : names + " -> " + printable(to, 200);
      console_.line(fmt::format("{}: {}{}", shown, in_words(sums), place.b ? "" : " (B has no such folder)"));
      return;
    }
    auto out = codec::Json::object();
    out.add("event", "folder").add("folders_a", list).add("folder_b", to).add("there", place.b.has_value());
    add_sums(out, sums);
    console_.json(out);
  }

  Exit finish() {
    const auto exit = damaged_ ? Exit::damaged : total_.whole() ? Exit::complete : Exit::partly;
    if (console_.is_json()) {
      auto out = codec::Json::object();
      out.add("event", "summary").add("a", a_.name).add("b", b_.name).add("deep", program_.options.deep);
      add_sums(out, total_);
      console_.json(out.add("complete", total_.whole()).add("exit", static_cast<int>(exit)));
    } else {
      console_.line(fmt::format("{}: {}", in_words(total_), total_.whole() ? "B holds all of A" : "B does not hold all of A"));
    }
    return exit;
  }

  Program& program_;
  Console& console_;
  Selection selection_;
  const Network network_;
  std::unique_ptr<net::Transcript> transcript_;
  ByteBudget budget_;
  ProgressView view_;
  std::optional<config::Account> account_a_, account_b_;
  std::optional<Secrets> secrets_;
  std::optional<OpenArchive> archives_[2];
  std::atomic<bool> damaged_{false};
  CompareSide a_, b_;
  Sums total_;
};

}  // namespace

Exit compare(Program& program) { return Comparison(program).run(); }

}  // namespace postferry::cli
