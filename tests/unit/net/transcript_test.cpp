#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <postferry/base/error.h>
#include <postferry/base/files.h>
#include <postferry/net/transcript.h>

#include "support/certificates.h"
#include "support/scripted_stream.h"

namespace postferry::net {
namespace {

TEST(Transcript, ShowsBothSidesButNoSecretAndNoControls) {
  const auto path = test::temporary_file("trace.txt", "an older one");
  {
    const auto transcript = file_transcript(path);
    auto stream =
        tapped(std::make_unique<test::ScriptedStream>(
                   test::Script().say("+OK \x1b[31mred").expect("PASS hunter2").say("+OK").expect("QUIT")),
               *transcript, "pop3#1");
    std::string buffer(100, '\0');
    stream->read(std::as_writable_bytes(std::span(buffer)));
    stream->masked(true);
    stream->write(as_bytes("PASS hunter2\r\n"));
    stream->masked(false);
    stream->read(std::as_writable_bytes(std::span(buffer)));
    stream->write(as_bytes("QUIT\r\n"));
  }
  EXPECT_EQ(read_text_file(path),
            "pop3#1 S: +OK \\x1B[31mred\\x0D\\x0A\n"
            "pop3#1 C: <secret>\\x0A\n"
            "pop3#1 S: +OK\\x0D\\x0A\n"
            "pop3#1 C: QUIT\\x0D\\x0A\n");
}

TEST(Transcript, DoesNotShowASecretThatTheServerRepeatsWhereverItIsCut) {
  for (test::Chunks chunks = 0; chunks < 12; ++chunks) {
    const auto path = test::temporary_file("echo.txt", "");
    {
      const auto transcript = file_transcript(path);
      auto stream = tapped(std::make_unique<test::ScriptedStream>(test::Script()
                                                                      .say("hello")
                                                                      .say("-ERR not hunter2")
                                                                      .say("bye")
                                                                      .say_bytes("hunter2 without an end"),
                                                                  chunks),
                           *transcript, "pop3#1");
      stream->hide({"hunter2"});
      std::string buffer(100, '\0');
      for (int i = 0; i < 100; ++i) stream->read(std::as_writable_bytes(std::span(buffer)));
    }
    EXPECT_EQ(read_text_file(path),
              "pop3#1 S: hello\\x0D\\x0A\n"
              "pop3#1 S: -ERR not <secret>\\x0D\\x0A\n"
              "pop3#1 S: bye\\x0D\\x0A\n"
              "pop3#1 S: <secret> without an end\n")
        << "cut by seed " << chunks;
  }
}

TEST(Transcript, IsNobodyElsesToRead) {
  const auto path = test::temporary_file("private.txt", "");
  ::unlink(path.c_str());
  const auto transcript = file_transcript(path);
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(Transcript, SaysWhereItCannotBeWritten) {
  try {
    file_transcript("/there/is/no/such/folder/trace.txt");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.cause, Cause::storage);
    EXPECT_THAT(error.what(), testing::StartsWith("/there/is/no/such/folder/trace.txt: "));
  }
}

}  // namespace
}  // namespace postferry::net
