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

// A large one: each open() reads it anew. `open` verifies what passes.
std::unique_ptr<mail::Body> streamed_body(const Located& where, std::function<std::unique_ptr<ByteSource>()> open);

}  // namespace postferry::archive
