#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <postferry/base/text.h>

#include "exit_status.h"
#include "options.h"

// The only file that knows CLI11: it takes seconds to compile.
namespace postferry::cli {
namespace {

constexpr const char* exits_reading =
    "Exit status: 0 complete, 1 failed (archive not there), 2 usage or configuration,\n"
    "5 the archive is damaged, 130 interrupted.";
constexpr const char* exits_backup =
    "Exit status: 0 complete (also: nothing to do), 1 failed (unknown host, certificate, disk full,\n"
    "archive not there), 2 usage or configuration, 3 finished, but some messages or folders failed or a\n"
    "listing is suspicious (they are listed), 4 the server refused the credentials, 5 the archive is\n"
    "damaged, 6 locked by another run, 75 come back later, 130 interrupted. With several accounts all\n"
    "are run; the worst of 5, 1, 2, 4, 3, 75 counts, 130 before all.";
constexpr const char* exits_push =
    "Exit status: 0 complete (also: nothing to do), 1 failed (unknown host, certificate, archive not\n"
    "there), 2 usage or configuration, 3 finished, but some messages or folders failed (they are listed;\n"
    "also: the destination is full), 4 a server refused the credentials, 5 the archive is damaged,\n"
    "6 locked by another run, 75 come back later, 130 interrupted.";
constexpr const char* exits_compare =
    "Exit status: 0 B holds all of A, 3 it does not (what is missing is listed), 1 failed, 2 usage or\n"
    "configuration, 4 a server refused the credentials, 5 the archive is damaged, 75 come back later,\n"
    "130 interrupted.";
constexpr const char* exits_config = "Exit status: 0 right, 2 wrong (the place is named).";

class Tree {
 public:
  Tree()
      : app_("postferry: mail backup and migration. Nothing lost, nothing twice, nothing silent.",
             "postferry") {
    app_.set_version_flag("--version", "postferry " POSTFERRY_VERSION);
    app_.set_help_flag("-h,--help", "This text, or that of a command");
    app_.require_subcommand(1);
    // what is said twice: the last word counts, so that a script's options can be overridden behind them
    app_.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app_.footer(
        "An account is a name from the configuration or an address: imaps://user@host[:port],\n"
        "imap://user@host (STARTTLS), pop3s://..., pop3://...; an archive is a name or a path.\n"
        "`postferry COMMAND --help` has the options of a command; postferry(1) everything.");
    common(app_);
    init();
    backup();
    migrate();
    restore();
    compare();
    run();
    snapshots();
    ls();
    show();
    diff();
    exported();
    check();
    accounts();
    config();
  }

  Parsed parse(int argc, const char* const* argv) {
    if (const auto word = unknown_command(argc, argv)) return told(*word);
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& what) {  // --help, --version
      app_.exit(what);
      return {std::fflush(stdout) == 0 ? 0 : static_cast<int>(Exit::failed), {}};
    } catch (const CLI::ParseError& error) {
      return told(complaint(error.what()));
    }
    options_.color = color_ == "always" ? When::always : color_ == "never" ? When::never : When::automatic;
    return {std::nullopt, options_};
  }

 private:
  CLI::App* command(const std::string& name, const std::string& help, Command which, const char* exits) {
    auto* sub = app_.add_subcommand(name, help);
    sub->set_help_flag("-h,--help", "This text");
    sub->footer(exits);
    sub->callback([this, which] { options_.command = which; });
    common(*sub);
    return sub;
  }

  void common(CLI::App& app) {
    app.add_flag("-v,--verbose", options_.verbose, "Say more (twice: still more)")->group("Everywhere");
    app.add_flag("-q,--quiet", options_.quiet, "Say nothing but errors")->group("Everywhere");
    app.add_flag("--json", options_.json, "One JSON object a line on stdout; the last is the summary")
        ->group("Everywhere");
    app.add_option("--color", color_, "auto, always or never (NO_COLOR counts too)")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->type_name("WHEN")
        ->group("Everywhere");
    app.add_option("--config", options_.config_file,
                   "Configuration, instead of ~/.config/postferry/config.toml")
        ->type_name("FILE")
        ->group("Everywhere");
    app.add_option("--log-file", options_.log_file, "Append what happens to this file")
        ->type_name("FILE")
        ->group("Everywhere");
    app.add_option("--trace", options_.trace_file, "Write what passes over the wire, secrets masked")
        ->type_name("FILE")
        ->group("Everywhere");
  }

