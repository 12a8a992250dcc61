#pragma once

#include <optional>

#include "sink_folder.h"

namespace postferry::engine {

// What of a lane's messages lies in the folder already, and is nobody's: by content, as it is or as it is
// known to be changed on the way. One thread, which has the folder's turn.
class Recogniser {
 public:
  struct Hit {
    std::uint32_t number = 0;
    bool mended = false;  // its 8-bit header was encoded by --repair
  };
  Recogniser(PushWorld& world, SinkFolder& folder, mail::LaneId lane, PushSession& session,
             Patience& patience)
      : world_(world), folder_(folder), lane_(lane), session_(session), patience_(patience) {}

  // In whatever form; one that is damaged is noted as such in the folder.
  std::optional<Hit> find(const mail::Message& message);
  std::optional<std::uint32_t> as_it_is(const mail::Message& message);
  // But for trace fields, where accounts are merged.
  std::optional<std::uint32_t> merged(const mail::Message& message);

 private:
  std::optional<std::uint32_t> marked(const mail::Message& message);
  std::optional<std::uint32_t> mended(const mail::Message& message);
  std::optional<std::uint32_t> damaged(const mail::Message& message);
  template <class Ask>
  std::optional<std::uint32_t> ask(const Ask& ask);

  PushWorld& world_;
  SinkFolder& folder_;
  const mail::LaneId lane_;
  PushSession& session_;
  Patience& patience_;
};

}  // namespace postferry::engine
