#include "actors/transport/tls.hpp"

#include <arpa/inet.h>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "serialization/check.hpp"

namespace troupe::transport {

namespace {

constexpr unsigned char alpn[] = "\x08troupe/1";
constexpr unsigned alpn_size = sizeof alpn - 1;

std::string openssl_words() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? reason : "unknown";
}

troupe::error cannot_use(const std::string& option, const std::string& file,
                         const std::string& why) {
  return {errc::bad_config, "cannot use security." + option + " = \"" + file + "\": " + why};
}

result<void> check_readable(const std::string& option, const std::string& file) {
  if (file.empty())
    return troupe::error{errc::bad_config,
                         "security." + option +
                             " is not set: TLS needs security.ca, security.certificate and "
                             "security.key; `troupe cert create DIR` makes all three"};
  auto* opened = std::fopen(file.c_str(), "re");
  if (!opened) return cannot_use(option, file, system_words(errno));
  std::fclose(opened);
  return {};
}

std::string date(const ASN1_TIME* time) {
  std::tm parts{};
  char text[32] = "an unknown date";
  if (ASN1_TIME_to_tm(time, &parts) == 1)
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

result<void> check_dates(const std::string& option, const std::string& file, const X509* from) {
  if (X509_cmp_current_time(X509_get0_notAfter(from)) < 0)
    return cannot_use(option, file, "it expired on " + date(X509_get0_notAfter(from)));
  if (X509_cmp_current_time(X509_get0_notBefore(from)) > 0)
    return cannot_use(option, file,
                      "it is valid from " + date(X509_get0_notBefore(from)) +
                          " only; is this machine's clock right?");
  return {};
}

bool is_about_dates(long code) {
  return code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID;
}

/// A certificate that our own authority did not sign would be refused by everybody.
result<void> check_signed(const security_options& files, SSL_CTX* context) {
  struct store_context_free {
    void operator()(X509_STORE_CTX* it) const { X509_STORE_CTX_free(it); }
  };

  std::unique_ptr<X509_STORE_CTX, store_context_free> verification(X509_STORE_CTX_new());
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context, &chain);
  X509_STORE_CTX_init(verification.get(), SSL_CTX_get_cert_store(context),
                      SSL_CTX_get0_certificate(context), chain);
  if (X509_verify_cert(verification.get()) == 1) return {};
  int code = X509_STORE_CTX_get_error(verification.get());
  ERR_clear_error();
  // Our own dates are good, so it is the authority.
  if (is_about_dates(code))
    return check_dates("ca", files.ca, X509_STORE_CTX_get_current_cert(verification.get()));
  return cannot_use("certificate", files.certificate,
                    std::string("it is not from the authority in security.ca (") +
                        X509_verify_cert_error_string(code) + ")");
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  // SSL_select_next_proto wants to write through a non-const pointer.
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, alpn, alpn_size, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool is_number(const std::string& host) {
  unsigned char raw[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), raw) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), raw) == 1;
}

}  // namespace

