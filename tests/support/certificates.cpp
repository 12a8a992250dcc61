#include "support/certificates.h"

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <postferry/base/bytes.h>

namespace postferry::test {
namespace {

void must(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void name(X509* certificate, const std::string& common) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const void* const text = common.c_str();
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, static_cast<const unsigned char*>(text), -1, -1,
                             0);
}

}  // namespace

Certificate make_certificate(const Wish& wish, const Certificate* by) {
  static std::atomic<long> serial{1};
  Certificate out;
  out.key.reset(EVP_EC_gen("P-256"));
  out.certificate.reset(X509_new());
  must(out.key && out.certificate, "key");
  X509* const made = out.certificate.get();
  X509* const issuer = by != nullptr ? by->certificate.get() : made;
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
  ASN1_TIME_set_string_X509(X509_getm_notBefore(made), "20000101000000Z");
  ASN1_TIME_set_string_X509(X509_getm_notAfter(made), wish.until.c_str());
  name(made, wish.authority ? "Test Authority" : "Test Server");
  X509_set_issuer_name(made, X509_get_subject_name(issuer));
  X509_set_pubkey(made, out.key.get());
  extend(made, issuer, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!wish.authority) extend(made, issuer, NID_subject_alt_name, wish.names);
  must(X509_sign(made, by != nullptr ? by->key.get() : out.key.get(), EVP_sha256()) > 0, "sign");
  return out;
}

std::string Certificate::pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  must(PEM_write_bio_X509(memory.get(), certificate.get()) == 1, "PEM");
  char* text = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string Certificate::fingerprint() const {
  std::array<unsigned char, 32> digest{};
  must(X509_digest(certificate.get(), EVP_sha256(), digest.data(), nullptr) == 1, "digest");
  return to_hex(std::as_bytes(std::span(digest)));
}

std::string temporary_file(const std::string& name, const std::string& text) {
  const auto folder =
      std::filesystem::path(testing::TempDir()) / ("postferry-test-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto path = folder / name;
  std::ofstream(path, std::ios::binary) << text;
  return path.native();
}

}  // namespace postferry::test
