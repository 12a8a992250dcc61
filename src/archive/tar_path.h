#pragma once

#include <string>
#include <string_view>

#include <postferry/codec/sha256.h>
#include <postferry/mail/message.h>

namespace postferry::archive {

// An account in file names and tar paths: at most 40 of [a-z0-9._-], then "-" and 8 hex of the id's SHA-256.
std::string account_slug(const mail::AccountId& account);

// "mail/<slug>/<words>": where a folder's messages lie in a tar, for people; never read back. With
// "/<sha256>.eml" after it, it is at most 220 bytes and safe on every file system (FORMAT.md, Folder words).
std::string tar_folder(const mail::AccountId& account, const mail::FolderPath& path);

// One word of it; `most` bytes at most. Never empty.
std::string tar_word(std::string_view word, std::size_t most = 64);

}  // namespace postferry::archive
