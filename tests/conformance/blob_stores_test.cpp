#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <postferry/base/error.h>
#include <postferry/base/files.h>

#include "conformance/blob_store_suite.h"
#include "support/memory_store.h"

namespace postferry::test {
namespace {

namespace fs = std::filesystem;

struct OnDisk {
  fs::path folder;
  std::unique_ptr<Files> files = disk_files();
  std::unique_ptr<archive::BlobStore> store;

  OnDisk() {
    std::string name = (fs::temp_directory_path() / "postferry-store-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    files->make_folder(folder / "tmp" / "work");
    store = archive::folder_store(folder, *files, folder / "tmp" / "work");
  }
  OnDisk(const OnDisk&) = delete;
  OnDisk& operator=(const OnDisk&) = delete;
  ~OnDisk() { fs::remove_all(folder); }
};

template <class Holder>
std::shared_ptr<archive::BlobStore> made() {
  auto holder = std::make_shared<Holder>();
  return {holder, holder->store.get()};
}

void put_file(archive::BlobStore& store, const std::string& name, const std::string& bytes) {
  const auto path = fs::path(store.where()) / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path) << bytes;
}

INSTANTIATE_TEST_SUITE_P(Stores, BlobStoreSuite,
                         ::testing::Values(StoreUnderTest{"folder", made<OnDisk>, put_file},
                                           StoreUnderTest{
                                               "memory", [] { return std::make_shared<MemoryStore>(); },
                                               [](archive::BlobStore& store, const std::string& name,
                                                  const std::string& bytes) {
                                                 dynamic_cast<MemoryStore&>(store).put(name, bytes);
                                               }}),
                         [](const auto& store) { return store.param.name; });

TEST(FolderStore, KeepsFoldersPrivateAndFilesReadOnly) {
  const OnDisk disk;
  auto writer = disk.store->create(archive::Kind::pack, "pack.part");
  writer->append(as_bytes("abc"));
  const std::string name = "packs/2026/11/20261124T040742Z-00000000000000000000000000000000.tar.zst";
  writer->publish({archive::Kind::pack, name});
  const auto mode = [&](const fs::path& path) { return fs::status(disk.folder / path).permissions(); };
  EXPECT_EQ(mode(name), fs::perms::owner_read);
  for (const auto* folder : {"packs", "packs/2026", "packs/2026/11"})
    EXPECT_EQ(mode(folder), fs::perms::owner_all) << folder;
  EXPECT_TRUE(fs::is_empty(disk.folder / "tmp" / "work"));
}

TEST(FolderStore, SaysThatAStoreWithoutAWorkFolderIsForReading) {
  OnDisk disk;
  const auto store = archive::folder_store(disk.folder, *disk.files, {});
  EXPECT_THROW(store->create(archive::Kind::pack, "pack.part"), Error);
}

}  // namespace
}  // namespace postferry::test
