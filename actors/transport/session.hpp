#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/io/broker.hpp>

#include <troupe/config.hpp>

#include "actors/transport/envelope.hpp"
#include "actors/transport/link.hpp"
#include "actors/transport/read_gate.hpp"
#include "actors/transport/stream.hpp"
#include "config/log.hpp"

namespace troupe::transport {

/// The sessions that are alive. Thread-safe.
class session_list {
public:
  /// After stop_all() it is stopped at once.
  void add(const caf::actor&);

  /// Asks all to send what waits and to end.
  void stop_all();

private:
  std::mutex mutex_;
  std::vector<caf::actor_addr> sessions_;
  bool stopped_ = false;
};

/// What all sessions of a process share.
struct session_context {
  network_options options;
  logger log;
  std::shared_ptr<open_connections> connections = std::make_shared<open_connections>();
  std::shared_ptr<session_list> sessions = std::make_shared<session_list>();
};

/// A connection whose hello is done, on its way to its session.
struct session_setup {
  socket_fd fd;
  channel io;
  std::string peer;              ///< For logs.
  std::vector<std::byte> early;  ///< Read with the hello, but after it.
  caf::actor owner;
  std::shared_ptr<const hello> who;      ///< Of the peer, if it connected to us.
  std::optional<std::uint64_t> request;  ///< Of the owner, if we connected.
  kind_set kinds = 0;
};

/// Frames that somebody of that role may send to whom it connected to.
kind_set kinds_from(role);

/// Frames that somebody of that role may get from whom it connected to.
kind_set kinds_to(role);

/// Spawns the session actor. Tells the owner `accepted` or `connected` before anything else.
void spawn_session(caf::actor_system&, std::shared_ptr<const session_context>, session_setup);

/// One connection: cuts what arrives into frames for the owner, and writes what it is sent.
///
///             stop, owner gone              drained, or patience is over
///   open ───────────────────────▶ closing ─────────────────────────────▶ (ended)
///     └─── peer gone, bad frame, silence ─────────────────────────────────▲
///
/// A peer that connected to us is not read while it leaves much unread itself, so what it asks for
/// cannot pile up here. Who connects always reads: two that wait for each other would wait for
/// ever.
///
/// Lives in CAF's network thread.
class session {
public:
  session(caf::io::broker*, std::shared_ptr<const session_context>, session_setup);

  void start();
  void received();
  void send(const envelope&);
  void send(const send_value&);
  void written();
  void socket_closed();
  void ticked();
  void go_on_reading();
  void close();

  bool ended() const noexcept { return ended_; }

private:
  using clock = std::chrono::steady_clock;

  void deliver(std::vector<arrival>&);
  void pump();
  void read_or_wait();
  clock::time_point silent_from() const;
  void set_timer();
  void drained();
  void fail(error);
  void end();

  caf::io::broker* self_;
  std::shared_ptr<const session_context> context_;
  session_setup setup_;
  caf::intrusive_ptr<channel_scribe> scribe_;
  std::shared_ptr<read_gate> gate_;
  clock::time_point last_sent_;
  clock::time_point reading_since_;
  std::optional<clock::time_point> close_by_;
  bool reading_ = false;
  bool gate_closed_ = false;
  bool finished_writing_ = false;
  bool ended_ = false;
};

}  // namespace troupe::transport
