#include "append_uid.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace postferry::imap {
namespace {

std::string read(std::string_view arguments, std::size_t messages) {
  std::string out;
  for (const auto& appended : parse_append_uid(arguments, messages))
    out += fmt::format("{}:{} ", appended.uidvalidity, appended.uid);
  return out;
}

TEST(AppendUid, SaysWhereEachMessageLies) {
  EXPECT_EQ(read("38505 3955", 1), "38505:3955 ");
  EXPECT_EQ(read("38505 3955:3957", 3), "38505:3955 38505:3956 38505:3957 ");
  EXPECT_EQ(read("7 1,3,9:10", 4), "7:1 7:3 7:9 7:10 ");
  EXPECT_EQ(read("4294967295  4294967295 ", 1), "4294967295:4294967295 ");
}

TEST(AppendUid, IsNoneWhereItCannotBeBelieved) {
  for (const auto* arguments : {"", "7", "7 ", "0 1", "7 0", "7 x", "x 1", "7 1,", "7 1:2", "7 2:1", "7 1 2",
                                "7 4294967296", "-7 1", "7 1:4294967295", "7 1;"}) {
    EXPECT_EQ(read(arguments, 1), "") << arguments;
  }
  EXPECT_EQ(read("7 1,2", 3), "");  // fewer than were sent
  EXPECT_EQ(read("7 2,1", 2), "");  // not in the order they were sent
  EXPECT_EQ(read("7 1,1", 2), "");
}

}  // namespace
}  // namespace postferry::imap
