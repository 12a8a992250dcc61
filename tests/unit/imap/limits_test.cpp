#include <memory>

#include <gtest/gtest.h>

#include <postferry/imap/session.h>

#include "support/scripted_stream.h"

namespace postferry::imap {
namespace {

Session session(test::Script script) {
  return Session(std::make_unique<test::ScriptedStream>(std::move(script)), {});
}

test::Script hello(const char* capabilities) {
  return test::Script().say("* PREAUTH [CAPABILITY IMAP4rev1 " + std::string(capabilities) + "] hello");
}

std::optional<std::uint64_t> quota_left(const char* answer) {
  auto imap = session(hello("QUOTA")
                          .expect("A1 GETQUOTAROOT \"INBOX\"")
                          .say("* QUOTAROOT INBOX \"User quota\"")
                          .say(answer)
                          .say("A1 OK"));
  return imap.quota_left("INBOX");
}

TEST(Limits, TheQuotaLeftIsInBytes) {
  EXPECT_EQ(quota_left("* QUOTA \"User quota\" (STORAGE 10 512 MESSAGE 20 100)"), 502u * 1024);
  EXPECT_EQ(quota_left("* QUOTA \"\" (MESSAGE 20 100)"), std::nullopt);
  EXPECT_EQ(quota_left("* QUOTA \"\" ()"), std::nullopt);
}

TEST(Limits, AFullMailboxHasNothingLeft) {
  EXPECT_EQ(quota_left("* QUOTA \"\" (STORAGE 513 512)"), 0u);
  EXPECT_EQ(quota_left("* QUOTA \"\" (STORAGE 0 18446744073709551615)"), ~std::uint64_t{0});
}

TEST(Limits, TheTightestOfSeveralQuotasCounts) {
  auto imap = session(hello("QUOTA")
                          .expect("A1 GETQUOTAROOT \"INBOX\"")
                          .say("* QUOTA a (STORAGE 0 9)")
                          .say("* QUOTA b (STORAGE 0 3)")
                          .say("A1 OK"));
  EXPECT_EQ(imap.quota_left("INBOX"), 3u * 1024);
}

TEST(Limits, AreUnknownWhereTheServerSaysNothing) {
  auto silent = session(hello(""));
  EXPECT_EQ(silent.quota_left("INBOX"), std::nullopt);
  EXPECT_EQ(silent.append_limit("INBOX"), std::nullopt);

  auto refuses = session(hello("QUOTA").expect("A1 GETQUOTAROOT \"INBOX\"").say("A1 NO not yours"));
  EXPECT_EQ(refuses.quota_left("INBOX"), std::nullopt);
}

TEST(Limits, TheLargestMessageIsThatOfTheServerOrOfTheFolder) {
  auto all = session(hello("APPENDLIMIT=35651584"));
  EXPECT_EQ(all.append_limit("INBOX"), 35651584u);

  auto each = session(hello("APPENDLIMIT")
                          .expect("A1 STATUS \"INBOX\" (APPENDLIMIT)")
                          .say("* STATUS INBOX (APPENDLIMIT 100)")
                          .say("A1 OK"));
  EXPECT_EQ(each.append_limit("INBOX"), 100u);

  auto none = session(hello("APPENDLIMIT")
                          .expect("A1 STATUS \"INBOX\" (APPENDLIMIT)")
                          .say("* STATUS INBOX (APPENDLIMIT NIL)")
                          .say("A1 OK"));
  EXPECT_EQ(none.append_limit("INBOX"), std::nullopt);
}

TEST(PersonalNamespace, IsTheFirstOne) {
  auto imap = session(
      hello("NAMESPACE")
          .expect("A1 NAMESPACE")
          .say("* NAMESPACE ((\"INBOX.\" \".\" \"X\" (\"Y\"))(\"#mh/\" \"/\")) NIL ((\"shared.\" \".\"))")
          .say("A1 OK"));
  const auto found = imap.personal_namespace();
  EXPECT_EQ(found.prefix, "INBOX.");
  EXPECT_EQ(found.delimiter, '.');
}

TEST(PersonalNamespace, IsTheRootOfTheListingWhereThereIsNone) {
  auto imap = session(hello("").expect(R"(A1 LIST "" "")").say(R"(* LIST (\Noselect) "/" "")").say("A1 OK"));
  const auto found = imap.personal_namespace();
  EXPECT_EQ(found.prefix, "");
  EXPECT_EQ(found.delimiter, '/');
}

}  // namespace
}  // namespace postferry::imap
