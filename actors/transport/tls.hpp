#pragma once

#include <memory>
#include <string>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

#include "actors/transport/socket.hpp"

namespace troupe::transport {

/// The files of [security], loaded and checked: TLS 1.3, both sides show a certificate of the
/// cluster's authority, ALPN "troupe/1". Thread-safe.
class tls {
public:
  /// Reads the three files. Errors name the option, the file and what is wrong with it.
  static result<std::shared_ptr<const tls>> load(const security_options&);

  ssl_ptr server_side(int fd) const;

  /// `host`: name or number that the peer's certificate must be for.
  ssl_ptr client_side(int fd, const std::string& host) const;

private:
  struct ctx_free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };

  using ctx_ptr = std::unique_ptr<SSL_CTX, ctx_free>;

  static result<ctx_ptr> make(const security_options&, const SSL_METHOD*);

  std::string peer_name_;
  ctx_ptr server_;
  ctx_ptr client_;
};

/// Once the handshake is done: whether the peer chose our protocol by ALPN.
bool speaks_troupe(const SSL*);

/// Why a handshake failed, with what to do. Call right after it; `trouble` is the channel's.
std::string handshake_trouble(const SSL*, const std::string& trouble);

}  // namespace troupe::transport
