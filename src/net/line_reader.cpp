#include <postferry/net/line_reader.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <postferry/base/error.h>

namespace postferry::net {

LineReader::LineReader(Stream& stream, std::size_t buffer) : stream_(stream), buffer_(buffer) {}

void LineReader::fill() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
  } else if (end_ == buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const auto got = stream_.read(std::span(buffer_).subspan(end_));
  if (got == 0) {
    throw Error(Cause::network, Blast::session, Retry::now, "the server closed the connection");
  }
  end_ += got;
  total_ += got;
}

std::string_view LineReader::line(std::size_t limit) {
  for (std::size_t looked = 0;;) {
    const auto* start = buffer_.data() + begin_;
    const auto have = end_ - begin_;
    if (const void* hit = have > looked ? std::memchr(start + looked, '\n', have - looked) : nullptr) {
      auto length = static_cast<std::size_t>(static_cast<const std::byte*>(hit) - start);
      begin_ += length + 1;
      if (length > limit) break;
      if (length > 0 && start[length - 1] == std::byte{'\r'}) --length;
      return as_text({start, length});
    }
    looked = have;
    if (have > limit) break;
    if (begin_ == 0 && end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    fill();
  }
  throw Error(Cause::protocol, Blast::session, Retry::never,
              fmt::format("the server sent a line of more than {} bytes", limit));
}

Bytes LineReader::some(std::uint64_t most) {
  if (begin_ == end_) fill();
  return {buffer_.data() + begin_, static_cast<std::size_t>(std::min<std::uint64_t>(most, end_ - begin_))};
}

void LineReader::consume(std::size_t bytes) { begin_ += std::min(bytes, end_ - begin_); }

}  // namespace postferry::net
