#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <postferry/base/byte_budget.h>
#include <postferry/mail/source.h>

namespace postferry::conformance {

// What a folder is filled with before a source is asked for it.
struct Given {
  std::string text;
  mail::Flags flags{};
};
using Mailbox = std::vector<std::pair<std::string, std::vector<Given>>>;  // folder name, messages in order

// How to set up one kind of source. `fill` makes the mailbox and keeps it alive as long as the source.
struct SourceKind {
  std::string name;
  std::function<std::unique_ptr<mail::MailSource>(const Mailbox& mailbox, ByteBudget& budget)> fill;
  bool has_folders = true;
  bool canonical_bytes = false;  // its server stores CRLF whatever it was given; compare so
};
inline std::ostream& operator<<(std::ostream& out, const SourceKind& kind) { return out << kind.name; }

// The contract of mail/source.h. Every implementation runs it:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, SourceSuite, testing::Values(memory_source()), name_of);
//
// The tests are in source_suite.cpp.
class SourceSuite : public testing::TestWithParam<SourceKind> {};
inline std::string name_of(const testing::TestParamInfo<SourceKind>& info) { return info.param.name; }

}  // namespace postferry::conformance