  void words(CLI::App* sub, const std::string& name, const std::string& help, int least, int most) {
    sub->add_option(name, options_.words, help)
        ->required(least > 0)
        ->expected(least, most)
        ->multi_option_policy(CLI::MultiOptionPolicy::Throw)
        ->type_name("");
  }

  void selection(CLI::App* sub) {
    sub->add_option("--folder", options_.folder,
                    "Only folders like this: * any text, % any but /; roles as :junk:")
        ->type_name("GLOB")
        ->take_all()
        ->allow_extra_args(false)
        ->group("Selection");
    sub->add_option("--exclude", options_.exclude, "Not folders like this")
        ->type_name("GLOB")
        ->take_all()
        ->allow_extra_args(false)
        ->group("Selection");
    sub->add_option("--since", options_.since, "Only mail received on this day or later (YYYY-MM-DD)")
        ->type_name("DATE")
        ->group("Selection");
    sub->add_option("--before", options_.before, "Only mail received before this day")
        ->type_name("DATE")
        ->group("Selection");
    sub->add_option("--max-size", options_.max_size, "Not messages larger than this (25M, 500K)")
        ->type_name("SIZE")
        ->group("Selection");
  }

  void to_password(CLI::App* sub, const std::string& names) {
    sub->add_option(names, options_.to_password_command, "Shell command that prints the destination's password")
        ->type_name("CMD")
        ->take_all()
        ->allow_extra_args(false)
        ->group("Server");
  }

  void mapping(CLI::App* sub) {
    sub->add_option("--map", options_.map, "Put this folder there (children follow); repeat for others")
        ->type_name("FROM=TO")
        ->take_all()
        ->allow_extra_args(false)
        ->group("Destination");
    sub->add_option("--under", options_.under, "Put everything below this folder")
        ->type_name("FOLDER")
        ->group("Destination");
  }

  void push_options(CLI::App* sub, const char* usual) {
    sub->add_flag("-n,--dry-run", options_.dry_run, "Sign in, look, print the plan, change nothing");
    mapping(sub);
    sub->add_option("--flags", options_.flags,
                    std::string("What becomes of flags of mail that is there already (") + usual + ")")
        ->check(CLI::IsMember({"merge", "add", "update", "never"}))
        ->type_name("RULE")
        ->group("Destination");
    sub->add_option("--deleted", options_.deleted, "skip: \\Deleted is not set at the destination")
        ->check(CLI::IsMember({"skip", "keep"}))
        ->type_name("skip")
        ->group("Destination");
    sub->add_flag("--repair", options_.repair,
                  "Change bytes that the server refuses as they are (NUL, over-long lines, broken headers)")
        ->group("Destination");
    sub->add_flag("--respect-deletions", options_.respect_deletions,
                  "What was carried before and is gone at the destination stays away")
        ->group("Destination");
    sub->add_flag("--keep-all", options_.keep_all,
                  "Mail that reached several of the accounts arrives as often")
        ->group("Destination");
    selection(sub);
    server(sub);
  }

  void migrate() {
    auto* sub = command("migrate", "copy mail from accounts to another account", Command::migrate, exits_push);
    words(sub, "FROM... TO", "Accounts (names or addresses), then the one the mail goes to", 2, 1000);
    sub->add_flag("--seen", options_.seen, "Mail from POP3 arrives as read");
    push_options(sub, "merge");
    to_password(sub, "--to-password-command");
  }

  void restore() {
    auto* sub = command("restore", "put a snapshot back onto a server", Command::restore, exits_push);
    words(sub, "ARCHIVE TO", "The archive; the account the mail goes to (a name or an address)", 2, 2);
    which_snapshot(sub);
    sub->add_flag("--merge", options_.merge, "All accounts of the archive");
    sub->add_flag("--only-present", options_.only_present, "Not what the server held no more");
    sub->add_option("--message", options_.message, "Only this message: at least 8 hex digits of its content")
        ->type_name("ID")
        ->take_all()
        ->allow_extra_args(false)
        ->group("Selection");
    push_options(sub, "add");
    to_password(sub, "--to-password-command");
    catalog(sub);
  }

  void compare() {
    auto* sub = command("compare", "does B hold all that A holds?", Command::compare, exits_compare);
    words(sub, "A B", "Two accounts (names or addresses) or archives", 2, 2);
    sub->add_flag("--deep", options_.deep, "Read every body, not only headers and sizes");
    mapping(sub);
    which_snapshot(sub);
    sub->add_flag("--only-present", options_.only_present, "Not what the server held no more");
    selection(sub);
    server(sub);
    to_password(sub, "--to-password-command");
    catalog(sub);
  }

