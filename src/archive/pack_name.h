#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <postferry/codec/compress.h>
#include <postferry/codec/sha256.h>

namespace postferry::archive {

// "20261124T040742Z", and "2026-11-24T04:07:42Z". Years before 0 or after 9999 are cut to that.
std::string compact_time(std::chrono::sys_seconds at);
std::string rfc3339_utc(std::chrono::sys_seconds at);

// "packs/2026/11/20261124T040742Z-<32 hex of the file's hash>.tar.zst"
std::string pack_name(std::chrono::sys_seconds at, const codec::Digest& file, codec::Codec codec);
codec::Codec codec_of_pack(std::string_view name);       // by its ending
std::string_view hash_part(std::string_view pack_name);  // the 32 hex

// The table of contents' own entry: ".postferry/<time>-<8 random hex>.toc.jsonl"
std::string toc_name(std::chrono::sys_seconds at);
bool is_toc_name(std::string_view path);

// The SHA-256 that an entry's name ends in, before its first dot ("mail/.../<64 hex>.eml"); zeros if there is
// none.
codec::Digest hash_in_name(std::string_view path);

}  // namespace postferry::archive
