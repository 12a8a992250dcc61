#include "flag_change.h"

namespace postferry::engine {

mail::Flags without(mail::Flags flags, const mail::Flags& minus) {
  flags.seen &= !minus.seen;
  flags.answered &= !minus.answered;
  flags.flagged &= !minus.flagged;
  flags.deleted &= !minus.deleted;
  flags.draft &= !minus.draft;
  std::erase_if(flags.keywords, [&](const auto& keyword) { return minus.keywords.contains(keyword); });
  return flags;
}

FlagChange flag_change(const PushOptions& options, const mail::Flags& source, const mail::Flags* carried,
                       const mail::Flags& there) {
  FlagChange change;
  switch (options.flags) {
    case FlagRule::never:
      break;
    case FlagRule::update:
      change = {without(source, there), without(there, source)};
      break;
    case FlagRule::merge:
      if (carried != nullptr) {
        change = {without(source, *carried), without(*carried, source)};
        break;
      }
      [[fallthrough]];
    case FlagRule::add:
      change.add = without(source, there);
      break;
  }
  if (options.skip_deleted) change.add.deleted = change.remove.deleted = false;
  return change;
}

}  // namespace postferry::engine
