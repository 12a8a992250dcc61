#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <postferry/archive/archive.h>
#include <postferry/codec/sha256.h>

namespace postferry::archive {

inline constexpr int format_version = 1;

// A snapshot's bytes (FORMAT.md, Snapshots): one JSON object, one line a folder. `archive_id`: from postferry.json.
std::string write_snapshot(const Snapshot& snapshot, const std::string& archive_id);

// Members that this version does not know are passed over. `where` names the file for error sentences.
// Error{damaged, run, never}: not well-formed. Error{config, run, never}: of a newer format. Sets everything but `name`.
Snapshot read_snapshot(std::string_view bytes, const std::string& where);

// "snapshots/2026/11/20261124T040742Z-<slug>-<32 hex>.json"
std::string snapshot_name(std::chrono::sys_seconds at, const mail::AccountId& account, const codec::Digest& hash);
std::optional<std::chrono::sys_seconds> time_part(std::string_view snapshot_name);
std::string_view slug_part(std::string_view snapshot_name);
std::string_view hash_part_of_snapshot(std::string_view snapshot_name);  // the 32 hex
// ".postferry/snapshots/<sha256>.json": the same bytes in a pack.
std::string embedded_name(const codec::Digest& hash);
bool is_embedded_name(std::string_view entry_name);

PackList list_digest(const std::vector<std::string>& sorted_packs, std::size_t first_so_many);

std::string_view word_of(How how);
std::string_view word_of(mail::Role role);

}  // namespace postferry::archive
