#include <gtest/gtest.h>

#include "bulk_fetch.h"

namespace postferry::imap {
namespace {

std::string set(std::vector<Uid> uids) { return uid_set(uids); }

TEST(UidSet, IsAsShortAsItGets) {
  EXPECT_EQ(set({}), "");
  EXPECT_EQ(set({7}), "7");
  EXPECT_EQ(set({7, 8}), "7:8");
  EXPECT_EQ(set({1, 2, 3, 7, 9, 10, 12}), "1:3,7,9:10,12");
  EXPECT_EQ(set({4294967294, 4294967295}), "4294967294:4294967295");
}

}  // namespace
}  // namespace postferry::imap
