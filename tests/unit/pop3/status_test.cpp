#include "status.h"

#include <gtest/gtest.h>

#include <postferry/pop3/session.h>

namespace postferry::pop3 {
namespace {

using Kind = Status::Kind;

struct Parsed {
  const char* line;
  Kind kind;
  const char *code, *text;
};

TEST(Status, IsAWordACodeAndAText) {
  for (const auto& [line, kind, code, text] : {
           Parsed{"+OK", Kind::ok, "", ""},
           Parsed{"+ok  2 messages", Kind::ok, "", "2 messages"},
           Parsed{"+OK [x] is no code here", Kind::ok, "", "[x] is no code here"},
           Parsed{"-ERR", Kind::err, "", ""},
           Parsed{"-err [in-use] locked", Kind::err, "IN-USE", "locked"},
           Parsed{"-ERR [SYS/TEMP]later", Kind::err, "SYS/TEMP", "later"},
           Parsed{"-ERR [no end", Kind::err, "", "[no end"},
           Parsed{"+", Kind::challenge, "", ""},
           Parsed{"+ eyJzdGF0dXMi", Kind::challenge, "", "eyJzdGF0dXMi"},
           Parsed{"* OK IMAP", Kind::nonsense, "", "* OK IMAP"},
           Parsed{"+OKAY", Kind::nonsense, "", "+OKAY"},
           Parsed{"", Kind::nonsense, "", ""},
       }) {
    const auto status = parse_status(line);
    EXPECT_EQ(status.kind, kind) << line;
    EXPECT_EQ(status.code, code) << line;
    EXPECT_EQ(status.text, text) << line;
  }
}

TEST(Status, IsTemporaryByItsCode) {
  for (const auto* line :
       {"-ERR [SYS/TEMP] x", "-ERR [SYS/TEMP/DISK] x", "-ERR [in-use]", "-ERR [LOGIN-DELAY]"}) {
    EXPECT_TRUE(is_temporary(parse_status(line))) << line;
  }
  for (const auto* line : {"-ERR x", "-ERR [SYS/PERM] x", "-ERR [SYS/TEMPORARY] x", "-ERR [AUTH] x"}) {
    EXPECT_FALSE(is_temporary(parse_status(line))) << line;
  }
}

struct Case {
  const char* line;
  Moment moment;
  Cause cause;
  Retry retry;
};

TEST(Status, MeansWhatItMeansAtThatMoment) {
  for (const auto& [line, moment, cause, retry] : {
           Case{"-ERR", Moment::sign_in, Cause::auth, Retry::never},
           Case{"-ERR invalid user or password", Moment::sign_in, Cause::auth, Retry::never},
           Case{"-ERR [AUTH] no", Moment::greeting, Cause::auth, Retry::never},
           Case{"-ERR account locked", Moment::sign_in, Cause::auth, Retry::never},
           Case{"-ERR maildrop already locked", Moment::sign_in, Cause::throttled, Retry::later},
           Case{"-ERR Unable to lock maildrop", Moment::sign_in, Cause::throttled, Retry::later},
           Case{"-ERR Temporary failure", Moment::sign_in, Cause::throttled, Retry::later},
           Case{"-ERR [IN-USE] other session", Moment::sign_in, Cause::throttled, Retry::later},
           Case{"-ERR [SYS/PERM] gone", Moment::sign_in, Cause::rejected, Retry::never},
           Case{"-ERR cannot list", Moment::listing, Cause::rejected, Retry::later},
           Case{"-ERR go away", Moment::greeting, Cause::throttled, Retry::later},
           Case{"220 smtp ready", Moment::greeting, Cause::protocol, Retry::never},
       }) {
    const auto why = refusal(parse_status(line), moment, "it");
    EXPECT_EQ(why.cause, cause) << line;
    EXPECT_EQ(why.retry, retry) << line;
    EXPECT_EQ(why.blast, Blast::endpoint) << line;
  }
}

TEST(Status, ALoginDelayIsThatOfTheServer) {
  const auto status = parse_status("-ERR [LOGIN-DELAY] too soon");
  const auto why = refusal(status, Moment::sign_in, "sign-in", std::chrono::seconds(900));
  EXPECT_EQ(why.retry_after, std::chrono::seconds(900));
  EXPECT_TRUE(is_login_delay(why));
  EXPECT_FALSE(is_login_delay(refusal(parse_status("-ERR [IN-USE] x"), Moment::sign_in, "sign-in")));
}

TEST(Status, TheServersWordsAreEscapedAndCut) {
  const auto why = refusal(parse_status("-ERR \x1B[2J" + std::string(1000, 'x')), Moment::sign_in, "sign-in");
  const std::string_view what = why.what();
  EXPECT_TRUE(what.starts_with("sign-in: \\x1B[2J")) << what;
  EXPECT_LT(what.size(), 400u);
}

}  // namespace
}  // namespace postferry::pop3
