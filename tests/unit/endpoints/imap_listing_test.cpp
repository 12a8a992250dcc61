#include "imap_listing.h"

#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/scripted_stream.h"

namespace postferry::endpoints {
namespace {

constexpr auto first_ask = "A1 UID FETCH 1:9 (UID FLAGS INTERNALDATE RFC822.SIZE)";

imap::Session session(test::Script script) {
  return imap::Session(std::make_unique<test::ScriptedStream>(std::move(script)), {});
}
test::Script hello() { return test::Script().say("* PREAUTH [CAPABILITY IMAP4rev1] hello"); }

std::string told(const std::vector<mail::Meta>& metas) {
  std::string out;
  for (const auto& meta : metas)
    out += fmt::format("{}{}{} ", meta.ref.number, meta.flags.seen ? "s" : "", meta.size ? "z" : "");
  return out;
}

// Three messages among the UIDs 1 to 9.
struct Folder {
  ImapPages counts{3, 10, {}};
  std::deque<ImapPage> cut = counts.cut({});
  std::vector<ImapPage> pages{cut.begin(), cut.end()};
};

TEST(ImapListing, IsInTheOrderOfUidsEachOnce) {
  Folder folder;
  auto imap = session(hello()
                          .expect(first_ask)
                          .say("* 3 FETCH (UID 7 RFC822.SIZE 1)")
                          .say("* 1 FETCH (UID 2 RFC822.SIZE 1)")
                          .say("* 2 FETCH (UID 4 RFC822.SIZE 1)")
                          .say("* 1 FETCH (UID 2 RFC822.SIZE 1)")
                          .say("A1 OK"));
  const auto listed = list_pages(imap, folder.counts, folder.pages, "7");
  EXPECT_EQ(told(listed.metas), "2z 4z 7z ");
  EXPECT_EQ(listed.metas.front().ref.epoch, "7");
  EXPECT_FALSE(listed.incomplete);
}

TEST(ImapListing, TakesFlagsThatSomebodyChangesMeanwhile) {
  Folder folder;
  auto imap = session(hello()
                          .expect(first_ask)
                          .say("* 1 FETCH (UID 2 RFC822.SIZE 1 FLAGS ())")
                          .say("* 2 FETCH (UID 4 RFC822.SIZE 1 FLAGS ())")
                          .say("* 1 FETCH (UID 2 FLAGS (\\Seen))")
                          .say("* 3 FETCH (UID 7 RFC822.SIZE 1 FLAGS ())")
                          .say("A1 OK"));
  EXPECT_EQ(told(list_pages(imap, folder.counts, folder.pages, "7").metas), "2sz 4z 7z ");
}

TEST(ImapListing, CountsBothAnswersTogetherWhereOneIsShort) {
  Folder folder;
  auto imap = session(hello()
                          .expect(first_ask)
                          .say("* 1 FETCH (UID 2)")
                          .say("* 2 FETCH (UID 4)")
                          .say("A1 OK")
                          .expect("A2 NOOP")
                          .say("A2 OK")
                          .expect("A3 UID FETCH 1:9 (UID FLAGS INTERNALDATE RFC822.SIZE)")
                          .say("* 1 FETCH (UID 2)")
                          .say("* 3 FETCH (UID 7)")
                          .say("A3 OK"));
  const auto listed = list_pages(imap, folder.counts, folder.pages, "7");
  EXPECT_EQ(told(listed.metas), "2 4 7 ");
  EXPECT_FALSE(listed.incomplete);
}

TEST(ImapListing, SaysWhatIsMissingAndGivesWhatIsThere) {
  Folder folder;
  auto imap = session(hello()
                          .expect(first_ask)
                          .say("* 1 FETCH (UID 2)")
                          .say("A1 OK")
                          .expect("A2 NOOP")
                          .say("A2 OK")
                          .expect("A3 UID FETCH 1:9 (UID FLAGS INTERNALDATE RFC822.SIZE)")
                          .say("A3 OK"));
  const auto listed = list_pages(imap, folder.counts, folder.pages, "7");
  EXPECT_EQ(told(listed.metas), "2 ");
  ASSERT_TRUE(listed.incomplete);
  EXPECT_STREQ(
      listed.incomplete->what(),
      "listing incomplete: the server says that there are 3 messages among the UIDs 1 to 9, and lists "
      "1 of them, twice");
}

TEST(ImapListing, IsBegunAnewWhereWhatWasExpungedMayHideWhatIsMissing) {
  Folder folder;
  auto imap = session(hello()
                          .expect(first_ask)
                          .say("* 1 FETCH (UID 2)")
                          .say("* 1 EXPUNGE")
                          .say("* 1 FETCH (UID 4)")
                          .say("A1 OK")
                          .expect("A2 NOOP")
                          .say("A2 OK")
                          .expect("A3 UID FETCH 1:9 (UID FLAGS INTERNALDATE RFC822.SIZE)")
                          .say("* 1 FETCH (UID 4)")
                          .say("* 2 FETCH (UID 7)")
                          .say("A3 OK"));
  const auto listed = list_pages(imap, folder.counts, folder.pages, "7");
  EXPECT_EQ(told(listed.metas), "4 7 ");
  EXPECT_FALSE(listed.incomplete);
}

TEST(ImapListing, IsWholeIfAllCameBeforeOneWasExpunged) {
  Folder folder;
  auto imap = session(hello()
                          .expect(first_ask)
                          .say("* 1 FETCH (UID 2)")
                          .say("* 2 FETCH (UID 4)")
                          .say("* 3 FETCH (UID 7)")
                          .say("* 2 EXPUNGE")
                          .say("A1 OK"));
  EXPECT_FALSE(list_pages(imap, folder.counts, folder.pages, "7").incomplete);
  EXPECT_EQ(folder.counts.expected(folder.pages.front()), 2u);
}

TEST(ImapListing, ListsTwiceWhatNobodyCanCount) {
  Folder folder;
  folder.pages.front().place.reset();
  auto imap = session(hello()
                          .expect(first_ask)
                          .say("* 1 FETCH (UID 2)")
                          .say("A1 OK")
                          .expect("A2 UID FETCH 1:9 (UID FLAGS INTERNALDATE RFC822.SIZE)")
                          .say("* 3 FETCH (UID 7)")
                          .say("A2 OK"));
  EXPECT_EQ(told(list_pages(imap, folder.counts, folder.pages, "7").metas), "2 7 ");
}

}  // namespace
}  // namespace postferry::endpoints
