#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <postferry/mail/source.h>

#include "pair_up.h"
#include "program_state.h"
#include "selection.h"

namespace postferry::cli {

// A or B of a comparison.
struct CompareSide {
  std::string name;  // the account, for people
  std::unique_ptr<mail::MailSource> source;
  std::vector<mail::Folder> folders;
};

// What could not be read.
using Unread = std::function<void(const mail::Folder&, const mail::Meta&, const std::string& why)>;

// What is read of a folder.
struct Reading {
  bool deep = false;  // bodies
  const Selection& selection;
  std::optional<std::set<std::uint32_t>> only{};  // these alone
};

void read_items(const Program& program, CompareSide& side, std::size_t folder, const Reading& reading,
                const Unread& unread, std::vector<Item>& out);

}  // namespace postferry::cli
