#include "imap_source.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "imap_pages.h"
#include "imap_pool.h"
#include "imap_reader.h"
#include "imap_releaser.h"
#include "imap_role_words.h"

namespace postferry::endpoints {
namespace {

// Equal tokens mean: nothing has changed, flags neither. Without HIGHESTMODSEQ nobody can say that of flags,
// and a server that gives no usable UIDVALIDITY can say nothing at all. 1 is what Dovecot answers for a
// folder in which modification sequences have not been kept so far: two such answers may have a change
// between them, unless the folder is empty and has no flags to change.
std::string token_of(const imap::Listed& listed) {
  if (!listed.has_status || listed.uidvalidity == 0 || listed.uidnext == 0) return {};
  const std::uint64_t least = listed.messages == 0 ? 1 : 2;
  if (listed.highestmodseq < least) return {};
  return fmt::format("{}.{}.{}.{}", listed.uidvalidity, listed.uidnext, listed.messages,
                     listed.highestmodseq);
}

class ImapSource final : public mail::MailSource {
 public:
  ImapSource(const config::Account& account, Secret secret, const Tools& tools)
      : pool_(account, std::move(secret), tools, sessions_of(account, tools)) {}

  mail::SourceTraits traits() const override { return {true, true, true, pool_.most()}; }

  std::vector<mail::Folder> folders(std::stop_token stop) override {
    return pool_.with_session(stop, [&](imap::Session& session) {
      std::vector<mail::Folder> out;
      for (auto& listed : session.list({.with_size = pool_.tools().folder_sizes})) {
        override_role(listed.folder, pool_.account().roles);
        listed.folder.token = token_of(listed);
        out.push_back(std::move(listed.folder));
      }
      // Gmail: every message lies in All Mail, and what has been read there costs no body in the label
      // folders.
      if (session.can("X-GM-EXT-1")) {
        std::stable_partition(out.begin(), out.end(),
                              [](const mail::Folder& f) { return f.role == mail::Role::all; });
      }
      return out;
    });
  }

  std::vector<mail::Span> cut(const mail::Folder& folder, unsigned pieces, std::stop_token stop) override {
    if (pieces < 2) return {mail::Span{}};
    return pool_.with_session(stop, [&](imap::Session& session) {
      const auto exists = session.examine(folder.wire_name).exists;
      // At multiples of a page, so that every page of a lane can be counted.
      const auto piece = (exists / pieces + ImapPage::messages) / ImapPage::messages * ImapPage::messages;
      std::vector<mail::Span> out;
      imap::Uid first = 1;
      for (const auto last : session.borders(exists, piece)) {
        if (out.size() + 1 == pieces || last == mail::Span{}.last) break;
        out.push_back({first, last});
        first = last + 1;
      }
      out.push_back({first, mail::Span{}.last});
      return out;
    });
  }

  std::unique_ptr<mail::FolderReader> open(const mail::Folder& folder, std::stop_token stop) override {
    return imap_reader(pool_, folder, std::move(stop));
  }

  std::unique_ptr<mail::Releaser> releaser(const mail::Folder& folder, std::stop_token stop) override {
    return imap_releaser(pool_, folder.wire_name, std::move(stop));
  }

 private:
  ImapPool pool_;
};

}  // namespace

std::unique_ptr<mail::MailSource> imap_source(const config::Account& account, Secret secret, Tools tools) {
  return std::make_unique<ImapSource>(account, std::move(secret), tools);
}

}  // namespace postferry::endpoints
