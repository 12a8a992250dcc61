#pragma once

#include <functional>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <postferry/archive/blob_store.h>

namespace postferry::test {

// A store under test, and a way to put there what no store would write.
struct StoreUnderTest {
  std::string name;
  std::function<std::shared_ptr<archive::BlobStore>()> make;  // empty, keeps alive whatever it stands on
  std::function<void(archive::BlobStore& store, const std::string& name, const std::string& bytes)>
      put_foreign;
};

inline void PrintTo(const StoreUnderTest& store, std::ostream* out) { *out << store.name; }

// What every BlobStore must do: INSTANTIATE_TEST_SUITE_P(…, BlobStoreSuite, …) in the implementation's test.
class BlobStoreSuite : public ::testing::TestWithParam<StoreUnderTest> {
 protected:
  std::shared_ptr<archive::BlobStore> store_ = GetParam().make();
};

}  // namespace postferry::test
