#include "actors/transport/security.hpp"

#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "actors/transport/certificates.hpp"
#include "tests/transport/support.hpp"

namespace troupe::test {

namespace {

bool says(const error& why, const std::string& words) {
  INFO(why.message);
  CHECK(why.message.find(words) != std::string::npos);
  return true;
}

/// [security] with the certificates of a cluster of that name, made if they are not there.
config with_certificates(const temporary_folder& folder, const std::string& cluster,
                         const std::vector<std::string>& hosts = {}) {
  if (!std::filesystem::exists(folder / cluster)) {
    auto made = transport::create_certificates(folder / cluster, hosts);
    REQUIRE_MESSAGE(made.has_value(), made.error().message);
  }
  auto options = quiet_config();
  options.security.mode = "tls";
  options.security.ca = folder / (cluster + "/ca.pem");
  options.security.certificate = folder / (cluster + "/troupe.pem");
  options.security.key = folder / (cluster + "/troupe.key");
  return options;
}

/// What a client with these options hears from a server with those.
error refusal(const config& server_options, const config& client_options,
              const std::string& listen = "tcp://127.0.0.1:0") {
  runtime::node server(server_options);
  auto at_server = spawn_recorder(server);
  auto opened = server.net().listen(listen, at_server.actor);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
  runtime::node client(client_options);
  auto at_client = spawn_recorder(client);
  client.net().connect(1, opened->address, hello_as(role::client), at_client.actor);
  auto why = at_client.events->next<transport::connect_failed>().why;
  CHECK(at_server.events->empty());
  return why;
}

void write(const std::string& file, const std::string& text) {
  std::ofstream(file) << text;
}

error load_error(const security_options& options) {
  auto loaded = transport::tls::load(options);
  REQUIRE_FALSE(loaded.has_value());
  return loaded.error();
}

}  // namespace

TEST_CASE("certificates of another cluster are refused at both ends") {
  temporary_folder folder;
  auto ours = with_certificates(folder, "ours");
  auto theirs = with_certificates(folder, "theirs");
  auto why = refusal(ours, theirs);
  CHECK(why.code == errc::refused);
  says(why, "authority in security.ca");
  // He takes our authority for his, so only the server can notice.
  auto mixed = theirs;
  auto both = folder / "both.pem";
  write(both, "");
  {
    std::ofstream out(both);
    out << std::ifstream(ours.security.ca).rdbuf() << std::ifstream(theirs.security.ca).rdbuf();
  }
  mixed.security.ca = both;
  why = refusal(ours, mixed);
  CHECK(why.code == errc::refused);
  says(why, "did not accept our certificate");
}

TEST_CASE("a certificate for another host is refused by who connects") {
  temporary_folder folder;
  auto options = with_certificates(folder, "ours", {"elsewhere.example"});
  // 127.0.0.2 is loopback, but not named in any certificate.
  auto why = refusal(options, options, "tcp://127.0.0.2:0");
  CHECK(why.code == errc::refused);
  says(why, "another host");
  says(why, "--host");
}

TEST_CASE("plain text and TLS do not mix, and who connects is told so") {
  temporary_folder folder;
  auto secure = with_certificates(folder, "ours");
  auto plain = quiet_config();
  auto why = refusal(secure, plain);
  CHECK(why.code == errc::refused);
  says(why, "TLS connections only");
  why = refusal(plain, secure);
  CHECK(why.code == errc::refused);
  says(why, "does not speak TLS");
}

TEST_CASE("without a certificate of his own or our ALPN a client gets nowhere") {
  temporary_folder folder;
  auto options = with_certificates(folder, "ours");
  runtime::node server(options);
  auto owner = spawn_recorder(server);
  auto opened = server.net().listen("tcp://127.0.0.1:0", owner.actor);
  REQUIRE(opened.has_value());
  auto port = std::get<transport::tcp_address>(*transport::parse_address(opened->address)).port;
  for (bool certified : {false, true}) {
    CAPTURE(certified);
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                              &SSL_CTX_free);
    if (certified) {
      SSL_CTX_use_certificate_chain_file(context.get(), options.security.certificate.c_str());
      SSL_CTX_use_PrivateKey_file(context.get(), options.security.key.c_str(), SSL_FILETYPE_PEM);
    } else {
      SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>("\x08troupe/1"),
                              9);
    }
    transport::socket_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto name = transport::resolve_numeric({"127.0.0.1", port}).front();
    REQUIRE(::connect(fd.get(), name.get(), name.size) == 0);
    transport::ssl_ptr ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), fd.get());
    SSL_connect(ssl.get());  // In TLS 1.3 the client learns of the refusal only when it reads.
    char byte = 0;
    CHECK(SSL_read(ssl.get(), &byte, 1) <= 0);
  }
  CHECK(owner.events->empty());
}

