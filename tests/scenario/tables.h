#pragma once

#include <string>

#include "support/memory_mail.h"

namespace postferry::scenario {

// A mailbox as a table, a line a folder:
//
//   INBOX: 1 a seen, 2 b, 3 b
//   Sent (7): 1 c flagged $Work
//
// UIDs in ascending order; (7) is the UIDVALIDITY, 1 if not said. A name stands for a message: `a` and `a/2`
// have the same Message-ID and differ in the body, `?a` has none at all. What follows it are flags: seen
// answered flagged deleted draft, or keywords. A line without messages is an empty folder.
test::MemoryAccount mailbox(const std::string& table);

// Makes `account` what the table says, in place: folders and messages that are not in it go, and each
// folder's modification counter rises.
void change(test::MemoryAccount& account, const std::string& table);

// The bytes a name stands for.
std::string text_for(const std::string& name);

// One message as a table has it; `text` is looked up among the names that were ever used.
std::string row(std::uint32_t uid, const std::string& text, const mail::Flags& flags);

// The table with its lines sorted and its blanks made even, so that two can be compared.
std::string normalised(const std::string& table);

}  // namespace postferry::scenario
