#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>
#include <postferry/net/stream.h>

#include "support/certificates.h"
#include "support/loopback_server.h"

namespace postferry::net {
namespace {

using std::chrono::milliseconds;
using test::Caller;
using test::Certificate;
using test::LoopbackServer;
using test::make_certificate;

const Certificate& authority() {
  static const auto made = make_certificate({.authority = true});
  return made;
}

std::string authority_file() {
  static const auto path = test::temporary_file("authority.pem", authority().pem());
  return path;
}

std::string text_of(Stream& stream, std::size_t bytes) {
  std::string out(bytes, '\0');
  std::size_t got = 0;
  while (got < bytes) {
    const auto more = stream.read(std::as_writable_bytes(std::span(out).subspan(got)));
    if (more == 0) break;
    got += more;
  }
  out.resize(got);
  return out;
}

// A server that begins TLS with `certificate`, then answers one line.
struct TlsServer {
  explicit TlsServer(const Certificate& certificate, int newest = 0)
      : server([this, &certificate, newest](Caller& caller) {
          if (!caller.begin_tls(certificate, newest)) return;
          heard = caller.hear();
          caller.say("hello\n");
        }) {}
  std::string heard;
  LoopbackServer server;
};

std::unique_ptr<Stream> dial(std::uint16_t port, const TlsPolicy& policy, Timeouts timeouts = {},
                             std::stop_token stop = {}) {
  static const auto dialer = tcp_dialer();
  return dialer->dial("127.0.0.1", port, &policy, timeouts, stop);
}

// What the dialer objects to; empty if it does not.
std::string objection(const Certificate& certificate, const TlsPolicy& policy, Error* whole = nullptr,
                      int newest = 0) {
  TlsServer server(certificate, newest);
  try {
    auto stream = dial(server.server.port(), policy);
    stream->write(as_bytes("LOGIN bob secret\n"));
    EXPECT_EQ(text_of(*stream, 6), "hello\n");
    EXPECT_TRUE(stream->is_secure());
    return {};
  } catch (const Error& error) {
    EXPECT_EQ(server.heard, "") << "nothing is said to a server that is not trusted";
    EXPECT_EQ(error.cause, Cause::tls);
    EXPECT_EQ(error.blast, Blast::endpoint);
    EXPECT_EQ(error.retry, Retry::never);
    if (whole != nullptr) *whole = error;
    return error.what();
  }
}

TEST(Tls, TakesACertificateForTheHostThatATrustedAuthoritySigned) {
  struct Row {
    const char *names, *host;
  };
  for (const auto& [names, host] :
       {Row{"DNS:mail.test", "mail.test"}, Row{"DNS:mail.test", "MAIL.test"},
        Row{"DNS:*.example.test", "mail.example.test"}, Row{"DNS:a.test,DNS:mail.test", "mail.test"},
        Row{"IP:127.0.0.1", "127.0.0.1"}}) {
    const auto certificate = make_certificate({.names = names}, &authority());
    EXPECT_EQ(objection(certificate, {host, "", authority_file()}), "") << names << " for " << host;
  }
}

TEST(Tls, RefusesACertificateForAnotherHost) {
  struct Row {
    const char *names, *host;
  };
  for (const auto& [names, host] :
       {Row{"DNS:other.test", "mail.test"}, Row{"DNS:*.example.test", "a.mail.example.test"},
        Row{"DNS:*.example.test", "example.test"}, Row{"DNS:m*.example.test", "mail.example.test"},
        Row{"DNS:127.0.0.1", "127.0.0.1"}, Row{"IP:127.0.0.2", "127.0.0.1"},
        Row{"DNS:localhost", "127.0.0.1"}}) {
    const auto certificate = make_certificate({.names = names}, &authority());
    EXPECT_THAT(objection(certificate, {host, "", authority_file()}), testing::HasSubstr("another host"))
        << names << " for " << host;
  }
}

TEST(Tls, SaysWhatIsWrongWithAChainAndHowToTrustIt) {
  const auto self_signed = make_certificate({});
  const auto expired = make_certificate({.until = "20010101000000Z"}, &authority());
  const auto unknown = make_certificate({}, &authority());
  struct Row {
    const Certificate& certificate;
    std::string ca;
    const char* reason;
  };
  for (const auto& [certificate, ca, reason] :
       {Row{self_signed, "", "nobody but itself"}, Row{expired, authority_file(), "has expired"},
        Row{unknown, "", "not trusted here"}}) {
    Error error(Cause::config, Blast::run, Retry::never, "");
    EXPECT_THAT(objection(certificate, {"mail.test", "", ca}, &error), testing::HasSubstr(reason));
    EXPECT_THAT(error.advice, testing::HasSubstr("?fingerprint=" + certificate.fingerprint()));
    EXPECT_THAT(error.advice, testing::HasSubstr("?ca=FILE"));
  }
}

TEST(Tls, TakesAPinnedCertificateWhateverElseIsWrongWithIt) {
  const auto certificate = make_certificate({.names = "DNS:other.test", .until = "20010101000000Z"});
  auto fingerprint = certificate.fingerprint();
  EXPECT_EQ(objection(certificate, {"mail.test", fingerprint, ""}), "");

  std::string as_openssl_prints_it;
  for (std::size_t i = 0; i < fingerprint.size(); i += 2) {
    as_openssl_prints_it += (i == 0 ? "" : ":") + fingerprint.substr(i, 2);
  }
  for (char& c : as_openssl_prints_it) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_EQ(objection(certificate, {"mail.test", as_openssl_prints_it, ""}), "");
}

TEST(Tls, RefusesEveryOtherCertificateThanThePinnedOne) {
  const auto good = make_certificate({}, &authority());
  const auto pinned = make_certificate({});
  EXPECT_THAT(
      objection(good, {"mail.test", pinned.fingerprint(), authority_file()}),
      testing::AllOf(testing::HasSubstr("not the pinned one"), testing::HasSubstr(good.fingerprint())));
}

TEST(Tls, RefusesPoliciesThatVerifyNothing) {
  const auto certificate = make_certificate({}, &authority());
  const TlsServer server(certificate);
  for (const auto& policy : {TlsPolicy{"", "", authority_file()}, TlsPolicy{"mail.test", "abcd", ""},
                             TlsPolicy{"mail.test", "", "/there/is/no/such/file"}}) {
    try {
      dial(server.server.port(), policy);
      FAIL() << "must not connect";
    } catch (const Error& error) {
      EXPECT_EQ(error.cause, Cause::config) << error.what();
    }
  }
}

TEST(Tls, RefusesWhatIsOlderThanTls12) {
  const auto certificate = make_certificate({}, &authority());
  EXPECT_THAT(objection(certificate, {"mail.test", "", authority_file()}, nullptr, TLS1_1_VERSION),
              testing::HasSubstr("still safe"));
  EXPECT_EQ(objection(certificate, {"mail.test", "", authority_file()}, nullptr, TLS1_2_VERSION), "");
}

TEST(Tls, SaysWhenAServerDoesNotSpeakIt) {
  LoopbackServer server([](Caller& caller) {
    caller.say("* OK IMAP4rev1 ready, and plain\r\n");
    caller.hear_all();
  });
  try {
    dial(server.port(), {"mail.test", "", ""});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::tls);
    EXPECT_THAT(error.what(), testing::HasSubstr("does not speak TLS"));
    EXPECT_THAT(error.advice, testing::HasSubstr("STARTTLS"));
  }
}

// Poco 1.11 returns from attach() as if all were well when the handshake runs into the socket's timeout, and
// finishes it inside the first send, without looking at the host name (poco-5485).
TEST(Tls, SendsNothingToAServerThatDelaysItsHandshakeBeyondTheSocketTimeout) {
  const auto other = make_certificate({.names = "DNS:other.test"}, &authority());
  std::string heard;
  {
    LoopbackServer server([&](Caller& caller) {
      caller.await_bytes();  // the ClientHello, left lying
      caller.delay(80);      // several slices of 5 ms
      caller.begin_tls(other);
      heard = caller.hear_all();
    });
    const Timeouts quick{milliseconds(5000), milliseconds(20), milliseconds(20)};
    try {
      auto stream = dial(server.port(), {"mail.test", "", authority_file()}, quick);
      stream->write(as_bytes("LOGIN bob secret\n"));
      ADD_FAILURE() << "must not be trusted";
    } catch (const Error& error) {
      EXPECT_EQ(error.cause, Cause::tls) << error.what();
      EXPECT_THAT(error.what(), testing::HasSubstr("another host"));
    }
  }
  EXPECT_EQ(heard, "");
}

TEST(Tls, WaitsForASlowHandshakeThatIsGood) {
  const auto certificate = make_certificate({}, &authority());
  LoopbackServer server([&](Caller& caller) {
    caller.await_bytes();
    caller.delay(80);
    if (caller.begin_tls(certificate)) caller.say(caller.hear());
    caller.hear_all();
  });
  const Timeouts quick{milliseconds(5000), milliseconds(5000), milliseconds(20)};
  auto stream = dial(server.port(), {"mail.test", "", authority_file()}, quick);
  stream->write(as_bytes("echo\n"));
  EXPECT_EQ(text_of(*stream, 5), "echo\n");
}

TEST(Tls, GivesUpOnAMuteServer) {
  LoopbackServer server([](Caller& caller) { caller.hear_all(); });
  try {
    dial(server.port(), {"mail.test", "", ""}, {milliseconds(60), milliseconds(60), milliseconds(60)});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::network);
    EXPECT_EQ(error.blast, Blast::endpoint);
    EXPECT_EQ(error.retry, Retry::later);
    EXPECT_THAT(error.what(), testing::HasSubstr("handshake does not end"));
  }
}

