#pragma once

#include <array>
#include <random>
#include <string>
#include <string_view>

namespace postferry::mail::test {

// A message made of what has ever confused a header parser.
inline std::string hostile_message(std::mt19937& random) {
  using namespace std::string_view_literals;
  constexpr std::array pieces = {"\r\n"sv,
                                 "\r\n"sv,
                                 "\r\n"sv,
                                 "\r\n"sv,
                                 "\n"sv,
                                 "\r"sv,
                                 "\r\r\n"sv,
                                 "\r\n\r\n"sv,
                                 " "sv,
                                 "\t"sv,
                                 ":"sv,
                                 "Received: x\r\n"sv,
                                 "Message-ID: <a@B.c>\r\n"sv,
                                 "message-id : "sv,
                                 "<"sv,
                                 ">"sv,
                                 "\""sv,
                                 "("sv,
                                 ")"sv,
                                 "\\"sv,
                                 ","sv,
                                 "@"sv,
                                 "Subject: "sv,
                                 "From: "sv,
                                 "From "sv,
                                 ">From x"sv,
                                 "Date: Tue, 1 Jul 2003 10:52:37 +0200\r\n"sv,
                                 "ARC-Seal: 1\r\n"sv,
                                 "Status: RO"sv,
                                 "x"sv,
                                 "\0"sv,
                                 "\xff"sv,
                                 "=?utf-8?q?=C3=A4?="sv};
  std::string out;
  for (auto n = random() % 40; n > 0; --n) out += pieces[random() % pieces.size()];
  // what passes the bounds of a line, of a run of line ends, of a field
  if (random() % 8 == 0)
    out.insert(random() % (out.size() + 1), std::string(8170 + random() % 40, "\rxy<"[random() % 4]));
  if (random() % 8 == 0)
    out.insert(random() % (out.size() + 1), std::string(4080 + random() % 9000, "\n\r"[random() % 2]));
  if (random() % 16 == 0) out += "\r\nSubject: " + std::string(16380 + random() % 10, 'z') + "\n";
  return out;
}

// `canonical` v1, the slow way.
inline std::string canonical_form(std::string_view message) {
  std::string out;
  for (const char c : message) {
    if (c == '\n' && !out.ends_with('\r')) out += '\r';
    out += c;
  }
  return out.substr(0, out.find_last_not_of("\r\n") + 1) + "\r\n";
}

}  // namespace postferry::mail::test
