#pragma once

#include <string>

#include <postferry/base/error.h>

namespace postferry::test {

std::string cause_word(const Error& error);
// "throttled endpoint later 30": cause, blast, retry, and the seconds if the server said how many.
std::string kind_words(const Error& error);

}  // namespace postferry::test
