#pragma once

#include <string>
#include <utility>

#include <postferry/net/line_reader.h>

#include "support/scripted_stream.h"
#include "wire.h"

namespace postferry::imap {

// A wire that has these bytes to read, at the beginning of the first response.
class WireText {
 public:
  explicit WireText(std::string bytes)
      : stream_(test::Script().say_bytes(std::move(bytes)).close()), reader_(stream_), wire(reader_) {
    wire.begin_response();
  }

 private:
  test::ScriptedStream stream_;
  net::LineReader reader_;

 public:
  Wire wire;
};

}  // namespace postferry::imap
