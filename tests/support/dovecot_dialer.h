#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include <postferry/config/config.h>
#include <postferry/net/stream.h>

namespace postferry::test {

// A real Dovecot without a port and without a daemon: every dial() starts its imap on a socket
// pair (PREAUTH). All connections see one account, in a temporary folder that is removed at the end.
class DovecotDialer final : public net::Dialer {
 public:
  // More lines for its configuration, if need be. `capabilities`: what it says that it can, instead of all
  // that it can: who heeds them meets a plainer server.
  explicit DovecotDialer(const std::string& more_config = {}, std::string capabilities = {});
  ~DovecotDialer() override;

  std::unique_ptr<net::Stream> dial(const std::string& host, std::uint16_t port, const net::TlsPolicy* tls,
                                    const net::Timeouts& timeouts, std::stop_token stop) override;

  // For connections from now on.
  void configure(const std::string& more_config);

  config::Account account() const;  // what to ask an endpoint for
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  const std::string capabilities_;
  uid_t user_;  // whose the mail is
  gid_t group_;
};

}  // namespace postferry::test
