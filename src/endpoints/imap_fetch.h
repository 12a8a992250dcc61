#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <postferry/endpoints/registry.h>
#include <postferry/imap/session.h>
#include <postferry/mail/digester.h>
#include <postferry/mail/source.h>
#include <postferry/mail/spool.h>

namespace postferry::endpoints {

// Items as a Meta of the folder's epoch.
mail::Meta meta_of(const imap::Fetched& items, const std::string& epoch);

// Turns bodies as they stream into messages: spooled and hashed in one pass, under a lease. Judges each
// before it is delivered: of the size that the server claims, or confirmed by a second fetch of the same
// bytes. One thread.
class ImapFetch final : public imap::Bodies {
 public:
  // The meta of a message that is still wanted, to be completed from the body's own answer; null: nobody
  // wants it. Asked at the body's begin with the items so far, and once more when the answer is `whole`.
  using Wanted = std::function<const mail::Meta*(const imap::Fetched&, bool whole)>;
  using Deliver = std::function<void(mail::Message)>;

  // What is known of a message that came, but not as it should.
  struct Doubt {
    mail::ContentId content;
    std::uint64_t size = 0;
    unsigned times = 0;
    std::string verdict;  // not empty: it is not asked for again, and this is why
    mail::Headline headline;
  };

  ImapFetch(const Tools& tools, std::stop_token stop);

  // For the verbs that follow. Both are called within them only.
  void expect(Wanted wanted, Deliver deliver, std::function<void(const std::string&)> note);
  void forget();  // the session was lost: what it was in the middle of is void

  void begin(const imap::Fetched& before, std::uint64_t size) override;
  void bytes(Bytes part) override;
  void end(const imap::Fetched& items) override;

  const Doubt* doubt(imap::Uid uid) const;
  void settle(imap::Uid uid) { doubts_.erase(uid); }
  bool sizes_are_lies() const { return lies_ >= lies_believed; }

 private:
  static constexpr unsigned lies_believed = 3;

  bool good(imap::Uid uid, std::optional<std::uint64_t> claimed, const mail::Digests& digests);
  bool confirmed(imap::Uid uid, std::uint64_t claimed, const mail::Digests& digests);

  const Tools tools_;
  const std::stop_token stop_;
  Wanted wanted_;
  Deliver deliver_;
  std::function<void(const std::string&)> note_;
  mail::Spool spool_;
  std::optional<mail::Digester> digester_;
  ByteBudget::Lease lease_;
  bool open_ = false, skipped_ = false;
  std::uint64_t size_ = 0;
  std::map<imap::Uid, Doubt> doubts_;
  unsigned lies_ = 0;
};

}  // namespace postferry::endpoints
