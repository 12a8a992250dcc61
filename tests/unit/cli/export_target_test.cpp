#include "export_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/files.h>
#include <postferry/mail/spool.h>

#include "../config/temp_folder.h"

namespace postferry::cli {
namespace {

using archive::Entry;
using archive::FolderRecord;
using config::TempFolder;

mail::Folder folder(const mail::FolderPath& path) {
  mail::Folder out;
  out.path = path;
  return out;
}

Entry entry(std::uint32_t number, const std::string& text) {
  Entry out;
  out.number = number;
  out.content.digest = codec::Sha256::of(as_bytes(text));
  out.size = text.size();
  out.date = mail::Received{std::chrono::sys_seconds(std::chrono::seconds(1700000000)), {}};
  return out;
}

TEST(EmlTarget, KeepsFoldersApartWhoseNamesWouldMeet) {
  TempFolder root;
  const auto target = eml_target(root.path());
  EXPECT_EQ(target->open_folder(folder({"a:b"})), "a_b");
  EXPECT_EQ(target->open_folder(folder({"a?b"})), "a_b~2");
  EXPECT_EQ(target->open_folder(folder({"a?b", "c"})), "a_b~2/c");
  EXPECT_EQ(target->open_folder(folder({"A:B"})), "A_B~3");
  EXPECT_EQ(target->open_folder(folder({"..", "..", "etc"})), "_/_/etc");
  EXPECT_TRUE(std::filesystem::is_directory(root.path() / "a_b~2" / "c"));
}

TEST(MaildirTarget, IsAMaildirPlusPlus) {
  TempFolder root;
  const auto target = maildir_target(root.path());
  EXPECT_EQ(target->open_folder(folder({"INBOX"})), ".");
  EXPECT_TRUE(std::filesystem::is_directory(root.path() / "cur"));
  EXPECT_EQ(target->open_folder(folder({"Entwürfe", "v1.2"})), ".Entw&APw-rfe.v1_2");
  EXPECT_TRUE(std::filesystem::is_directory(root.path() / ".Entw&APw-rfe.v1_2" / "new"));
  EXPECT_TRUE(std::filesystem::exists(root.path() / ".Entw&APw-rfe.v1_2" / "maildirfolder"));
}

TEST(MaildirTarget, SaysFlagsInTheNameAndFindsAnEarlierOne) {
  TempFolder root;
  FolderRecord record;
  record.uidvalidity = "17";
  auto one = entry(4, "x");
  {
    const auto target = maildir_target(root.path());
    target->open_folder(folder({"INBOX"}));
    std::ofstream(target->file_for(record, one)) << "x";
  }
  one.flags.seen = one.flags.flagged = one.flags.answered = true;
  const auto target = maildir_target(root.path());
  target->open_folder(folder({"INBOX"}));
  const auto name = target->file_for(record, one).filename().native();
  EXPECT_TRUE(name.starts_with("1700000000.V17U4P")) << name;
  EXPECT_TRUE(name.ends_with(",S=1:2,FRS")) << name;
  EXPECT_TRUE(target->earlier(record, one).native().ends_with(":2,"));
}

TEST(WriteMessage, WritesTheBytesAndTheTimeOnce) {
  TempFolder root;
  const std::string text = "Subject: x\r\n\r\nhello\r\n";
  const auto one = entry(1, text);
  const auto body = mail::memory_body(text);
  const auto file = root.path() / "m.eml", part = root.path() / "p";
  EXPECT_EQ(write_message(*body, one.content, part, file, one.date), Written::anew);
  EXPECT_EQ(read_text_file(file), text);
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mtime, 1700000000);
  EXPECT_EQ(write_message(*body, one.content, part, file, one.date), Written::there_already);
  std::ofstream(file) << "Subject: x\r\n\r\nhELLo\r\n";
  EXPECT_EQ(write_message(*body, one.content, part, file, one.date), Written::anew);
  EXPECT_EQ(read_text_file(file), text);
}

TEST(WriteMessage, LeavesNoFileWhenTheBytesAreWrong) {
  TempFolder root;
  const auto body = mail::memory_body("other bytes");
  EXPECT_THROW(write_message(*body, entry(1, "x").content, root.path() / "p", root.path() / "f", {}), Error);
  EXPECT_TRUE(std::filesystem::is_empty(root.path()));
}

TEST(ExportFolder, IsNewOrEmptyOrAnEarlierExportOfTheSame) {
  TempFolder root;
  const auto place = root.path() / "new" / "er";
  prepare_export_folder(place, "eml", "id", false);
  std::ofstream(place / "x.eml") << "x";
  prepare_export_folder(place, "eml", "id", false);
  EXPECT_THROW(prepare_export_folder(place, "maildir", "id", false), Error);
  EXPECT_THROW(prepare_export_folder(place, "eml", "another", false), Error);
  root.write("thesis", "x");
  EXPECT_THROW(prepare_export_folder(root.path(), "eml", "id", false), Error);
  prepare_export_folder(root.path(), "eml", "id", true);
}

}  // namespace
}  // namespace postferry::cli
