#include "pop3_sign_in.h"

#include <utility>

#include <postferry/base/error.h>

#include "connection.h"

namespace postferry::endpoints {

Pop3Line pop3_dial(const config::Account& account, const Tools& tools, std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  try {
    auto connection = connect(account, tools, stop);
    auto session = std::make_unique<pop3::Session>(std::move(connection.stream), account.pipeline.value_or(64));
    session->capabilities();
    if (account.security == config::Security::starttls) session->start_tls(tls_policy(account));
    return {std::move(session), connection.stoppable, {}};
  } catch (const Error& error) {
    throw sign_in_failure(account, error);
  }
}

void pop3_sign_in(Pop3Line& line, const config::Account& account, const Secret& secret) {
  try {
    authenticate(*line.session, account, secret.reveal());
  } catch (const Error& error) {
    throw sign_in_failure(account, error);
  }
}

}  // namespace postferry::endpoints
