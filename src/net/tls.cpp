#include "tls.h"

#include <array>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <Poco/Exception.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/SSLException.h>

#include <fmt/format.h>

#include <postferry/base/bytes.h>
#include <postferry/base/error.h>
#include <postferry/base/text.h>

namespace postferry::net {
namespace {

using Poco::Net::Context;

// What OpenSSL found wrong with the chain, during the handshake of this thread.
struct Objection {
  int code = X509_V_OK;
  std::string subject, fingerprint;  // of the certificate objected to; of the server's own one
};
thread_local Objection objection;

std::string fingerprint_of(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (certificate == nullptr || X509_digest(certificate, EVP_sha256(), digest.data(), &length) != 1)
    return {};
  return to_hex(std::as_bytes(std::span(digest).first(length)));
}

int note_objection(int good, X509_STORE_CTX* store) {
  if (good == 1 || objection.code != X509_V_OK) return good;
  objection.code = X509_STORE_CTX_get_error(store);
  std::array<char, 256> name{};
  if (X509* certificate = X509_STORE_CTX_get_current_cert(store)) {
    X509_NAME_oneline(X509_get_subject_name(certificate), name.data(), name.size());
  }
  objection.subject = name.data();
  objection.fingerprint = fingerprint_of(X509_STORE_CTX_get0_cert(store));
  return good;
}

// "AB:CD..." and "abcd..." are the same fingerprint.
std::string plain_fingerprint(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ':' && c != ' ') out += c;
  }
  return lower(out);
}

Error refusal(const std::string& peer, const std::string& what, std::string advice) {
  Error error(Cause::tls, Blast::endpoint, Retry::never, fmt::format("{}: {}", peer, what));
  error.advice = std::move(advice);
  return error;
}

std::string how_to_trust(const std::string& fingerprint) {
  if (fingerprint.empty()) return {};
  return fmt::format(
      "If this is your own server, trust it by adding ?ca=FILE (its CA's certificate) or ?fingerprint={} to "
      "its address.",
      fingerprint);
}

std::string reason_of(int code) {
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet (is this machine's clock right?)";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "its certificate is signed by nobody but itself";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its certificate was issued by an authority that is not trusted here";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is for another host";
    default:
      return fmt::format("its certificate is not valid: {}", X509_verify_cert_error_string(code));
  }
}

void load_authorities(SSL_CTX* context, const TlsPolicy& policy) {
  // The hashed folder costs 0.2 ms, the bundle 40 ms of CPU for each context.
  const char* folder = "/etc/ssl/certs";
  const char* bundle = "/etc/ssl/certs/ca-certificates.crt";
  std::error_code none;
  if (std::filesystem::is_directory(folder, none)) {
    SSL_CTX_load_verify_locations(context, nullptr, folder);
  } else if (std::filesystem::exists(bundle, none)) {
    SSL_CTX_load_verify_locations(context, bundle, nullptr);
  }
  if (policy.extra_ca_file.empty()) return;
  ERR_clear_error();
  if (SSL_CTX_load_verify_locations(context, policy.extra_ca_file.c_str(), nullptr) != 1) {
    ERR_clear_error();
    throw Error(Cause::config, Blast::endpoint, Retry::never,
                fmt::format("{}: no certificate authority can be read from this file",
                            printable(policy.extra_ca_file)));
  }
}

Context::Ptr make_context(const TlsPolicy& policy) {
  const bool pinned = !policy.fingerprint.empty();
  Context::Params params;
  params.verificationMode = pinned ? Context::VERIFY_NONE : Context::VERIFY_STRICT;
  params.loadDefaultCAs = false;
  params.cipherList = "HIGH:!aNULL:!eNULL";
  Context::Ptr context = new Context(Context::TLS_CLIENT_USE, params);
  context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
  auto* ssl = context->sslContext();
  if (pinned) return context;
  load_authorities(ssl, policy);
  auto* verify = SSL_CTX_get0_param(ssl);
  Poco::Net::IPAddress address;
  if (Poco::Net::IPAddress::tryParse(policy.host, address)) {
    X509_VERIFY_PARAM_set1_ip_asc(verify, policy.host.c_str());
  } else {
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(verify, policy.host.c_str(), policy.host.size());
  }
  // Ours instead of Poco's, which would ask handlers that may say "ignore".
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, note_objection);
  return context;
}

