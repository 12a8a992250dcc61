#include "selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <postferry/base/error.h>

namespace postferry::cli {
namespace {

using mail::Role;
using testing::ElementsAre;

mail::Received at(std::chrono::sys_seconds when) { return {when, {}}; }

TEST(Selection, TakesEverythingUnlessTold) {
  Selection all{Options{}};
  EXPECT_TRUE(all.takes_folder({"x"}, Role::none));
  EXPECT_FALSE(all.leaves_out(std::nullopt, std::nullopt));
  EXPECT_FALSE(all.filters_messages());
  EXPECT_TRUE(all.in_words().empty());
}

TEST(Selection, ExcludesBeforeItIncludes) {
  Options options;
  options.folder = {"Work*", "Nowhere"};
  options.exclude = {":junk:", "Work/Old"};
  Selection some(options);
  EXPECT_TRUE(some.takes_folder({"Work", "New"}, Role::none));
  EXPECT_FALSE(some.takes_folder({"Work", "Old"}, Role::none));
  EXPECT_FALSE(some.takes_folder({"Home"}, Role::none));
  EXPECT_THAT(some.idle_folder_patterns(), ElementsAre("Nowhere"));
  EXPECT_THAT(some.idle_exclude_patterns(), ElementsAre(":junk:"));
  EXPECT_THAT(some.in_words(),
              ElementsAre("--folder Work*", "--folder Nowhere", "--exclude :junk:", "--exclude Work/Old"));
}

TEST(Selection, LeavesOutByDateAndSizeAndSaysWhy) {
  Options options;
  options.since = "2024-01-01T00:00Z";
  options.before = "2025-01-01T00:00Z";
  options.max_size = "1K";
  const Selection some(options);
  using namespace std::chrono;
  const sys_seconds first = sys_days(2024y / 1 / 1), end = sys_days(2025y / 1 / 1);
  EXPECT_EQ(some.leaves_out(at(first - 1s), 5), "--since 2024-01-01T00:00Z");
  EXPECT_FALSE(some.leaves_out(at(first), 1024));
  EXPECT_FALSE(some.leaves_out(at(end - 1s), 5));
  EXPECT_EQ(some.leaves_out(at(end), 5), "--before 2025-01-01T00:00Z");
  EXPECT_EQ(some.leaves_out(at(first), 1025), "--max-size 1K");
  EXPECT_FALSE(some.leaves_out(std::nullopt, std::nullopt)) << "in doubt, copy";
}

TEST(Selection, RefusesWhatCannotBeMeant) {
  Options options;
  options.since = "2025-01-01";
  options.before = "2024-01-01";
  EXPECT_THROW(Selection{options}, Error);
  options.before.clear(), options.max_size = "huge";
  EXPECT_THROW(Selection{options}, Error);
}

}  // namespace
}  // namespace postferry::cli
