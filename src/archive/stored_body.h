#pragma once

#include <functional>
#include <memory>
#include <string>

#include <postferry/archive/cache.h>
#include <postferry/base/ports.h>
#include <postferry/mail/message.h>

namespace postferry::archive {

// A message of an archive whose bytes are in memory; or the error that reading it will throw.
std::unique_ptr<mail::Body> loaded_body(const Located& where, const std::function<std::string()>& read);

// A large one: each open() reads it anew, and the last read() throws Error{damaged, message, never} if its hash is wrong.
std::unique_ptr<mail::Body> streamed_body(const Located& where, std::function<std::unique_ptr<ByteSource>()> open);

// "PACK: the message CONTENT ... (of SENDER, "SUBJECT", DATE)", for error sentences.
std::string described(const Located& where);

// Error{damaged, message, never} unless `bytes` hash to the entry's name.
void verify_bytes(const Located& where, std::string_view bytes);

}  // namespace postferry::archive
