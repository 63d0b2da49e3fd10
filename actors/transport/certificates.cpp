#include "actors/transport/certificates.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/transport/addresses.hpp"

namespace troupe::transport {

namespace {

constexpr long valid_days = 3650;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* it) const {
    Free(it);
  }
};

using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using serial_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;

troupe::error openssl_failed(const std::string& what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return {errc::system, "cannot make the " + what + ": " + (reason ? reason : "OpenSSL failed")};
}

bool add_extension(X509* to, X509* issuer, int which, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  extension_ptr made(X509V3_EXT_conf_nid(nullptr, &context, which, text.c_str()));
  return made && X509_add_ext(to, made.get(), -1) == 1;
}

bool set_serial(X509* to) {
  unsigned char random[16];
  if (RAND_bytes(random, sizeof random) != 1) return false;
  random[0] &= 0x7F;  // Serial numbers are positive.
  serial_ptr number(BN_bin2bn(random, sizeof random, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(to)) != nullptr;
}

bool set_name(X509* to, const std::string& common_name) {
  auto* text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(to), "CN", MBSTRING_UTF8, text, -1, -1,
                                    0) == 1;
}

/// A certificate for `key` with all but extensions and signature.
certificate_ptr begin_certificate(EVP_PKEY* key, const std::string& common_name, X509* issuer) {
  certificate_ptr made(X509_new());
  // An hour ago: clocks of one cluster differ a little.
  bool good =
      made && X509_set_version(made.get(), X509_VERSION_3) == 1 && set_serial(made.get()) &&
      X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600) &&
      X509_time_adj_ex(X509_getm_notAfter(made.get()), valid_days, 0, nullptr) &&
      X509_set_pubkey(made.get(), key) == 1 && set_name(made.get(), common_name) &&
      X509_set_issuer_name(made.get(), X509_get_subject_name(issuer ? issuer : made.get())) == 1;
  return good ? std::move(made) : nullptr;
}

certificate_ptr make_authority(EVP_PKEY* key) {
  auto made = begin_certificate(key, "troupe cluster authority", nullptr);
  bool good =
      made &&
      add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash") &&
      X509_sign(made.get(), key, EVP_sha256()) > 0;
  return good ? std::move(made) : nullptr;
}

bool is_number(const std::string& host) {
  unsigned char raw[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), raw) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), raw) == 1;
}

std::string alternative_names(const std::vector<std::string>& hosts) {
  std::set<std::string> all(hosts.begin(), hosts.end());
  all.insert({"localhost", "127.0.0.1", "::1", own_host()});
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) == 0 && name[0]) all.insert(name);
  std::string text;
  for (auto& host : all)
    text += (text.empty() ? "" : ",") + std::string(is_number(host) ? "IP:" : "DNS:") + host;
  return text;
}

certificate_ptr make_member(EVP_PKEY* key, const std::vector<std::string>& hosts, X509* authority,
                            EVP_PKEY* authority_key) {
  auto made = begin_certificate(key, "troupe", authority);
  // Every process both listens and connects.
  bool good =
      made && add_extension(made.get(), authority, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(made.get(), authority, NID_key_usage, "critical,digitalSignature") &&
      add_extension(made.get(), authority, NID_ext_key_usage, "serverAuth,clientAuth") &&
      add_extension(made.get(), authority, NID_subject_key_identifier, "hash") &&
      add_extension(made.get(), authority, NID_authority_key_identifier, "keyid") &&
      add_extension(made.get(), authority, NID_subject_alt_name, alternative_names(hosts)) &&
      X509_sign(made.get(), authority_key, EVP_sha256()) > 0;
  return good ? std::move(made) : nullptr;
}

result<void> check_host(const std::string& host) {
  // It becomes part of a list in a small language of OpenSSL's.
  bool good = !host.empty() && host.size() <= 253 &&
              host.find_first_not_of(
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                  "0123456789-._:*") == std::string::npos &&
              (host.find(':') == std::string::npos || is_number(host));
  if (good) return {};
  return troupe::error{errc::bad_argument, "cannot make a certificate for the host '" + host +
                                               "': expected a name, a number, or *.DOMAIN"};
}

result<void> write_new(const std::string& file, BIO* content) {
  int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0)
    return troupe::error{
        errc::system, "cannot write " + file + ": " + system_words(errno) +
                          (errno == EEXIST ? "; nothing is replaced, choose another folder" : "")};
  socket_fd closer(fd);
  char* start = nullptr;
  auto size = static_cast<std::size_t>(BIO_get_mem_data(content, &start));
  if (::write(fd, start, size) == static_cast<ssize_t>(size)) return {};
  return troupe::error{errc::system, "cannot write " + file + ": " + system_words(errno)};
}

result<void> write_key(const std::string& file, EVP_PKEY* key) {
  bio_ptr text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return openssl_failed("key");
  return write_new(file, text.get());
}

result<void> write_certificate(const std::string& file, X509* certificate) {
  bio_ptr text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(text.get(), certificate) != 1) return openssl_failed("certificate");
  return write_new(file, text.get());
}

}  // namespace

result<void> create_certificates(const std::string& folder, const std::vector<std::string>& hosts) {
  for (auto& host : hosts) {
    auto good = check_host(host);
    if (!good) return good.error();
  }
  std::filesystem::path path(folder);
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed)
    return troupe::error{errc::system,
                         "cannot make the folder " + folder + ": " + failed.message()};
  for (auto* name : {"ca.pem", "ca.key", "troupe.pem", "troupe.key"})
    if (std::filesystem::exists(path / name))
      return troupe::error{errc::bad_argument, (path / name).string() +
                                                   " exists already and is not replaced; choose "
                                                   "another folder"};
  ERR_clear_error();
  key_ptr authority_key(EVP_EC_gen("P-256"));
  key_ptr key(EVP_EC_gen("P-256"));
  if (!authority_key || !key) return openssl_failed("keys");
  auto authority = make_authority(authority_key.get());
  if (!authority) return openssl_failed("authority");
  auto member = make_member(key.get(), hosts, authority.get(), authority_key.get());
  if (!member) return openssl_failed("certificate");
  auto written = write_key(path / "ca.key", authority_key.get());
  if (written) written = write_certificate(path / "ca.pem", authority.get());
  if (written) written = write_key(path / "troupe.key", key.get());
  if (written) written = write_certificate(path / "troupe.pem", member.get());
  return written;
}

}  // namespace troupe::transport