Context::Ptr context_for(const TlsPolicy& policy) {
  static std::mutex mutex;
  static std::map<std::tuple<std::string, std::string, std::string>, Context::Ptr> known;
  const std::lock_guard lock(mutex);
  auto& context = known[{policy.host, policy.fingerprint, policy.extra_ca_file}];
  if (!context) context = make_context(policy);
  return context;
}

void check(const TlsPolicy& policy) {
  const auto refuse = [](const std::string& what) {
    throw Error(Cause::config, Blast::endpoint, Retry::never, what);
  };
  if (policy.host.empty()) refuse("TLS without the name of the host to verify");
  if (policy.fingerprint.empty()) return;
  const auto digest = from_hex(plain_fingerprint(policy.fingerprint));
  if (!digest || digest->size() != 32) {
    refuse(fmt::format("{}: a SHA-256 fingerprint has 64 hexadecimal digits",
                       printable(policy.fingerprint, 200)));
  }
}

void finish_handshake(Poco::Net::SecureStreamSocket& secure, const std::function<void()>& again) {
  for (;;) {
    try {
      if (secure.completeHandshake() == 1) return;
    } catch (const Poco::TimeoutException&) { /* a slice is over */
    }
    again();
  }
}

// The handshake ended without a certificate to object to.
Error broken(const std::string& peer, const std::string& what) {
  const auto has = [&](const char* words) { return what.find(words) != std::string::npos; };
  if (has("wrong version number") || has("packet length too long") || has("http request")) {
    return refusal(peer, "what listens there does not speak TLS",
                   "Is it the port for STARTTLS (143, 110)? Then write imap:// or pop3:// instead of "
                   "imaps:// or pop3s://.");
  }
  if (has("unsupported protocol") || has("protocol version")) {
    return refusal(peer, "the server speaks no TLS that is still safe (1.2 or later)", {});
  }
  if (has("no shared cipher") || has("handshake failure")) {
    return refusal(peer, "the server refuses every way of encryption that is still safe", {});
  }
  return Error(Cause::network, Blast::session, Retry::now,
               fmt::format("{}: the TLS handshake broke off: {}", peer, what));
}

}  // namespace

Poco::Net::SecureStreamSocket secured(Poco::Net::StreamSocket& socket, const TlsPolicy& policy,
                                      const std::string& peer, const std::function<void()>& again) {
  check(policy);
  const auto context = context_for(policy);
  objection = {};
  ERR_clear_error();
  std::string shown;  // the fingerprint of the certificate that we were shown, once there is one
  try {
    // attach() returns as if all were well when its handshake ran into the socket's timeout: the loop, not
    // its return, says that the handshake is finished (poco-5485). Until then nothing may be sent.
    auto secure = Poco::Net::SecureStreamSocket::attach(socket, policy.host, context);
    finish_handshake(secure, again);
    if (!secure.havePeerCertificate()) throw refusal(peer, "the server showed no certificate", {});
    const auto certificate = secure.peerCertificate();
    shown = fingerprint_of(const_cast<X509*>(certificate.certificate()));
    if (policy.fingerprint.empty()) {
      secure.verifyPeerCertificate(policy.host);
    } else if (shown.empty() || shown != plain_fingerprint(policy.fingerprint)) {
      throw refusal(
          peer, fmt::format("its certificate is not the pinned one: its SHA-256 fingerprint is {}", shown),
          {});
    }
    return secure;
  } catch (const Poco::Net::CertificateValidationException&) {
    again();
    throw refusal(peer, fmt::format("its certificate is for another host than {}", printable(policy.host)),
                  how_to_trust(shown));
  } catch (const Poco::Exception& exception) {
    again();  // an abort shows as a broken handshake, and a handshake out of time as a timeout
    if (objection.code != X509_V_OK) {
      throw refusal(peer, fmt::format("{} ({})", reason_of(objection.code), printable(objection.subject)),
                    how_to_trust(objection.fingerprint));
    }
    throw broken(peer, printable(exception.displayText()));
  }
}

}  // namespace postferry::net
