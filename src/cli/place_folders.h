#pragma once

#include <string>
#include <vector>

#include <postferry/engine/folder_mapping.h>
#include <postferry/mail/destination.h>

namespace postferry::cli {

// Where every folder of a source goes. Asked for all of them, whatever is selected, and whatever order a server lists
// them in: a folder must have the same place in every run.
std::vector<engine::MappedFolder> place_folders(std::vector<mail::Folder> source,
                                                const std::vector<mail::Folder>& destination,
                                                const engine::MappingRules& rules,
                                                const mail::DestinationTraits& traits);

}  // namespace postferry::cli
