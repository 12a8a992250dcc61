#include "push.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include <postferry/base/error.h>

#include "../config/temp_folder.h"
#include "place_folders.h"
#include "push_lock.h"

namespace postferry::cli {
namespace {

TEST(Push, ReadsMapsAndRefusesWhatIsNone) {
  Options options;
  options.map = {"INBOX=Old/In", "A=B=C"};
  const auto rules = mapping_rules(options);
  EXPECT_EQ(rules.map.at("INBOX"), "Old/In");
  EXPECT_EQ(rules.map.at("A"), "B=C");
  for (const auto* wrong : {"INBOX", "=There", "Here="}) {
    options.map = {wrong};
    EXPECT_THROW(mapping_rules(options), Error) << wrong;
  }
  options.map = {"A=B", "A=C"};
  EXPECT_THROW(mapping_rules(options), Error);
}

TEST(Push, LetsOneRunAtATimeIntoAnAccount) {
  const config::TempFolder folder;
  {
    const PushLock held(folder.path(), "imap:me@example.org");
    try {
      const PushLock second(folder.path(), "imap:me@example.org");
      ADD_FAILURE() << "two at once";
    } catch (const Error& error) {
      EXPECT_EQ(error.cause, Cause::locked);
    }
    const PushLock another(folder.path(), "imap:you@example.org");
  }
  const PushLock after(folder.path(), "imap:me@example.org");
}

TEST(Push, GivesAFolderTheSamePlaceInWhateverOrderTheServerListsThem) {
  const auto folder = [](const std::string& wire, mail::FolderPath path) {
    mail::Folder out;
    out.wire_name = wire;
    out.path = std::move(path);
    return out;
  };
  const std::vector<mail::Folder> folders{folder("a=2Fb", {"a=2Fb"}), folder("a/b", {"a/b"}), folder("c", {"c"})};
  const std::vector<mail::Folder> turned(folders.rbegin(), folders.rend());
  const auto one = place_folders(folders, {}, {}, {}), other = place_folders(turned, {}, {}, {});
  ASSERT_EQ(one.size(), other.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].from.wire_name, other[i].from.wire_name);
    EXPECT_EQ(one[i].to, other[i].to);
  }
}

}  // namespace
}  // namespace postferry::cli
