#include "place_folders.h"

#include <algorithm>

namespace postferry::cli {

std::vector<engine::MappedFolder> place_folders(std::vector<mail::Folder> source,
                                                const std::vector<mail::Folder>& destination,
                                                const engine::MappingRules& rules,
                                                const mail::DestinationTraits& traits) {
  std::sort(source.begin(), source.end(),
            [](const mail::Folder& a, const mail::Folder& b) { return a.wire_name < b.wire_name; });
  engine::NamingLimits names;
  names.delimiter = traits.delimiter;
  names.forbidden = {traits.forbidden.begin(), traits.forbidden.end()};
  return engine::map_folders(source, destination, rules, names);
}

}  // namespace postferry::cli
