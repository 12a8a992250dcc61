#pragma once

#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/x509.h>

namespace postferry::test {

struct FreeX509 {
  void operator()(X509* p) const { X509_free(p); }
};
struct FreeKey {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};

// A certificate and its key, made in memory. Valid from 2000 to 2100 unless told, so that no test asks the
// clock.
struct Certificate {
  std::unique_ptr<X509, FreeX509> certificate;
  std::unique_ptr<EVP_PKEY, FreeKey> key;
  std::string pem() const;          // of the certificate
  std::string fingerprint() const;  // SHA-256, lower-case hex
};

struct Wish {
  std::string names = "DNS:mail.test";  // subjectAltName, as openssl.cnf has it
  std::string until = "21000101000000Z";
  bool authority = false;
};

// Signed by `by`, or by itself where that is null.
Certificate make_certificate(const Wish& wish, const Certificate* by = nullptr);

// `text` in a new file of a folder of the test's own; the path.
std::string temporary_file(const std::string& name, const std::string& text);

}  // namespace postferry::test
