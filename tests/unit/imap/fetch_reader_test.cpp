#include "fetch_reader.h"

#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>

#include "wire_text.h"

namespace postferry::imap {
namespace {

// Writes down what is told of bodies.
class Notes final : public Bodies {
 public:
  void begin(const Fetched& before, std::uint64_t size) override {
    lines.push_back(fmt::format("begin {} {}", before.uid, size));
  }
  void bytes(Bytes part) override { text += as_text(part); }
  void end(const Fetched& items) override { lines.push_back(fmt::format("end {} {}", items.uid, text)); }
  void no_body(const Fetched& items) override { lines.push_back(fmt::format("nil {}", items.uid)); }

  std::vector<std::string> lines;
  std::string text;
};

using Lines = std::vector<std::string>;

Fetched read(const std::string& answer, Bodies* to = nullptr) {
  WireText text(answer);
  FetchReader reader;
  return reader.read(1, text.wire, to);
}

TEST(FetchReader, TakesItemsInAnyOrder) {
  Notes notes;
  const auto items = read("(BODY[] {3}\r\nabc FLAGS (\\sEEN x) RFC822.SIZE 3 UID 7)\r\n", &notes);
  EXPECT_EQ(items.uid, 7u);
  EXPECT_EQ(items.size, 3u);
  EXPECT_TRUE(items.flags.seen);
  EXPECT_EQ(items.flags.keywords, std::set<std::string>{"x"});
  EXPECT_EQ(notes.lines, (Lines{"begin 0 3", "end 7 abc"}));
}

TEST(FetchReader, KnowsTheFiveFlagsAndKeepsAllKeywords) {
  const auto items =
      read("(FLAGS (\\Answered \\FLAGGED \\Deleted \\draft \\Recent \\Odd $MDNSent \"q d\"))\r\n");
  EXPECT_FALSE(items.flags.seen);
  EXPECT_TRUE(items.flags.answered && items.flags.flagged && items.flags.deleted && items.flags.draft);
  EXPECT_EQ(items.flags.keywords, (std::set<std::string>{"$MDNSent", "q d"}));
}

TEST(FetchReader, TakesNoUidThatIsNone) {
  for (const auto* answer : {"(UID 0)\r\n", "(UID 4294967296)\r\n", "(UID x)\r\n", "()\r\n"}) {
    EXPECT_EQ(read(answer).uid, 0u) << answer;
  }
  EXPECT_EQ(read("(UID 4294967295)\r\n").uid, 4294967295u);
}

TEST(FetchReader, DecodesLabels) {
  const auto items = read("(X-GM-LABELS (\"\\\\Inbox\" &AOQ- &x) X-GM-MSGID 12)\r\n");
  EXPECT_EQ(items.labels, (Lines{"\\Inbox", "ä", "&x"}));
  EXPECT_EQ(items.global_id, "12");
  EXPECT_TRUE(read("(X-GM-LABELS NIL)\r\n").labels.empty());
}

TEST(FetchReader, TakesNoPartForTheMessage) {
  Notes notes;
  read("(BODY[TEXT] {1}\r\nx BODY[HEADER.FIELDS (DATE)] {1}\r\ny BODY[1] \"z\" UID 7)\r\n", &notes);
  EXPECT_EQ(notes.lines, Lines{});
}

TEST(FetchReader, TellsNilApartFromAnEmptyMessage) {
  Notes nil, empty;
  read("(UID 7 BODY[] NIL)\r\n", &nil);
  read("(UID 7 BODY[] \"\")\r\n", &empty);
  EXPECT_EQ(nil.lines, Lines{"nil 7"});
  EXPECT_EQ(empty.lines, (Lines{"begin 7 0", "end 7 "}));
}

TEST(FetchReader, GivesNothingAsWholeThatIsNotClosed) {
  for (const auto* rest : {" FLAGS (\r\n", " X\r\n", "\r\n", ") x\r\n", " BODY[] {1}\r\nx)\r\n"}) {
    Notes notes;
    EXPECT_THROW(read(fmt::format("(UID 7 BODY[] {{3}}\r\nabc{}", rest), &notes), Error) << rest;
    EXPECT_EQ(notes.lines, Lines{"begin 7 3"}) << rest;
  }
}

TEST(FetchReader, AnAnswerThatMakesNoSenseBeforeItsBodyIsPassedOver) {
  Notes notes;
  EXPECT_THROW(read("(UID 7 FLAGS \\Seen BODY[] {3}\r\nabc)\r\n", &notes), Malformed);
  EXPECT_EQ(notes.lines, Lines{});
}

TEST(FetchReader, SaysHowMuchOfABodyCame) {
  Notes notes;
  try {
    read("(UID 7 BODY[] {100}\r\nabc", &notes);
    FAIL() << "half a body was taken";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the server closed the connection while sending the body (3 of 100 bytes)");
    EXPECT_EQ(error.blast, Blast::session);
  }
}

}  // namespace
}  // namespace postferry::imap
