#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "canonical_hash.h"
#include "fields.h"

#include <postferry/base/bytes.h>
#include <postferry/codec/sha256.h>

namespace postferry::mail {

// The fields that were found, unfolded, as raw as they came; the first of each name, cut to 16 KiB.
struct Fields {
  std::array<std::string, wanted_fields> body;
  std::array<bool, wanted_fields> present{};

  const std::string& operator[](Wanted field) const { return body[static_cast<std::size_t>(field)]; }
  void clear();
};

// Reads the header block of one message line by line, from pieces cut anywhere: hashes it, finds the fields,
// and hands the lines that are not trace fields to `merge`. What it keeps is bounded, however long a line is.
// Where the block ends and what a field is: IDENTITY.md.
class HeaderScanner {
 public:
  explicit HeaderScanner(CanonicalHash* merge) : merge_(merge) {}

  // How much of `chunk` belongs to the block, its empty line included; less than all of it only where it
  // ends.
  std::size_t take(Bytes chunk);
  bool in_header() const { return in_header_; }
  // The message is over: what came is the whole block. Then fields(), saw_trace() and digest() are true.
  codec::Digest finish();
  bool saw_trace() const { return saw_trace_; }
  const Fields& fields() const { return fields_; }
  void reset();

 private:
  // Joins neighbours, so that a block in one piece is hashed in one go.
  class Gather {
   public:
    template <class Sink>
    void add(std::string_view text, Sink& sink) {
      if (held_.data() + held_.size() == text.data()) {
        held_ = {held_.data(), held_.size() + text.size()};
        return;
      }
      flush(sink);
      held_ = text;
    }
    template <class Sink>
    void flush(Sink& sink) {
      if (!held_.empty()) sink.update(as_bytes(held_));
      held_ = {};
    }

   private:
    std::string_view held_;
  };

  void line(std::string_view piece, bool begins, bool ends);
  void long_line(std::string_view text, bool ended);
  void classify(std::string_view kept);
  void put_back_crs();
  void capture(std::string_view kept, bool begins);
  void hash(std::string_view piece, std::string_view kept, bool ends);
  void flush();

  CanonicalHash* const merge_;
  codec::Sha256 header_;
  Gather to_header_, to_merge_;
  Fields fields_;
  std::string partial_;        // the beginning of a line whose end has not come
  bool in_long_line_ = false;  // its first piece has been dealt with
  std::size_t crs_ = 0;        // CRs at the end of what came of a line: perhaps its line end
  bool in_header_ = true, first_line_ = true, saw_trace_ = false;
  bool in_field_ = false, trace_ = false;  // of the current line
  std::string* capturing_ = nullptr;
};

}  // namespace postferry::mail
