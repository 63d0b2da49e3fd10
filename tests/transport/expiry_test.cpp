#include <cstdio>
#include <ctime>
#include <memory>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "actors/transport/certificates.hpp"
#include "actors/transport/tls.hpp"
#include "tests/transport/support.hpp"

namespace troupe::test {

namespace {

using file_ptr = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
using certificate_ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using context_ptr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

constexpr long day = 24 * 3600;

file_ptr open(const std::string& path, const char* how) {
  file_ptr file(std::fopen(path.c_str(), how), &std::fclose);
  REQUIRE(file);
  return file;
}

/// The files of a new cluster. Afterwards one of its certificates, "ca.pem" or "troupe.pem", is
/// valid between these times only, counted from now.
struct cluster_files {
  temporary_folder folder;
  security_options options;

  cluster_files() {
    REQUIRE(transport::create_certificates(folder / "all", {}));
    options.mode = "tls";
    options.ca = folder / "all/ca.pem";
    options.certificate = folder / "all/troupe.pem";
    options.key = folder / "all/troupe.key";
  }

  void change_dates(const std::string& name, long from, long until) const {
    const auto path = folder / ("all/" + name);
    certificate_ptr changed(PEM_read_X509(open(path, "r").get(), nullptr, nullptr, nullptr),
                            &X509_free);
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_PrivateKey(open(folder / "all/ca.key", "r").get(), nullptr, nullptr, nullptr),
        &EVP_PKEY_free);
    REQUIRE(changed);
    REQUIRE(key);
    X509_gmtime_adj(X509_getm_notBefore(changed.get()), from);
    X509_gmtime_adj(X509_getm_notAfter(changed.get()), until);
    REQUIRE(X509_sign(changed.get(), key.get(), EVP_sha256()) > 0);
    REQUIRE(PEM_write_X509(open(path, "w").get(), changed.get()) == 1);
  }

  std::string load_trouble() const {
    const auto loaded = transport::tls::load(options);
    return loaded ? "" : loaded.error().message;
  }
};

bool has(const std::string& text, const std::string& part) {
  INFO(text);
  CHECK(text.find(part) != std::string::npos);
  return true;
}

/// A context like ours that looks at no dates, as a process has that started long ago.
context_ptr started_long_ago(const security_options& files) {
  context_ptr context(SSL_CTX_new(TLS_method()), &SSL_CTX_free);
  SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str());
  SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM);
  SSL_CTX_load_verify_locations(context.get(), files.ca.c_str(), nullptr);
  const auto* protocol = reinterpret_cast<const unsigned char*>("\x08troupe/1");
  SSL_CTX_set_alpn_protos(context.get(), protocol, 9);
  return context;
}

struct ends {
  transport::socket_fd one, two;

  ends() {
    int both[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, both) == 0);
    one = transport::socket_fd(both[0]);
    two = transport::socket_fd(both[1]);
  }
};

}  // namespace

TEST_CASE("an expired certificate is an error that names file and date") {
  const cluster_files files;
  files.change_dates("troupe.pem", -2 * day, -day);
  const auto trouble = files.load_trouble();
  has(trouble, "security.certificate = \"" + files.options.certificate + "\"");
  has(trouble, "it expired on ");
  char date[16];
  const auto yesterday = std::time(nullptr) - day;
  std::strftime(date, sizeof date, "%Y-%m-%d", std::gmtime(&yesterday));
  has(trouble, date);
}

TEST_CASE("a certificate of the future is an error that doubts the clock") {
  const cluster_files files;
  files.change_dates("troupe.pem", day, 2 * day);
  has(files.load_trouble(), "is this machine's clock right?");
}

TEST_CASE("an expired authority is an error that names it, and not the certificate") {
  const cluster_files files;
  files.change_dates("ca.pem", -2 * day, -day);
  has(files.load_trouble(), "security.ca = \"" + files.options.ca + "\": it expired on ");
}

TEST_CASE("whose certificate expired while it ran is refused, and both ends are told why") {
  const cluster_files files;
  const auto ours = transport::tls::load(files.options).value();
  files.change_dates("troupe.pem", -2 * day, -day);
  const auto theirs = started_long_ago(files.options);
  for (const bool they_listen : {true, false}) {
    CAPTURE(they_listen);
    ends sockets;
    transport::ssl_ptr old(SSL_new(theirs.get()));
    SSL_set_fd(old.get(), sockets.one.get());
    if (they_listen)
      SSL_set_accept_state(old.get());
    else
      SSL_set_connect_state(old.get());
    transport::channel other(sockets.one.get(), std::move(old));
    transport::channel here(sockets.two.get(),
                            they_listen ? ours->client_side(sockets.two.get(), "localhost")
                                        : ours->server_side(sockets.two.get()));
    auto state = transport::io_state::want_read;
    for (int i = 0; i < 10 && state != transport::io_state::failed; ++i) {
      other.handshake();
      state = here.handshake();
    }
    REQUIRE(state == transport::io_state::failed);
    if (they_listen) {
      has(transport::handshake_trouble(here.ssl(), here.trouble()), "certificate has expired");
      has(transport::handshake_trouble(here.ssl(), here.trouble()), "troupe cert create");
    } else {
      std::byte byte{};
      CHECK(other.read(std::span(&byte, 1)).state == transport::io_state::failed);
      has(transport::handshake_trouble(other.ssl(), other.trouble()),
          "our certificate has expired");
    }
  }
}

}  // namespace troupe::test
