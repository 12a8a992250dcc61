#include "folder_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postferry::imap {
namespace {

using mail::FolderPath;

struct Case {
  const char* wire;
  char delimiter;
  const char* prefix;
  FolderPath path;
};

TEST(FolderNames, BecomeWordsForPeople) {
  for (const auto& [wire, delimiter, prefix, path] : {
           Case{"Work/2024", '/', "", {"Work", "2024"}},
           Case{"Work/2024", '.', "", {"Work/2024"}},
           Case{"Work/2024", '\0', "", {"Work/2024"}},
           Case{"Entw&APw-rfe", '/', "", {"Entwürfe"}},
           Case{"R&-D", '/', "", {"R&D"}},
           Case{"a//b/", '/', "", {"a", "b"}},
           Case{"/", '/', "", {"/"}},
           Case{"", '/', "", {""}},
       }) {
    EXPECT_EQ(path_of(wire, delimiter, prefix), path) << wire;
  }
}

TEST(FolderNames, LeaveOutThePrefixOfTheNamespace) {
  for (const auto& [wire, delimiter, prefix, path] : {
           Case{"INBOX.Sent", '.', "INBOX.", {"Sent"}},
           Case{"Inbox.Sent", '.', "INBOX.", {"Sent"}},
           Case{"INBOX.INBOX", '.', "INBOX.", {"INBOX", "INBOX"}},
           Case{"INBOX.inbox", '.', "INBOX.", {"INBOX", "inbox"}},
           Case{"INBOX", '.', "INBOX.", {"INBOX"}},
           Case{"INBOX.", '.', "INBOX.", {"INBOX"}},
           Case{"Mail/Sent", '/', "Mail/", {"Sent"}},
           Case{"mail/Sent", '/', "Mail/", {"mail", "Sent"}},
           Case{"shared.Sales", '.', "INBOX.", {"shared", "Sales"}},
       }) {
    EXPECT_EQ(path_of(wire, delimiter, prefix), path) << wire;
  }
}

TEST(FolderNames, ShowWhatIsNoNameByItsBytesEscaped) {
  EXPECT_EQ(path_of("a&b", '/', ""), FolderPath{"a&b"});
  EXPECT_EQ(path_of("a\x1B[1mb", '/', ""), FolderPath{"a\\x1B[1mb"});
  EXPECT_EQ(path_of("..", '/', ""), FolderPath{".."});  // harmless here: no path of a file is made of it
}

TEST(FolderNames, KnowOneInboxInAnyCase) {
  for (const auto* name : {"INBOX", "inbox", "InBox"}) {
    EXPECT_TRUE(is_inbox(name)) << name;
    EXPECT_EQ(path_of(name, '/', ""), FolderPath{"INBOX"}) << name;
  }
  EXPECT_FALSE(is_inbox("INBOX2"));
  EXPECT_FALSE(is_inbox(""));
  EXPECT_EQ(path_of("inbox/a", '/', ""), (FolderPath{"INBOX", "a"}));
}

}  // namespace
}  // namespace postferry::imap
