#include "fetch_reader.h"

#include <fmt/format.h>

#include <postferry/base/error.h>
#include <postferry/base/text.h>
#include <postferry/codec/utf7.h>

namespace postferry::imap {
namespace {

bool is(std::string_view a, std::string_view b) { return equal_ignoring_case(a, b); }

bool is_body(std::string_view name) {
  if (name.size() < 6 || !is(name.substr(0, 5), "BODY[")) return false;
  const auto section = name.substr(5, name.find(']') - 5);
  return section.empty() || is(section, "HEADER");
}

std::string label(std::string wire_label) {
  auto text = codec::from_modified_utf7(wire_label);
  return text ? *std::move(text) : printable(wire_label);
}

void add_flag(mail::Flags& flags, std::string_view flag) {
  if (!flag.starts_with('\\')) {
    flags.keywords.emplace(flag);
  } else if (is(flag, "\\Seen")) {
    flags.seen = true;
  } else if (is(flag, "\\Answered")) {
    flags.answered = true;
  } else if (is(flag, "\\Flagged")) {
    flags.flagged = true;
  } else if (is(flag, "\\Deleted")) {
    flags.deleted = true;
  } else if (is(flag, "\\Draft")) {
    flags.draft = true;
  }  // \Recent is a property of the session, and others do not exist
}

void clear(Fetched& items, std::uint32_t sequence) {
  items.sequence = sequence;
  items.uid = 0;
  items.size.reset();
  items.flags.seen = items.flags.answered = items.flags.flagged = items.flags.deleted = items.flags.draft =
      false;
  items.flags.keywords.clear();
  items.has_flags = false;
  items.internal_date.reset();
  items.labels.clear();
  items.global_id.clear();
}

}  // namespace

const Fetched& FetchReader::read(std::uint32_t sequence, Wire& wire, Bodies* to) {
  clear(items_, sequence);
  seen_ = BodySeen::none;
  in_body_ = false;
  try {
    read_items(wire, to);
  } catch (const Malformed& bad) {
    if (!in_body_) throw;
    throw Error(
        Cause::protocol, Blast::session, Retry::now,
        fmt::format("what follows a body is not the rest of the answer ({}): its announced length was wrong",
                    bad.what));
  }
  in_body_ = false;
  if (to != nullptr && seen_ == BodySeen::whole) to->end(items_);
  if (to != nullptr && seen_ == BodySeen::nil) to->no_body(items_);
  return items_;
}

void FetchReader::read_items(Wire& wire, Bodies* to) {
  wire.expect('(');
  while (!wire.skip(')')) {
    if (wire.at_end()) throw Malformed{"a FETCH answer without its end"};
    read_item(wire.item_name(), wire, to);
  }
  if (!wire.at_end()) throw Malformed{"something behind the end of a FETCH answer"};
}

void FetchReader::read_item(std::string_view name, Wire& wire, Bodies* to) {
  if (is(name, "UID")) {
    const auto number = wire.number();
    if (number && *number > 0 && *number <= 0xFFFFFFFFu) items_.uid = static_cast<Uid>(*number);
  } else if (is(name, "FLAGS")) {
    read_flags(wire);
  } else if (is(name, "RFC822.SIZE")) {
    items_.size = wire.number();  // quirk 14: a number that is none is an unknown size
  } else if (is(name, "INTERNALDATE")) {
    if (const auto text = wire.nstring()) items_.internal_date = parse_date_time(*text);
  } else if (is_body(name)) {
    read_body(wire, to);
  } else if (is(name, "X-GM-MSGID")) {
    items_.global_id = wire.astring();
  } else if (is(name, "X-GM-LABELS")) {
    read_labels(wire);
  } else if (is(name, "EMAILID")) {
    wire.expect('(');
    items_.global_id = wire.atom();
    wire.expect(')');
  } else {
    wire.skip_value();
  }
}

void FetchReader::read_flags(Wire& wire) {
  wire.expect('(');
  while (!wire.skip(')')) {
    if (wire.peek() == '"') {
      add_flag(items_.flags, wire.quoted());
    } else {
      add_flag(items_.flags, wire.atom());
    }
  }
  items_.has_flags = true;
}

void FetchReader::read_labels(Wire& wire) {
  if (wire.peek() != '(') return wire.skip_value();
  wire.expect('(');
  while (!wire.skip(')')) items_.labels.push_back(label(wire.astring()));
}

void FetchReader::read_body(Wire& wire, Bodies* to) {
  if (seen_ != BodySeen::none) throw Malformed{"two bodies in one answer"};
  if (wire.at_literal()) {
    const auto size = wire.begin_literal();
    if (to == nullptr) {
      wire.skip_literal(size);
    } else {
      stream(wire, size, *to);
    }
    seen_ = BodySeen::whole;
    return;
  }
  const auto text = wire.nstring();
  seen_ = text ? BodySeen::whole : BodySeen::nil;
  if (!text || to == nullptr) return;
  in_body_ = true;
  to->begin(items_, text->size());
  if (!text->empty()) to->bytes(as_bytes(*text));
}

void FetchReader::stream(Wire& wire, std::uint64_t size, Bodies& to) {
  in_body_ = true;
  to.begin(items_, size);
  std::uint64_t left = size;
  try {
    while (left > 0) {
      const auto part = wire.reader().some(left);
      to.bytes(part);
      left -= part.size();
      wire.reader().consume(part.size());
    }
    wire.end_literal();
  } catch (const Error& error) {
    if (error.cause != Cause::network) throw;
    Error out(error.cause, error.blast, error.retry,
              fmt::format("{} while sending the body ({} of {} bytes)", error.what(), size - left, size));
    out.retry_after = error.retry_after;
    throw out;
  }
}

}  // namespace postferry::imap
