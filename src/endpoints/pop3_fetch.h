#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>

#include <postferry/endpoints/registry.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/source.h>
#include <postferry/mail/spool.h>
#include <postferry/pop3/session.h>

namespace postferry::endpoints {

// A message that was announced and has no outcome yet.
struct Pop3Item {
  mail::Meta meta;
  unsigned number = 0;   // in this session; 0: not listed
  bool compare = false;  // ask by its header first
  bool answered = false;
  unsigned refusals = 0;
  std::string refusal;                  // the server's words
  std::optional<mail::ContentId> came;  // what came while it was not of the size that LIST says
  unsigned odd = 0;                     // how often
};

// Turns RETR and TOP into messages and answers. An item that is not `answered` afterwards wants to be asked
// for once more. One thread.
class Pop3Fetch {
 public:
  Pop3Fetch(const Tools& tools, std::stop_token stop);

  // TOP for those that want to be compared; what is held is answered, all others want their body.
  void compare_headers(pop3::Session& session, std::span<Pop3Item> items, mail::Chooser& choose);
  struct Bulk {
    std::function<std::size_t()> most_asked{};  // how many of them, which may grow meanwhile; all, if not said
    // These are the last of the drop, and a session comes after this one: with much to fetch, this is called once while the
    // last bytes are on their way, and QUIT may go along with the last command (Session::retrieve).
    std::function<void()> nearly_done{};
  };
  // RETR for those that are not answered.
  void bodies(pop3::Session& session, std::span<Pop3Item> items, mail::Arrivals& to, const Bulk& how);
  // Refused for good: unavailable(failed), with a headline from TOP if there is one.
  void give_up(pop3::Session& session, Pop3Item& item, mail::Arrivals& to);

  // After a session was lost: forgets what it was in the middle of.
  void discard();
  // LIST's sizes were found to be right, or wrong so often that they are not looked at any more.
  bool sizes_are_known() const { return right_ > 0 || lies_ >= lies_believed; }
  std::uint64_t arrived() const { return arrived_; }

 private:
  class Bodies;
  class Headers;
  static constexpr unsigned lies_believed = 3;

  bool is_as_announced(Pop3Item& item, const mail::ContentId& content, std::uint64_t size,
                       mail::Arrivals& to);

  const Tools tools_;
  const std::stop_token stop_;
  mail::Spool spool_;
  std::optional<mail::Digester> digester_;
  std::uint64_t arrived_ = 0, right_ = 0;
  unsigned lies_ = 0;
  bool noted_ = false;
};

}  // namespace postferry::endpoints
