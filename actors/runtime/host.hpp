#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

#include "actors/transport/envelope.hpp"
#include "actors/transport/link.hpp"

namespace troupe::runtime {

using clock = std::chrono::steady_clock;

/// "Something is waiting for you": sent by other threads after they put it where you look.
using wake_atom = caf::atom_constant<caf::atom("wake")>;
/// Sent by an actor to itself, so that it runs after all that is in the mailbox already.
using flush_atom = caf::atom_constant<caf::atom("flush")>;
/// The one timer of an actor.
using tick_atom = caf::atom_constant<caf::atom("tick")>;
/// End in order.
using stop_atom = caf::atom_constant<caf::atom("stop")>;

/// What a role does; one host actor carries it. All calls come on the actor's thread, none before
/// start(). Exceptions end the process's trust in one message, never the actor: they are logged.
class part {
public:
  virtual ~part() = default;

  virtual const char* name() const = 0;

  virtual void start() {}

  virtual void on(const transport::envelope&, const caf::actor_addr& from) = 0;

  virtual void on(const transport::accepted&) {}

  virtual void on(const transport::connected&) {}

  virtual void on(const transport::connect_failed&) {}

  virtual void on(const transport::link_failed&, const caf::actor_addr& from) { (void)from; }

  virtual void on(const transport::value_arrived&, const caf::actor_addr& from) { (void)from; }

  /// A watched actor has ended.
  virtual void on_gone(const caf::actor_addr&) {}

  virtual void on_wake() {}

  virtual void on_tick() {}

  /// Sends what has gathered since request_flush().
  virtual void on_flush() {}

  virtual void on_stop() = 0;
};

/// What a part can do with its actor. The only CAF that the roles see besides handles.
class self {
public:
  explicit self(caf::event_based_actor* actor) : actor_(actor) {}

  caf::actor handle() const;
  void send(const caf::actor& to, transport::envelope) const;
  void send(const caf::actor& to, transport::send_value) const;
  void watch(const caf::actor&) const;
  /// Asks for on_flush() once all messages that wait already are handled. Many requests, one flush.
  void request_flush();
  /// Asks for on_tick() at that time; a later time than one asked for before is ignored.
  void tick_at(std::optional<clock::time_point>);
  void quit() const;

private:
  friend class alarm;
  friend class host;
  void end_timer();

  caf::event_based_actor* actor_;
  caf::actor timer_;
  bool flush_requested_ = false;
  std::optional<clock::time_point> tick_at_;
};

/// Wakes an actor later, from any thread, and does not keep it alive until then.
class alarm {
public:
  explicit alarm(const self&);
  ~alarm();
  alarm(const alarm&) = delete;
  alarm& operator=(const alarm&) = delete;

  void after(clock::duration) const;

private:
  caf::actor relay_;
};

using make_part = std::function<std::unique_ptr<part>(self&)>;

/// Spawns an actor that carries the part, on the threads that all actors share. None gets one of
/// its own from CAF: such a thread ends only when the last handle of its actor is gone, wherever it
/// is, and the actor system waits for it for ever.
caf::actor spawn(caf::actor_system&, make_part);

/// From any thread.
void wake(const caf::actor&);
void stop(const caf::actor&);

}  // namespace troupe::runtime
