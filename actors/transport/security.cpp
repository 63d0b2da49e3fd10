#include "actors/transport/security.hpp"

namespace troupe::transport {

namespace {

constexpr const char* remedy =
    "run `troupe cert create DIR` once, give DIR to all machines of the cluster, and set "
    "security.ca, security.certificate and security.key to the files in it; or, if everybody on "
    "this network may be trusted, set security.allow_plaintext = true";

}  // namespace

result<security_policy> security_policy::load(const security_options& options) {
  security_policy made;
  made.options_ = options;
  bool named = !options.ca.empty() || !options.certificate.empty() || !options.key.empty();
  if (options.mode != "plain" && (named || options.mode == "tls")) {
    auto loaded = tls::load(options);
    if (!loaded) return loaded.error();
    made.tls_ = *std::move(loaded);
  }
  auto token = cluster_token(options);
  if (!token) return token.error();
  made.token_ = *std::move(token);
  return made;
}

result<void> security_policy::may_listen(const address& where) const {
  auto beyond = beyond_loopback(where);
  if (!beyond) return beyond.error();
  if (!*beyond || tls_ || options_.allow_plaintext) return {};
  auto what = "cannot listen on " + to_string(where) + ": other machines could reach it";
  if (options_.mode == "plain")
    return troupe::error{errc::bad_config, what + ", and security.mode = \"plain\"; " + remedy};
  return troupe::error{errc::bad_config, what + ", and there is no certificate; " + remedy};
}

bool security_policy::wants_tls(const socket_name& accepting_end) const {
  if (accepting_end.family() == AF_UNIX || options_.mode == "plain") return false;
  return options_.mode == "tls" || !is_loopback(accepting_end);
}

result<std::shared_ptr<const tls>> security_policy::for_connection(
    const socket_name& accepting_end) const {
  if (!wants_tls(accepting_end)) return std::shared_ptr<const tls>();
  if (tls_) return tls_;
  if (options_.allow_plaintext) return std::shared_ptr<const tls>();
  return troupe::error{errc::bad_config,
                       "connections to other machines need TLS, and there is no "
                       "certificate; " +
                           std::string(remedy)};
}

}  // namespace troupe::transport
