#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

#include "actors/transport/link.hpp"
#include "config/log.hpp"

namespace troupe::transport {

/// What listen() made: where it really listens, and how to stop it.
struct listener {
  std::string address;  ///< As others are to use it: "tcp://10.0.0.7:8786", "unix:///run/x.sock".
  std::uint64_t number = 0;
};

/// All connections of one process: an acceptor thread, a connector thread, and the sessions.
///
/// Thread-safe. Addresses are "tcp://host:port" (port 0: any; host may be a name, an IPv4 or
/// [IPv6] address), "unix:///path", and "local://n", an actor of this process.
/// TLS is used as `security.mode` says: never on local and unix, by default not on loopback.
class network {
public:
  network(caf::actor_system&, const config&, log_sink&);
  ~network();

  /// Each good hello on this address becomes an `accepted` message to `owner`; frames of that
  /// session then go to `owner` as `envelope`s. Refuses plain TCP beyond loopback unless
  /// security.allow_plaintext, with an error that says how to fix it.
  result<listener> listen(const std::string& address, const caf::actor& owner);

  /// Gives an actor an address in this process: connecting to it needs no socket.
  listener listen_local(const caf::actor& owner);

  void close(const listener&);

  /// Answers `owner` with `connected` or `connect_failed`, within network.connect_timeout. Says
  /// `who` there first (version and token are filled in here).
  void connect(std::uint64_t request, const std::string& address, hello who,
               const caf::actor& owner);

  /// Closes listeners and sessions, waits for the threads. Called once, before the actors end.
  void stop();

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// Ends a session; for a local link it does nothing.
void close(const link&);

}  // namespace troupe::transport
