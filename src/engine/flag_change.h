#pragma once

#include <postferry/engine/push.h>

namespace postferry::engine {

struct FlagChange {
  mail::Flags add, remove;
  bool empty() const { return add == mail::Flags{} && remove == mail::Flags{}; }
  bool operator==(const FlagChange&) const = default;
};

mail::Flags without(mail::Flags flags, const mail::Flags& minus);

// What is to be changed at a message that lies at the destination. Pure.
// `source`: its flags now. `carried`: those it was carried with, null: nobody knows. `there`: as the
// destination has them.
FlagChange flag_change(const PushOptions& options, const mail::Flags& source, const mail::Flags* carried,
                       const mail::Flags& there);

}  // namespace postferry::engine