result<tls::ctx_ptr> tls::make(const security_options& files, const SSL_METHOD* method) {
  ctx_ptr context(SSL_CTX_new(method));
  check(context != nullptr, "OpenSSL makes a context");
  auto* it = context.get();
  SSL_CTX_set_min_proto_version(it, TLS1_3_VERSION);
  SSL_CTX_set_mode(it, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                           SSL_MODE_RELEASE_BUFFERS);
  // Every connection proves itself: no tickets, no resumption.
  SSL_CTX_set_options(it, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(it, 0);
  SSL_CTX_set_session_cache_mode(it, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(it, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_alpn_select_cb(it, choose_protocol, nullptr);
  SSL_CTX_set_alpn_protos(it, alpn, alpn_size);
  // Otherwise OpenSSL would ask for it on the terminal.
  SSL_CTX_set_default_passwd_cb(it, [](char*, int, int, void*) { return 0; });
  ERR_clear_error();
  if (SSL_CTX_load_verify_locations(it, files.ca.c_str(), nullptr) != 1)
    return cannot_use("ca", files.ca, "no PEM certificate in it (" + openssl_words() + ")");
  if (SSL_CTX_use_certificate_chain_file(it, files.certificate.c_str()) != 1)
    return cannot_use("certificate", files.certificate,
                      "no PEM certificate in it (" + openssl_words() + ")");
  auto dates = check_dates("certificate", files.certificate, SSL_CTX_get0_certificate(it));
  if (!dates) return dates.error();
  if (SSL_CTX_use_PrivateKey_file(it, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(it) != 1)
    return cannot_use(
        "key", files.key,
        "it is not the unencrypted PEM key of security.certificate (" + openssl_words() + ")");
  auto from_us = check_signed(files, it);
  if (!from_us) return from_us.error();
  return context;
}

result<std::shared_ptr<const tls>> tls::load(const security_options& files) {
  for (auto& [option, file] :
       {std::pair("ca", files.ca), std::pair("certificate", files.certificate),
        std::pair("key", files.key)}) {
    auto readable = check_readable(option, file);
    if (!readable) return readable.error();
  }
  auto server = make(files, TLS_server_method());
  if (!server) return server.error();
  auto client = make(files, TLS_client_method());
  if (!client) return client.error();
  auto made = std::make_shared<tls>();
  made->peer_name_ = files.peer_name;
  made->server_ = *std::move(server);
  made->client_ = *std::move(client);
  return std::shared_ptr<const tls>(std::move(made));
}

ssl_ptr tls::server_side(int fd) const {
  ssl_ptr ssl(SSL_new(server_.get()));
  check(ssl && SSL_set_fd(ssl.get(), fd) == 1, "OpenSSL makes a connection");
  SSL_set_accept_state(ssl.get());
  return ssl;
}

ssl_ptr tls::client_side(int fd, const std::string& host) const {
  ssl_ptr ssl(SSL_new(client_.get()));
  check(ssl && SSL_set_fd(ssl.get(), fd) == 1, "OpenSSL makes a connection");
  SSL_set_connect_state(ssl.get());
  if (!peer_name_.empty()) {
    SSL_set_tlsext_host_name(ssl.get(), peer_name_.c_str());
    SSL_set1_host(ssl.get(), peer_name_.c_str());
  } else if (is_number(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    SSL_set1_host(ssl.get(), host.c_str());
  }
  return ssl;
}

bool speaks_troupe(const SSL* ssl) {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &chosen, &size);
  return size == alpn_size - 1 && std::memcmp(chosen, alpn + 1, size) == 0;
}

std::string handshake_trouble(const SSL* ssl, const std::string& trouble) {
  auto verified = SSL_get_verify_result(ssl);
  if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH)
    return "its certificate is for another host; make certificates with `troupe cert create DIR "
           "--host HOST` that name this host, or use an address that the certificate names";
  if (is_about_dates(verified))
    return std::string("its certificate cannot be used now (") +
           X509_verify_cert_error_string(verified) +
           "); see that the clocks agree, or make new ones with `troupe cert create DIR`";
  if (verified != X509_V_OK)
    return std::string("its certificate is not good for this cluster (") +
           X509_verify_cert_error_string(verified) +
           "); all processes need certificates of the authority in security.ca";
  if (trouble == "wrong version number" || trouble == "http request")
    return "it does not speak TLS; its security.mode may differ from ours";
  if (trouble.find("certificate expired") != std::string::npos)
    return "our certificate has expired for it (" + trouble +
           "); see that the clocks agree, or make new ones with `troupe cert create DIR`";
  if (trouble.find("certificate") != std::string::npos ||
      trouble.find("unknown ca") != std::string::npos)
    return "it did not accept our certificate (" + trouble +
           "); security.ca must be the same file on both sides";
  if (trouble.find("application protocol") != std::string::npos)
    return "it speaks TLS but not troupe (" + trouble + ")";
  return "the TLS handshake failed (" + (trouble.empty() ? "closed by the peer" : trouble) + ")";
}

}  // namespace troupe::transport