TEST_CASE("older TLS is refused") {
  temporary_folder folder;
  auto options = with_certificates(folder, "ours");
  auto server = transport::tls::load(options.security).value();
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  transport::socket_fd one(ends[0]);
  transport::socket_fd two(ends[1]);
  auto ssl = server->client_side(one.get(), "localhost");
  SSL_set_min_proto_version(ssl.get(), TLS1_2_VERSION);
  SSL_set_max_proto_version(ssl.get(), TLS1_2_VERSION);
  transport::channel client(one.get(), std::move(ssl));
  transport::channel accepting(two.get(), server->server_side(two.get()));
  client.handshake();
  CHECK(accepting.handshake() == transport::io_state::failed);
}

TEST_CASE("listening beyond loopback without certificates is refused, with the remedies") {
  auto options = quiet_config();
  runtime::node node(options);
  auto owner = spawn_recorder(node);
  for (auto* address : {"tcp://0.0.0.0:0", "tcp://[::]:0"}) {
    auto opened = node.net().listen(address, owner.actor);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == errc::bad_config);
    says(opened.error(), "troupe cert create");
    says(opened.error(), "security.allow_plaintext = true");
  }
}

TEST_CASE("TLS is used beyond loopback only, unless the configuration says otherwise") {
  temporary_folder folder;
  auto loopback = transport::resolve_numeric({"127.0.0.1", 1}).front();
  auto six = transport::resolve_numeric({"::1", 1}).front();
  auto outside = transport::resolve_numeric({"192.0.2.1", 1}).front();
  auto path = *transport::unix_name({"/x"});
  auto options = with_certificates(folder, "ours").security;
  auto secure = [&](const transport::socket_name& to) {
    auto loaded = transport::security_policy::load(options);
    REQUIRE(loaded.has_value());
    return *loaded->for_connection(to) != nullptr;
  };
  options.mode = "auto";
  CHECK_FALSE(secure(loopback));
  CHECK_FALSE(secure(six));
  CHECK_FALSE(secure(path));
  CHECK(secure(outside));
  options.mode = "tls";
  CHECK(secure(loopback));
  CHECK_FALSE(secure(path));
  options.mode = "plain";
  CHECK_FALSE(secure(outside));

  options = quiet_config().security;
  auto none = transport::security_policy::load(options);
  REQUIRE(none.has_value());
  CHECK(none->for_connection(loopback).has_value());
  says(none->for_connection(outside).error(), "troupe cert create");
  options.allow_plaintext = true;
  CHECK_FALSE(secure(outside));
}

TEST_CASE("files that cannot be used are errors that name the option and the file") {
  temporary_folder folder;
  auto good = with_certificates(folder, "ours").security;
  auto other = with_certificates(folder, "theirs").security;
  auto bad = good;
  bad.key = "";
  says(load_error(bad), "security.key is not set");
  bad = good;
  bad.ca = folder / "none.pem";
  says(load_error(bad), "security.ca = \"" + folder / "none.pem\"");
  bad = good;
  write(folder / "text.pem", "no certificate");
  bad.certificate = folder / "text.pem";
  says(load_error(bad), "no PEM certificate");
  bad = good;
  bad.key = other.key;
  says(load_error(bad), "key");
  bad = good;
  bad.ca = other.ca;
  says(load_error(bad), "not from the authority");
  auto options = quiet_config();
  options.security.mode = "tls";
  CHECK_THROWS_AS(runtime::node node(options), exception);
}

TEST_CASE("certificates are private files and are never replaced") {
  temporary_folder folder;
  REQUIRE(transport::create_certificates(folder / "new/deep", {"h1", "*.example.org", "10.0.0.1"}));
  for (auto* name : {"ca.pem", "ca.key", "troupe.pem", "troupe.key"}) {
    struct stat found {};

    REQUIRE(::stat((folder / ("new/deep/" + std::string(name))).c_str(), &found) == 0);
    CHECK((found.st_mode & 0777) == 0600);
  }
  auto again = transport::create_certificates(folder / "new/deep", {});
  REQUIRE_FALSE(again.has_value());
  says(again.error(), "exists already");
  for (auto* host : {"", "a,DNS:b", "x y", "a:b"})
    CHECK_FALSE(transport::create_certificates(folder / "other", {host}).has_value());
}

}  // namespace troupe::test
