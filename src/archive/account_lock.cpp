#include "account_lock.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include <fmt/format.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/json.h>

#include "pack_name.h"
#include "rfc3339.h"
#include "small_blob.h"

namespace postferry::archive {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::chrono::minutes renewal{5}, longest_silence{60};
constexpr std::string_view sighting_prefix = "seen-";

std::string file_of(const std::string& name) { return name.substr(name.rfind('/') + 1); }

Error taken(const std::string& where, const std::string& name, const std::optional<LockRecord>& lock) {
  if (!lock) {
    Error out(Cause::locked, Blast::run, Retry::later,
              fmt::format("{}: {} is a lock that this version cannot read", where, name));
    out.advice = "remove it if no run uses this archive";
    return out;
  }
  const bool is_shared = lock->mode == LockRecord::Mode::shared;
  Error out(Cause::locked, Blast::run, Retry::later,
            fmt::format("{}: {} is locked by process {} on {} since {}", where,
                        is_shared ? printable(lock->account) : "the archive", lock->owner.pid, printable(lock->owner.host),
                        rfc3339_utc(lock->started)));
  out.advice = fmt::format("wait for that run to end; if it is certain that it is dead, remove {}/{}", where, name);
  return out;
}

}  // namespace

std::string write_lock(const LockRecord& lock) {
  auto json = codec::Json::object();
  json.add("mode", lock.mode == LockRecord::Mode::shared ? "shared" : "exclusive");
  json.add("account", lock.account).add("host", lock.owner.host).add("boot", lock.owner.boot).add("pid", lock.owner.pid);
  json.add("pid_started", lock.owner.pid_started).add("started", rfc3339_utc(lock.started));
  return json.dump() + '\n';
}

std::optional<LockRecord> read_lock(std::string_view bytes) {
  const auto json = codec::parse_json(bytes);
  if (!json || !json->is_object()) return std::nullopt;
  const auto mode = json->text("mode");
  const auto started = read_utc(json->text("started"));
  const auto pid = json->natural("pid");
  if ((mode != "shared" && mode != "exclusive") || !started || pid > 0x7FFFFFFF) return std::nullopt;
  LockRecord out;
  out.mode = mode == "shared" ? LockRecord::Mode::shared : LockRecord::Mode::exclusive;
  out.account = json->text("account");
  out.owner = {json->text("host"), json->text("boot"), static_cast<std::uint32_t>(pid), json->natural("pid_started")};
  out.started = *started;
  return out;
}

AccountLock::AccountLock(BlobStore& store, Files& files, Clock& clock, std::filesystem::path sightings, mail::AccountId account)
    : store_(store), files_(files), clock_(clock), sightings_(std::move(sightings)) {
  record_ = {LockRecord::Mode::shared, std::move(account), this_process(),
             std::chrono::floor<std::chrono::seconds>(clock_.now())};
  name_ = publish();
  try {
    refuse_others();
  } catch (...) {
    store_.remove({Kind::lock, name_});
    throw;
  }
}

AccountLock::~AccountLock() {
  try {
    store_.remove({Kind::lock, name_});
  } catch (const Error&) {
    // it is stale as soon as this process has ended
  }
}

std::string AccountLock::publish() {
  auto name = fmt::format("locks/{}.json", random_hex(16));
  write_blob(store_, {Kind::lock, name}, fmt::format("lock-{}.part", random_hex(8)), write_lock(record_));
  renewed_ = clock_.steady();
  return name;
}

void AccountLock::renew_if_due() {
  if (clock_.steady() - renewed_ < renewal) return;
  const auto old = name_;
  name_ = publish();
  store_.remove({Kind::lock, old});
}

bool AccountLock::is_still_there() const {
  bool out = false;
  store_.list(Kind::lock, [&](const std::string& name, std::uint64_t) { out = out || name == name_; });
  return out;
}

void AccountLock::refuse_others() {
  std::vector<std::string> names;
  store_.list(Kind::lock, [&](const std::string& name, std::uint64_t) { names.push_back(name); });
  for (const auto& name : names) {
    if (name == name_) continue;
    std::optional<LockRecord> lock;
    try {
      lock = read_lock(read_blob(store_, {Kind::lock, name}));
    } catch (const Error& why) {
      if (why.cause == Cause::missing) continue;  // withdrawn meanwhile
      if (why.cause != Cause::damaged) throw;
    }
    const bool forbids = !lock || lock->mode == LockRecord::Mode::exclusive || lock->account == record_.account;
    if (is_stale(name, lock)) {
      store_.remove({Kind::lock, name});
    } else if (forbids) {
      throw taken(store_.where(), name, lock);
    }
  }
  forget_sightings();
}

bool AccountLock::is_stale(const std::string& name, const std::optional<LockRecord>& lock) {
  return (lock && lock->owner.is_surely_dead()) || seen_unchanged_for_long(name);
}

// A lock of another machine can only be watched. The first sight is noted in a file, by boot and monotonic clock, so that
// the next run of this machine may find that an hour has passed.
bool AccountLock::seen_unchanged_for_long(const std::string& name) {
  const auto now = static_cast<std::uint64_t>(duration_cast<milliseconds>(clock_.steady().time_since_epoch()).count());
  const auto note = std::string(sighting_prefix) + file_of(name);
  if (files_.exists(sightings_ / note)) {
    std::string text(std::min<std::uint64_t>(files_.size(sightings_ / note), 4096), '\0');
    files_.read_range(sightings_ / note, 0, std::as_writable_bytes(std::span(text.data(), text.size())));
    const auto json = codec::parse_json(text);
    const auto* first = json ? json->find("milliseconds") : nullptr;
    const auto since = first != nullptr ? first->natural() : std::nullopt;
    if (since && json->text("boot") == record_.owner.boot && *since <= now) {
      return milliseconds(now - *since) >= longest_silence;
    }
    files_.remove(sightings_ / note);
  }
  auto json = codec::Json::object();
  json.add("boot", record_.owner.boot).add("milliseconds", now);
  files_.create(sightings_, note)->append(as_bytes(json.dump()));
  return false;
}

// Notes of locks that are no more.
void AccountLock::forget_sightings() {
  std::set<std::string> locks;
  store_.list(Kind::lock, [&](const std::string& name, std::uint64_t) { locks.insert(file_of(name)); });
  for (const auto& file : files_.list(sightings_)) {
    if (file.is_folder || !file.name.starts_with(sighting_prefix)) continue;
    if (!locks.contains(file.name.substr(sighting_prefix.size()))) files_.remove(sightings_ / file.name);
  }
}

}  // namespace postferry::archive
