#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <postferry/base/bytes.h>
#include <postferry/net/stream.h>

namespace postferry::net {

// The buffer between a Stream and a grammar: lines with a limit, and exact runs of bytes without a copy.
// Views stay valid until the next call. One thread. The end of the stream where more must come is
// Error{network, session, now} "server closed the connection".
class LineReader {
 public:
  explicit LineReader(Stream& stream, std::size_t buffer = 64u << 10);

  // One line without its CRLF (a lone LF ends one too). Error{protocol, session, never} beyond `limit`.
  std::string_view line(std::size_t limit);
  // What is buffered, at least one byte, at most `most`; reads from the stream only if nothing is.
  Bytes some(std::uint64_t most);
  // Marks bytes of the last some() as consumed (all of them unless told).
  void consume(std::size_t bytes);
  std::size_t buffered() const { return end_ - begin_; }
  std::uint64_t total() const { return total_; }  // bytes read off the stream so far

 private:
  void fill();
  Stream& stream_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace postferry::net
