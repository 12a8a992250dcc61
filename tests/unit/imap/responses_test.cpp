#include "responses.h"

#include <gtest/gtest.h>

namespace postferry::imap {
namespace {

TEST(Responses, StatusWordsAreKnownInAnyCase) {
  EXPECT_EQ(status_of("Ok"), Status::ok);
  EXPECT_EQ(status_of("preAuth"), Status::preauth);
  EXPECT_EQ(status_of("BYE"), Status::bye);
  EXPECT_EQ(status_of("FINE"), std::nullopt);
  EXPECT_EQ(status_of(""), std::nullopt);
}

struct Parsed {
  const char *line, *code, *arguments, *text;
};

TEST(Responses, HaveACodeItsArgumentsAndAText) {
  for (const auto& [line, code, arguments, text] : {
           Parsed{" [UIDVALIDITY 7] fine", "UIDVALIDITY", "7", "fine"},
           Parsed{" [HIGHESTMODSEQ  5]", "HIGHESTMODSEQ", "5", ""},
           Parsed{" [alert] see [1]", "ALERT", "", "see [1]"},
           Parsed{"   done", "", "", "done"},
           Parsed{"", "", "", ""},
           Parsed{" [open but not closed", "", "", "[open but not closed"},
           Parsed{" []x", "", "", "x"},
           Parsed{" [PERMANENTFLAGS (\\Seen \\*)] ok", "PERMANENTFLAGS", "(\\Seen \\*)", "ok"},
           Parsed{" a\x1B[2Jb", "", "", "a\\x1B[2Jb"},
       }) {
    const auto reply = parse_reply(Status::ok, line);
    EXPECT_EQ(reply.code, code) << line;
    EXPECT_EQ(reply.arguments, arguments) << line;
    EXPECT_EQ(reply.text, text) << line;
  }
}

struct Case {
  Status status;
  const char* said;
  Doing doing;
  Cause cause;
  Blast blast;
  Retry retry;
};

TEST(Responses, MeanWhatTheyMeanAtThatMoment) {
  using enum Status;
  for (const auto& [status, said, doing, cause, blast, retry] : {
           // about the messages that were asked for
           Case{no, "cannot read", Doing::reading, Cause::rejected, Blast::message, Retry::now},
           Case{bad, "UID FETCH Server error", Doing::reading, Cause::rejected, Blast::message, Retry::now},
           // patience
           Case{no, "[LIMIT] Rate limit hit", Doing::reading, Cause::throttled, Blast::endpoint,
                Retry::later},
           Case{no, "[OVERQUOTA] Account exceeded command or bandwidth limits", Doing::reading,
                Cause::throttled, Blast::endpoint, Retry::later},
           Case{no, "Lookup failed [THROTTLED]", Doing::other, Cause::throttled, Blast::endpoint,
                Retry::later},
           Case{bad, "Request is throttled. Suggested Backoff Time: 1 milliseconds", Doing::reading,
                Cause::throttled, Blast::endpoint, Retry::later},
           Case{bye, "Too many connections", Doing::greeting, Cause::throttled, Blast::endpoint,
                Retry::later},
           Case{no, "[ALERT] Too many simultaneous connections. (Failure)", Doing::signing_in,
                Cause::throttled, Blast::endpoint, Retry::later},
           // signing in
           Case{no, "", Doing::signing_in, Cause::auth, Blast::endpoint, Retry::never},
           Case{no, "[AUTHENTICATIONFAILED] no", Doing::signing_in, Cause::auth, Blast::endpoint,
                Retry::never},
           Case{no, "[UNAVAILABLE] Temporary authentication failure", Doing::signing_in, Cause::network,
                Blast::endpoint, Retry::later},
           Case{no, "[INUSE] locked", Doing::signing_in, Cause::network, Blast::endpoint, Retry::later},
           Case{bye, "Basic authentication is disabled.", Doing::signing_in, Cause::auth, Blast::endpoint,
                Retry::never},
           Case{bad, "User is authenticated but not connected.", Doing::other, Cause::auth, Blast::endpoint,
                Retry::never},
           // folders
           Case{no, "[NONEXISTENT] gone", Doing::opening_folder, Cause::missing, Blast::folder, Retry::never},
           Case{no, "Mailbox doesn't exist: x", Doing::opening_folder, Cause::missing, Blast::folder,
                Retry::never},
           Case{no, "Permission denied", Doing::opening_folder, Cause::rejected, Blast::folder, Retry::never},
           Case{no, "[SERVERBUG] Internal error", Doing::opening_folder, Cause::rejected, Blast::folder,
                Retry::later},
           Case{no, "SELECT Unsafe Login", Doing::opening_folder, Cause::auth, Blast::endpoint, Retry::never},
           // the connection
           Case{bye, "Session expired, please login again.", Doing::reading, Cause::network, Blast::session,
                Retry::now},
           Case{bye, "go away", Doing::greeting, Cause::network, Blast::endpoint, Retry::later},
           Case{no, "whatever", Doing::other, Cause::protocol, Blast::endpoint, Retry::never},
       }) {
    const auto why = meaning(parse_reply(status, said), doing);
    EXPECT_EQ(why.cause, cause) << said;
    EXPECT_EQ(why.blast, blast) << said;
    EXPECT_EQ(why.retry, retry) << said;
  }
}

TEST(Responses, SayHowLongTheServerWantsToBeLeftAlone) {
  const auto why =
      meaning(parse_reply(Status::bad, "Request is throttled. Suggested Backoff Time: 1500 milliseconds"),
              Doing::reading);
  EXPECT_EQ(why.retry_after, std::chrono::seconds(2));
}

TEST(Responses, AdviseWhereAPersonCanDoSomething) {
  const auto advice = [](const char* said) {
    return meaning(parse_reply(Status::no, said), Doing::signing_in).advice;
  };
  EXPECT_EQ(advice("[WEBALERT https://example.org/\x1B] Web login required."),
            "sign in with a browser first: https://example.org/\\x1B");
  EXPECT_NE(advice("Application-specific password required").find("app password"), std::string::npos);
  EXPECT_NE(advice("Basic authentication is disabled.").find("xoauth2"), std::string::npos);
  EXPECT_EQ(advice("no"), "");
}

TEST(Responses, QuoteTheServer) {
  EXPECT_STREQ(meaning(parse_reply(Status::no, "[NOPERM] not yours"), Doing::other).what(),
               "the server refuses: \"[NOPERM] not yours\"");
  EXPECT_STREQ(meaning(parse_reply(Status::bye, ""), Doing::other).what(),
               "the server closes the connection: no reason given");
}

TEST(Responses, ContextKeepsWhatAnErrorKnows) {
  auto error =
      meaning(parse_reply(Status::no, "[LIMIT] Suggested Backoff Time: 5000 milliseconds"), Doing::other);
  error.suspect = "7";
  error.advice = "wait";
  const auto named = with_context(error, "INBOX");
  EXPECT_STREQ(named.what(),
               "INBOX: the server refuses: \"[LIMIT] Suggested Backoff Time: 5000 milliseconds\"");
  EXPECT_EQ(named.retry_after, std::chrono::seconds(5));
  EXPECT_EQ(named.suspect, "7");
  EXPECT_EQ(named.advice, "wait");
}

}  // namespace
}  // namespace postferry::imap
