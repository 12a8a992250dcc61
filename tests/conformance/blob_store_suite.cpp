#include "conformance/blob_store_suite.h"

#include <vector>

#include <gmock/gmock.h>
#include <postferry/base/bytes.h>
#include <postferry/base/error.h>

namespace postferry::test {
namespace {

using archive::Kind;
using ::testing::ElementsAre;

const std::string pack_a = "packs/2026/11/20261124T040742Z-00000000000000000000000000000000.tar.zst";
const std::string pack_b = "packs/2026/11/20261124T040742Z-00000000000000000000000000000001.tar.gz";
const std::string pack_c = "packs/2027/01/20270101T000000Z-0123456789abcdef0123456789abcdef.tar.zst";
const std::string snapshot =
    "snapshots/2026/11/20261124T040742Z-imap-a-example.org-1a2b3c4d-0123456789abcdef0123456789abcdef.json";

void store(archive::BlobStore& into, Kind kind, const std::string& name, std::string_view bytes) {
  auto writer = into.create(kind, "some.part");
  writer->append(as_bytes(bytes));
  writer->sync();
  writer->publish({kind, name});
}

std::string read(const archive::BlobStore& from, Kind kind, const std::string& name, std::uint64_t at,
                 std::size_t size) {
  std::string out(size, '\0');
  from.get({kind, name}, at, std::as_writable_bytes(std::span(out)));
  return out;
}

std::vector<std::string> names(const archive::BlobStore& store, Kind kind,
                               std::vector<std::string>* foreign = nullptr) {
  std::vector<std::string> out;
  store.list(
      kind, [&](const std::string& name, std::uint64_t) { out.push_back(name); },
      [&](const std::string& name) {
        if (foreign != nullptr) foreign->push_back(name);
      });
  return out;
}

Cause cause_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& why) {
    return why.cause;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Cause::config;
}

TEST_P(BlobStoreSuite, GivesBackAnyRangeOfWhatWasPublished) {
  store(*store_, Kind::pack, pack_a, "abcdefgh");
  EXPECT_EQ(store_->size({Kind::pack, pack_a}), 8u);
  EXPECT_EQ(read(*store_, Kind::pack, pack_a, 0, 8), "abcdefgh");
  EXPECT_EQ(read(*store_, Kind::pack, pack_a, 3, 2), "de");
  EXPECT_EQ(read(*store_, Kind::pack, pack_a, 8, 0), "");
}

TEST_P(BlobStoreSuite, RefusesARangeThatIsNotThereInFull) {
  store(*store_, Kind::pack, pack_a, "abc");
  EXPECT_EQ(cause_of([&] { read(*store_, Kind::pack, pack_a, 2, 2); }), Cause::damaged);
  EXPECT_EQ(cause_of([&] { read(*store_, Kind::pack, pack_a, 9, 1); }), Cause::damaged);
  EXPECT_EQ(cause_of([&] { read(*store_, Kind::pack, pack_b, 0, 1); }), Cause::missing);
  EXPECT_EQ(cause_of([&] { store_->size({Kind::pack, pack_b}); }), Cause::missing);
}

TEST_P(BlobStoreSuite, ShowsNothingBeforeItIsPublished) {
  auto writer = store_->create(Kind::pack, "some.part");
  writer->append(as_bytes("abc"));
  writer->sync();
  EXPECT_THAT(names(*store_, Kind::pack), ElementsAre());
  writer.reset();
  EXPECT_THAT(names(*store_, Kind::pack), ElementsAre());
}

TEST_P(BlobStoreSuite, ListsEachKindByItselfAndSorted) {
  store(*store_, Kind::pack, pack_c, "c");
  store(*store_, Kind::pack, pack_b, "b");
  store(*store_, Kind::pack, pack_a, "a");
  store(*store_, Kind::snapshot, snapshot, "{}");
  store(*store_, Kind::config, "postferry.json", "{}");
  store(*store_, Kind::readme, "README.txt", "read me");
  EXPECT_THAT(names(*store_, Kind::pack), ElementsAre(pack_a, pack_b, pack_c));
  EXPECT_THAT(names(*store_, Kind::snapshot), ElementsAre(snapshot));
  EXPECT_THAT(names(*store_, Kind::config), ElementsAre("postferry.json"));
  EXPECT_THAT(names(*store_, Kind::readme), ElementsAre("README.txt"));
  EXPECT_THAT(names(*store_, Kind::lock), ElementsAre());
}

TEST_P(BlobStoreSuite, TakesTheSameFileTwice) {
  store(*store_, Kind::pack, pack_a, "abc");
  store(*store_, Kind::pack, pack_a, "abc");
  EXPECT_EQ(read(*store_, Kind::pack, pack_a, 0, 3), "abc");
}

TEST_P(BlobStoreSuite, NeverReplacesAnotherFile) {
  store(*store_, Kind::pack, pack_a, "abc");
  EXPECT_EQ(cause_of([&] { store(*store_, Kind::pack, pack_a, "longer"); }), Cause::storage);
  EXPECT_EQ(read(*store_, Kind::pack, pack_a, 0, 3), "abc");
}

TEST_P(BlobStoreSuite, RefusesNamesThatAreNoneOfOurs) {
  for (const auto* name :
       {"packs/x.tar.zst", "../packs/2026/11/x", "postferry.json", "packs/2026/11/notes.txt"}) {
    EXPECT_EQ(cause_of([&] { store(*store_, Kind::pack, name, "x"); }), Cause::storage) << name;
    EXPECT_EQ(cause_of([&] { store_->remove({Kind::pack, name}); }), Cause::storage) << name;
  }
}

TEST_P(BlobStoreSuite, PassesOverForeignFilesAndNamesThem) {
  store(*store_, Kind::pack, pack_a, "abc");
  for (const std::string name :
       {"packs/.DS_Store", "packs/2026/11/.nfs000000000001",
        "packs/2026/11/20261124T040742Z-00000000000000000000000000000000.tar.zst.conflict"}) {
    GetParam().put_foreign(*store_, name, "x");
  }
  std::vector<std::string> foreign;
  EXPECT_THAT(names(*store_, Kind::pack, &foreign), ElementsAre(pack_a));
  EXPECT_EQ(foreign.size(), 3u);
}

TEST_P(BlobStoreSuite, ForgetsWhatIsRemoved) {
  store(*store_, Kind::lock, "locks/abc.json", "{}");
  store_->remove({Kind::lock, "locks/abc.json"});
  store_->remove({Kind::lock, "locks/abc.json"});  // not there: no error
  EXPECT_THAT(names(*store_, Kind::lock), ElementsAre());
}

}  // namespace
}  // namespace postferry::test
