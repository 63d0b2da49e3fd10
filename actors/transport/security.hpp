#pragma once

#include <memory>
#include <string>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

#include "actors/transport/addresses.hpp"
#include "actors/transport/tls.hpp"
#include "config/token.hpp"

namespace troupe::transport {

/// What [security] means for each connection of this process. Both ends decide by the same thing,
/// whether the accepting end's address is on loopback, so in one cluster they agree.
class security_policy {
public:
  /// Loads certificates if any are named, and the token.
  static result<security_policy> load(const security_options&);

  const secret& token() const noexcept { return token_; }

  /// Whether it is fine to listen there; the error says how to make it so.
  result<void> may_listen(const address&) const;

  /// TLS for a connection whose accepting end has that name; null for plain text.
  result<std::shared_ptr<const tls>> for_connection(const socket_name& accepting_end) const;

  /// Whether processes of one user on one machine may talk in plain text over Unix sockets that
  /// nobody asked for.
  bool may_shorten() const noexcept { return options_.mode != "tls"; }

private:
  bool wants_tls(const socket_name&) const;

  security_options options_;
  std::shared_ptr<const tls> tls_;
  secret token_;
};

}  // namespace troupe::transport
