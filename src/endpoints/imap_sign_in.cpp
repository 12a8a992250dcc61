#include "imap_sign_in.h"

#include <algorithm>
#include <utility>

#include <postferry/base/error.h>

#include "connection.h"

namespace postferry::endpoints {
namespace {

imap::Window window_of(const config::Account& account) {
  imap::Window window;
  if (account.pipeline) window.commands = std::max(1u, *account.pipeline);
  return window;
}

}  // namespace

ImapLine imap_sign_in(const config::Account& account, const Secret& secret, const Tools& tools,
                      std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  try {
    auto connection = connect(account, tools, stop);
    auto session = std::make_unique<imap::Session>(std::move(connection.stream), window_of(account));
    if (account.security == config::Security::starttls) session->start_tls(tls_policy(account));
    if (!session->preauth()) authenticate(*session, account, secret.reveal());
    if (session->can("ID")) session->identify(POSTFERRY_VERSION);
    return {std::move(session), connection.stoppable, {}, {}, {}};
  } catch (const Error& error) {
    throw sign_in_failure(account, error);
  }
}

}  // namespace postferry::endpoints
