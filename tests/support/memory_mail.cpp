#include "support/memory_mail.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/base/bytes.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/spool.h>

namespace postferry::test {

std::string mail_text(const std::string& name, const std::string& body) {
  return fmt::format(
      "Message-ID: <{0}@example.org>\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\n"
      "From: Ann <ann@example.org>\r\nSubject: {0}\r\n\r\n{1}\r\n",
      name, body);
}

std::string text_of(const mail::Body& body) {
  std::string text(body.size(), '\0');
  const auto from = body.open();
  std::size_t at = 0;
  while (at < text.size()) {
    const auto read = from->read(std::as_writable_bytes(std::span(text).subspan(at)));
    if (read == 0) break;
    at += read;
  }
  EXPECT_EQ(at, text.size()) << "a body is shorter than it says";
  std::byte more{};
  EXPECT_EQ(from->read(std::span(&more, 1)), 0u) << "a body is longer than it says";
  return text;
}

std::uint32_t MemoryFolder::add(std::string text, mail::Flags flags) {
  ++modseq;
  messages.push_back({next,
                      std::move(text),
                      std::move(flags),
                      mail::Received{std::chrono::sys_seconds(std::chrono::seconds(1795000000))},
                      {}});
  return next++;
}

MemoryMessage* MemoryFolder::find(std::uint32_t uid) {
  const auto found =
      std::find_if(messages.begin(), messages.end(), [&](const auto& one) { return one.uid == uid; });
  return found == messages.end() ? nullptr : &*found;
}

void MemoryFolder::expunge(std::uint32_t uid) {
  ++modseq;
  std::erase_if(messages, [&](const auto& one) { return one.uid == uid; });
}

void MemoryFolder::renew() {
  ++uidvalidity;
  next = 1;
  for (auto& message : messages) message.uid = next++;
}

MemoryFolder& MemoryAccount::folder(const std::string& name) {
  for (auto& one : folders) {
    if (one.folder.wire_name == name) return one;
  }
  auto& made = folders.emplace_back();
  made.folder.wire_name = name;
  made.folder.path = {name};
  made.folder.delimiter = '/';
  made.folder.role = name == "INBOX" ? mail::Role::inbox : mail::Role::none;
  return made;
}

}  // namespace postferry::test