TEST(Tls, IsCancelledInTheMiddleOfAHandshake) {
  std::stop_source stop;
  LoopbackServer server([&](Caller& caller) {
    caller.await_bytes();
    stop.request_stop();
    caller.hear_all();
  });
  EXPECT_THROW(dial(server.port(), {"mail.test", "", ""}, {}, stop.get_token()), Cancelled);
}

TEST(Tls, IsPutOnAPlainStreamInPlace) {
  const auto certificate = make_certificate({}, &authority());
  LoopbackServer server([&](Caller& caller) {
    caller.say("plain hello\n");
    if (caller.hear() != "STARTTLS\n") return;
    if (!caller.begin_tls(certificate)) return;
    caller.say("secure: " + caller.hear());
    caller.hear_all();
  });
  auto stream = tcp_dialer()->dial("127.0.0.1", server.port(), nullptr, {}, {});
  EXPECT_EQ(text_of(*stream, 12), "plain hello\n");
  EXPECT_FALSE(stream->is_secure());
  stream->write(as_bytes("STARTTLS\n"));
  stream->start_tls({"mail.test", "", authority_file()});
  EXPECT_TRUE(stream->is_secure());
  stream->write(as_bytes("ping\n"));
  EXPECT_EQ(text_of(*stream, 13), "secure: ping\n");
  EXPECT_THROW(stream->start_tls({"mail.test", "", authority_file()}), Error) << "TLS twice";
}

TEST(Tls, ReadsAnEndWithAndWithoutAGoodbye) {
  const auto certificate = make_certificate({}, &authority());
  for (const bool goodbye : {true, false}) {
    LoopbackServer server([&](Caller& caller) {
      if (!caller.begin_tls(certificate)) return;
      caller.say("bye");
      goodbye ? caller.close_well() : caller.cut();
      caller.hear_all();
    });
    auto stream = dial(server.port(), {"mail.test", "", authority_file()});
    EXPECT_EQ(text_of(*stream, 100), "bye");
    EXPECT_EQ(text_of(*stream, 100), "") << "an end stays one";
  }
}

}  // namespace
}  // namespace postferry::net
