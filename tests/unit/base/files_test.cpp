#include <postferry/base/files.h>

#include <array>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "posix_file.h"

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>

#include "unit/base/temporary_folder.h"

namespace postferry {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class DiskFilesTest : public ::testing::Test {
 protected:
  fs::path put(const std::string& name, std::string_view text) const {
    std::ofstream(root_ / name) << text;
    return root_ / name;
  }

  std::string read(const fs::path& path) const { return read_text_file(path); }

  static mode_t mode(const fs::path& path) {
    struct stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777U;
  }

  template <class Action>
  static Error failure_of(Action action) {
    try {
      action();
    } catch (const Error& e) {
      return e;
    }
    ADD_FAILURE() << "nothing was thrown";
    return {Cause::config, Blast::run, Retry::never, ""};
  }

  test::TemporaryFolder folder_;
  const fs::path root_ = folder_.path();
  std::unique_ptr<Files> files_ = disk_files();
};

TEST_F(DiskFilesTest, PublishesWhatWasAppendedReadOnlyAndWithItsFolders) {
  files_->make_folder(root_ / "tmp");
  auto file = files_->create(root_ / "tmp", "a.part");
  file->append(as_bytes("one "));
  file->sync();
  file->append(as_bytes("two"));
  EXPECT_EQ(mode(root_ / "tmp" / "a.part"), 0600U);

  file->publish(root_ / "packs" / "2026" / "a.pack");

  EXPECT_EQ(read(root_ / "packs" / "2026" / "a.pack"), "one two");
  EXPECT_EQ(mode(root_ / "packs" / "2026" / "a.pack"), 0400U);
  EXPECT_EQ(mode(root_ / "packs"), 0700U);
  EXPECT_EQ(mode(root_ / "packs" / "2026"), 0700U);
  EXPECT_FALSE(files_->exists(root_ / "tmp" / "a.part"));
}

TEST_F(DiskFilesTest, TheModesDoNotDependOnTheUmask) {
  for (const mode_t umask : {0000U, 0022U, 0277U}) {
    const mode_t before = ::umask(umask);
    const std::string name = "u" + std::to_string(umask);
    files_->make_folder(root_ / name);
    auto file = files_->create(root_ / name, "x");
    ::umask(before);
    EXPECT_EQ(mode(root_ / name), 0700U);
    EXPECT_EQ(mode(root_ / name / "x"), 0600U);
  }
}

TEST_F(DiskFilesTest, NeverReplacesWhatIsThere) {
  put("taken", "old");
  auto file = files_->create(root_, "new");
  file->append(as_bytes("new"));

  const auto error = failure_of([&] { file->publish(root_ / "taken"); });

  EXPECT_EQ(error.cause, Cause::storage);
  EXPECT_THAT(error.what(), HasSubstr("taken: a file of that name is already there"));
  EXPECT_EQ(read(root_ / "taken"), "old");
  EXPECT_EQ(read(root_ / "new"), "new");
}

TEST_F(DiskFilesTest, AnAbandonedFileStaysUntilItIsRemoved) {
  {
    files_->create(root_, "left")->append(as_bytes("half"));
  }
  EXPECT_EQ(read(root_ / "left"), "half");
  EXPECT_THROW(files_->create(root_, "left"), Error);
  files_->remove(root_ / "left");
  EXPECT_FALSE(files_->exists(root_ / "left"));
}

TEST_F(DiskFilesTest, APublishedFileRefusesMore) {
  auto file = files_->create(root_, "a");
  file->publish(root_ / "b");
  EXPECT_THROW(file->append(as_bytes("x")), Error);
  EXPECT_THROW(file->publish(root_ / "c"), Error);
  EXPECT_EQ(read(root_ / "b"), "");
}

TEST_F(DiskFilesTest, AFailedWriteIsNamedAndEndsTheFile) {
  // a limit on the size of files stands in for a full disk
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  auto file = files_->create(root_, "full");
  const rlimit small{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto error = failure_of([&] { file->append(as_bytes(std::string(2000, 'x'))); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(error.cause, Cause::storage);
  EXPECT_EQ(error.blast, Blast::run);
  EXPECT_EQ(error.retry, Retry::never);
  EXPECT_THAT(error.what(), HasSubstr((root_ / "full").string() + ": cannot write: File too large"));
  EXPECT_THROW(file->append(as_bytes("x")), Error);
  EXPECT_THROW(file->publish(root_ / "never"), Error);
  EXPECT_FALSE(files_->exists(root_ / "never"));
}

TEST_F(DiskFilesTest, AFullDiskComesWithAdvice) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  const auto full = posix::open("/dev/full", O_WRONLY);
  const auto error = failure_of([&] { posix::write_all(full.get(), as_bytes("x"), "/dev/full"); });
  EXPECT_STREQ(error.what(), "/dev/full: cannot write: No space left on device");
  EXPECT_THAT(error.advice, HasSubstr("make room"));
}

TEST_F(DiskFilesTest, ReadsRangesAndNamesWhatIsShortOrMissing) {
  const auto path = put("f", "0123456789");
  std::array<std::byte, 4> into{};
  files_->read_range(path, 3, into);
  EXPECT_EQ(as_text(into), "3456");
  const auto shorter = failure_of([&] { files_->read_range(path, 8, into); });
  EXPECT_EQ(shorter.cause, Cause::damaged);
  EXPECT_THAT(shorter.what(), HasSubstr("ends at byte 10, 2 more were expected"));
  EXPECT_EQ(failure_of([&] { files_->read_range(root_ / "none", 0, into); }).cause, Cause::missing);
  EXPECT_EQ(failure_of([&] { files_->size(root_ / "none"); }).cause, Cause::missing);
  EXPECT_EQ(files_->size(path), 10U);
}

TEST_F(DiskFilesTest, ListsSortedWithSizes) {
  put("b", "22");
  put("a", "1");
  files_->make_folder(root_ / "c" / "d");
  fs::create_symlink("nowhere", root_ / "dangling");
  const auto list = files_->list(root_);
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].name, "a");
  EXPECT_EQ(list[1].size, 2U);
  EXPECT_TRUE(list[2].is_folder);
  EXPECT_TRUE(files_->list(root_ / "none").empty());
}

TEST_F(DiskFilesTest, RemovesFilesAndEmptyFoldersOnly) {
  files_->make_folder(root_ / "c" / "d");
  EXPECT_THROW(files_->remove(root_ / "c"), Error);
  files_->remove(root_ / "c" / "d");
  files_->remove(root_ / "c");
  files_->remove(root_ / "c");
  EXPECT_TRUE(files_->list(root_).empty());
}

TEST_F(DiskFilesTest, EveryWayOfRenamingKeepsWhatIsThere) {
  for (const auto way : {posix::NoReplace::renameat2, posix::NoReplace::link, posix::NoReplace::look_first}) {
    const auto from = put("from", "new");
    const auto taken = put("taken", "old");
    EXPECT_FALSE(posix::rename_no_replace(from, taken, way));
    EXPECT_EQ(read(taken), "old");
    EXPECT_TRUE(posix::rename_no_replace(from, root_ / "free", way));
    EXPECT_EQ(read(root_ / "free"), "new");
    EXPECT_FALSE(files_->exists(from));
    files_->remove(root_ / "free");
  }
}

TEST_F(DiskFilesTest, AScratchFileHasNoNameAndReadsBack) {
  ScratchFile scratch(root_);
  scratch.append(as_bytes("hello "));
  scratch.append(as_bytes("world"));
  EXPECT_TRUE(files_->list(root_).empty());
  EXPECT_EQ(scratch.size(), 11U);

  ScratchFile moved = std::move(scratch);
  std::array<std::byte, 8> into{};
  EXPECT_EQ(moved.read_at(6, into), 5U);
  EXPECT_EQ(as_text(into).substr(0, 5), "world");
  EXPECT_EQ(moved.read_at(11, into), 0U);
}

TEST_F(DiskFilesTest, AScratchFileNeedsItsFolder) {
  EXPECT_THAT(failure_of([&] { ScratchFile scratch(root_ / "none"); }).what(), HasSubstr("none"));
}

TEST_F(DiskFilesTest, ReadsAWholeTextFileUpToALimit) {
  const auto path = put("conf", std::string(100000, 'x'));
  EXPECT_EQ(read_text_file(path).size(), 100000U);
  EXPECT_EQ(read_text_file(path, 100000).size(), 100000U);
  EXPECT_THAT(failure_of([&] { read_text_file(path, 99999); }).what(), HasSubstr("larger than 97.7 KiB"));
  EXPECT_EQ(failure_of([&] { read_text_file(root_ / "none"); }).cause, Cause::missing);
}

TEST(SystemClock, ASleepEndsAtOnceWhenStopWasAsked) {
  std::stop_source stop;
  stop.request_stop();
  system_clock()->sleep_for(std::chrono::hours(24), stop.get_token());
  system_clock()->sleep_for(std::chrono::milliseconds::max(), stop.get_token());
  system_clock()->sleep_for(std::chrono::milliseconds(0), {});
}

}  // namespace
}  // namespace postferry
