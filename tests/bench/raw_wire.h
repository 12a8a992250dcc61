#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

// A plain socket to a port of 127.0.0.1, for the two programs that only measure. Whatever goes wrong ends
// them with exit status 1. One thread.

[[noreturn]] inline void give_up(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

class Wire {
 public:
  explicit Wire(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address) != 0) {
      give_up("cannot connect");
    }
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Wire() { ::close(socket_); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) give_up("the server closed the connection");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Without its line end; good until the next call.
  std::string_view line() {
    for (std::size_t from = begin_;;) {
      if (const void* end = std::memchr(buffer_.data() + from, '\n', end_ - from)) {
        const auto stop = static_cast<std::size_t>(static_cast<const char*>(end) - buffer_.data());
        std::string_view found(buffer_.data() + begin_, stop - begin_);
        begin_ = stop + 1;
        if (found.ends_with('\r')) found.remove_suffix(1);
        return found;
      }
      const auto kept = end_ - begin_;
      fill();
      from = begin_ + kept;
    }
  }

  void skip(std::uint64_t bytes) {
    while (bytes > 0) {
      if (begin_ == end_) fill();
      const auto step = std::min<std::uint64_t>(bytes, end_ - begin_);
      begin_ += step;
      bytes -= step;
    }
  }

 private:
  void fill() {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == buffer_.size()) give_up("a line beyond 256 KiB");
    const auto got = ::recv(socket_, buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got <= 0) give_up("the server closed the connection");
    end_ += static_cast<std::size_t>(got);
  }

  int socket_;
  std::array<char, 256u << 10> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};
