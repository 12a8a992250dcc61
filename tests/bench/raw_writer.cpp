// The physical limit of a push: makes messages, talks IMAP over plain sockets and puts them into a folder by
// MULTIAPPEND, nothing else: nothing is read, hashed, noted or looked at afterwards. Used beside the tools it
// judges, in the same run.
//
//   raw_writer PORT USER PASSWORD FOLDER MESSAGES BYTES BATCH CONNECTIONS
//
// MESSAGES of BYTES each (or, with BYTES as "-", those of the Maildir files named on stdin, one a line),
// BATCH of them in a command, two commands in flight on each connection. Connection N writes into FOLDER-N,
// as lanes do.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "raw_wire.h"

namespace {

// Reads to the tagged answer.
void expect_ok(Wire& wire, const std::string& tag) {
  for (;;) {
    const auto found = wire.line();
    if (!found.starts_with(tag + " ")) continue;
    if (!found.starts_with(tag + " OK")) give_up(std::string(found));
    return;
  }
}

void ask(Wire& wire, const std::string& tag, const std::string& command) {
  wire.send(tag + " " + command + "\r\n");
  expect_ok(wire, tag);
}

struct Job {
  std::uint16_t port = 0;
  std::string user, password, folder;
  std::size_t batch = 50;
};

void write_all(const Job& job, const std::vector<std::string>& messages, std::size_t from, std::size_t to) {
  Wire wire(job.port);
  wire.line();
  ask(wire, "a", "LOGIN " + job.user + " " + job.password);
  ask(wire, "b", "CREATE " + job.folder);
  std::vector<std::string> in_flight;
  for (auto at = from; at < to; at += job.batch) {
    const auto tag = "c" + std::to_string(at);
    std::string command = tag + " APPEND " + job.folder;
    for (auto i = at; i < std::min(at + job.batch, to); ++i) {
      command += " () \" 5-Mar-2019 07:00:00 +0000\" {" + std::to_string(messages[i].size()) + "+}\r\n" +
                 messages[i];
    }
    wire.send(command + "\r\n");
    in_flight.push_back(tag);
    if (in_flight.size() < 2) continue;
    expect_ok(wire, in_flight.front());
    in_flight.erase(in_flight.begin());
  }
  for (const auto& tag : in_flight) expect_ok(wire, tag);
  ask(wire, "z", "LOGOUT");
}

std::string made(std::size_t number, std::size_t bytes) {
  auto text = "Message-ID: <" + std::to_string(number) +
              "@raw.example>\r\nSubject: " + std::to_string(number) + "\r\n\r\n";
  while (text.size() < bytes)
    text += "The quick brown fox jumps over the lazy dog, again and again and again.\r\n";
  return text;
}

std::string with_crlf(const std::string& text) {
  std::string out;
  out.reserve(text.size() + text.size() / 40);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
    out += text[i];
  }
  return out;
}

std::vector<std::string> messages_of(const std::string& bytes, std::size_t count) {
  std::vector<std::string> out;
  if (bytes != "-") {
    for (std::size_t i = 0; i < count; ++i) out.push_back(made(i, std::strtoull(bytes.c_str(), nullptr, 10)));
    return out;
  }
  for (std::string name; out.size() < count && std::getline(std::cin, name);) {
    std::ifstream file(name, std::ios::binary);
    if (!file) give_up(name + " cannot be read");
    out.push_back(with_crlf(std::string(std::istreambuf_iterator<char>(file), {})));
    if (out.back().empty()) out.back() = "\r\n";  // an empty literal would take the whole command back
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) give_up("usage: raw_writer PORT USER PASSWORD FOLDER MESSAGES BYTES|- BATCH CONNECTIONS");
  const auto messages = messages_of(argv[6], std::strtoull(argv[5], nullptr, 10));
  const auto connections = std::max(1ull, std::strtoull(argv[8], nullptr, 10));
  std::uint64_t bytes = 0;
  for (const auto& one : messages) bytes += one.size();

  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::thread> writers;
  for (std::size_t n = 0; n < connections; ++n) {
    const Job job{static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2], argv[3],
                  std::string(argv[4]) + "-" + std::to_string(n + 1),
                  std::max<std::size_t>(1, std::strtoull(argv[7], nullptr, 10))};
    writers.emplace_back([=, &messages] {
      write_all(job, messages, messages.size() * n / connections, messages.size() * (n + 1) / connections);
    });
  }
  for (auto& writer : writers) writer.join();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  std::printf("%zu messages, %llu bytes, %.3f s\n", messages.size(), static_cast<unsigned long long>(bytes),
              taken.count());
  return 0;
}