  void server(CLI::App* sub) {
    sub->add_option("--password-command,--from-password-command", options_.password_command,
                    "Shell command that prints the password; repeat in the order of the accounts")
        ->type_name("CMD")
        ->take_all()
        ->allow_extra_args(false)
        ->group("Server");
    sub->add_option("--auth-user", options_.auth_user, "Administrator who signs in on the user's behalf")
        ->type_name("NAME")
        ->group("Server");
    sub->add_option("--connections", options_.connections, "Connections to one server at once")
        ->type_name("N")
        ->check(CLI::Range(1u, 64u))
        ->group("Server");
    sub->add_option("--timeout", options_.timeout, "A server silent for so long is a lost connection (60)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 86400.0))
        ->group("Server");
    sub->add_option("--max-wait", options_.max_wait,
                    "Longest pause for a server that asks for patience (900)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, 864000.0))
        ->group("Server");
    sub->add_option("--limit-rate", options_.limit_rate, "No more than so much a second over the wire (500K, 2M)")
        ->type_name("BYTES/s")
        ->group("Server");
    sub->add_flag("--allow-plaintext", options_.allow_plaintext, "Let ?tls=off reach beyond this machine")
        ->group("Server");
  }

  void catalog(CLI::App* sub) {
    sub->add_option("--catalog", options_.catalog, "The cache, instead of ~/.cache/postferry/<archive id>.db")
        ->type_name("FILE");
  }

  void which_snapshot(CLI::App* sub) {
    sub->add_option("--snapshot", options_.snapshot, "Snapshot id, latest, or the last one of a DATE")
        ->type_name("ID|latest|DATE");
    which_account(sub);
  }

  void which_account(CLI::App* sub) {
    sub->add_option("--account", options_.account, "Only accounts like this (id or nickname)")
        ->type_name("GLOB")
        ->take_all()
        ->allow_extra_args(false);
  }

  void init() {
    auto* sub = command("init", "make an empty archive", Command::init, exits_reading);
    words(sub, "ARCHIVE", "Where: a folder that does not exist yet or is empty, or a configured name", 1, 1);
    sub->add_option("--codec", options_.codec, "zstd (usual) or gzip")
        ->check(CLI::IsMember({"zstd", "gzip"}))
        ->type_name("CODEC");
  }

  void backup_options(CLI::App* sub) {
    sub->add_flag("-n,--dry-run", options_.dry_run, "Sign in, look, print the plan, change nothing");
    sub->add_flag("--full", options_.full, "Trust nothing: list and compare everything");
    sub->add_flag("--accept-shrink", options_.accept_shrink,
                  "A folder that lost more than half of its mail is no suspicion");
    sub->add_flag("--create", options_.create,
                  "Make the archive, also where one is remembered or the folder exists empty");
    sub->add_option("--codec", options_.codec, "zstd (usual) or gzip, for a new archive")
        ->check(CLI::IsMember({"zstd", "gzip"}))
        ->type_name("CODEC");
    catalog(sub);
    server(sub);
  }

  void backup() {
    auto* sub = command("backup", "copy mail from accounts into an archive (makes it)", Command::backup,
                        exits_backup);
    words(sub, "FROM... ARCHIVE", "Accounts (names or addresses), then the archive", 2, 1000);
    sub->add_option("--as", options_.as, "Account id to file the mail under, across a change of host or user")
        ->type_name("NAME");
    selection(sub);
    backup_options(sub);
  }

  void run() {
    auto* sub = command("run", "run jobs of the configuration", Command::run, exits_backup);
    words(sub, "JOB...", "Names of jobs", 0, 1000);
    sub->add_flag("--all", options_.all_jobs, "All jobs");
    backup_options(sub);
    to_password(sub, "--to-password-command");
  }

  void snapshots() {
    auto* sub = command("snapshots", "list the snapshots of an archive", Command::snapshots, exits_reading);
    words(sub, "ARCHIVE", "The archive", 1, 1);
    which_account(sub);
  }

  void ls() {
    auto* sub = command("ls", "list folders, or the messages of folders", Command::ls, exits_reading);
    words(sub, "ARCHIVE [FOLDER...]", "The archive; folders like these (* and % as in --folder)", 1, 1000);
    which_snapshot(sub);
    selection(sub);
    sub->add_flag("--only-present", options_.only_present, "Not what the server holds no more");
    catalog(sub);
  }

  void show() {
    auto* sub = command("show", "write one message to stdout, byte for byte", Command::show, exits_reading);
    words(sub, "ARCHIVE ID", "The archive; at least 8 hex digits of the message's content id", 2, 2);
    which_account(sub);
    sub->add_flag("--merge", options_.merge, "Whatever account it belongs to");
    catalog(sub);
  }

  void diff() {
    auto* sub = command("diff", "what changed between two snapshots", Command::diff, exits_reading);
    words(sub, "ARCHIVE SNAP SNAP", "The archive; the older and the newer snapshot (ids, latest or dates)", 3,
          3);
    which_account(sub);
    catalog(sub);
  }

  void exported() {
    auto* sub = command(
        "export", "write a snapshot as .eml files or as a Maildir", Command::export_,
        "Exit status: 0 complete, 1 failed (disk full, archive not there), 2 usage or configuration,\n"
        "3 finished, but some messages could not be given back (they are listed), 5 the archive is\n"
        "damaged there, 130 interrupted.");
    words(sub, "ARCHIVE PATH", "The archive; the folder to write into", 2, 2);
    sub->add_option("--format", options_.format, "eml (usual) or maildir")
        ->check(CLI::IsMember({"eml", "maildir"}))
        ->type_name("FORMAT");
    which_snapshot(sub);
    sub->add_flag("--merge", options_.merge, "All accounts, each in a folder of its own");
    sub->add_flag("--only-present", options_.only_present, "Not what the server holds no more");
    sub->add_flag("--force", options_.force, "Write into a folder that holds something else, too");
    selection(sub);
    catalog(sub);
  }

  void check() {
    auto* sub = command("check", "is the archive whole?", Command::check, exits_reading);
    words(sub, "ARCHIVE", "The archive", 1, 1);
    sub->add_flag("--read-data", options_.read_data, "Read every message and compare it with its hash");
    sub->add_option("--read-data-subset", options_.read_data_subset,
                    "Read a part: 5%, or the n-th of t parts as n/t")
        ->type_name("PART");
    catalog(sub);
  }

  void accounts() { command("accounts", "the configured accounts", Command::accounts, exits_config); }

  void config() {
    auto* outer = app_.add_subcommand("config", "look at the configuration");
    outer->set_help_flag("-h,--help", "This text");
    outer->require_subcommand(1);
    outer->footer(exits_config);
    auto* sub = outer->add_subcommand("check", "is the configuration right? (signs in nowhere)");
    sub->set_help_flag("-h,--help", "This text");
    sub->footer(exits_config);
    sub->callback([this] { options_.command = Command::config_check; });
    common(*sub);
  }

  // CLI11 would complain of a missing command; a person wants to hear which word was wrong.
  std::optional<std::string> unknown_command(int argc, const char* const* argv) {
    std::vector<std::string> names;
    for (const auto* sub : app_.get_subcommands({})) names.push_back(sub->get_name());
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      if (word == "--config" || word == "--color" || word == "--log-file" || word == "--trace") {
        ++i;
      } else if (!word.starts_with('-')) {
        if (std::find(names.begin(), names.end(), word) != names.end()) return std::nullopt;
        const auto near = nearest(word, names);
        return fmt::format("there is no command \"{}\"{}", printable(word, 60),
                           near ? fmt::format("; did you mean {}?", *near) : "");
      }
    }
    return std::nullopt;
  }

  // An option that does not exist is what went wrong, even where CLI11 complains first of what it left missing.
  std::string complaint(const std::string& message) {
    const auto chosen = app_.get_subcommands();
    if (chosen.empty()) return message;
    for (const auto& word : chosen.front()->remaining(true)) {
      if (!word.starts_with('-')) continue;
      const auto bare = word.substr(0, word.find('='));
      std::vector<std::string> names;
      for (const auto* option : chosen.front()->get_options()) {
        for (const auto& name : option->get_lnames()) names.push_back("--" + name);
      }
      const auto near = nearest(bare, names);
      return fmt::format("{} has no option {}{}", chosen.front()->get_name(), printable(bare, 60),
                         near ? fmt::format("; did you mean {}?", *near) : "");
    }
    return message;
  }

  static Parsed told(const std::string& what) {
    fmt::print(stderr,
               "postferry: {}\n(postferry --help has the commands, postferry COMMAND --help its options)\n",
               what);
    return {static_cast<int>(Exit::usage), {}};
  }

  CLI::App app_;
  Options options_;
  std::string color_ = "auto";
};

}  // namespace

Parsed parse_arguments(int argc, const char* const* argv) { return Tree().parse(argc, argv); }

}  // namespace postferry::cli
