#include "actors/transport/session.hpp"

#include <algorithm>
#include <sys/socket.h>
#include <utility>

#include <caf/io/middleman.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/runtime/handover.hpp"
#include "actors/transport/addresses.hpp"
#include "serialization/memory_pool.hpp"

namespace troupe::transport {

namespace {

using wire::frame_kind;

/// What may wait for a peer that connected to us, in bytes, while it is still read.
constexpr std::size_t unsent_max = std::size_t{64} << 20;
constexpr std::chrono::seconds closing_patience{2};

constexpr kind_set values =
    only(frame_kind::data_messages) | only(frame_kind::value_chunk) | only(frame_kind::value_file);

}  // namespace

kind_set kinds_from(role as) {
  auto common = only(frame_kind::heartbeat);
  switch (as) {
    case role::client:
      return common | only(frame_kind::client_messages) | values;
    case role::observer:
      return common | only(frame_kind::client_messages);
    case role::worker:
      return common | only(frame_kind::worker_messages) | values;
    case role::scheduler:
      return common;
  }
  return common;
}

kind_set kinds_to(role as) {
  auto common = only(frame_kind::heartbeat) | only(frame_kind::refusal);
  switch (as) {
    case role::client:
      return common | only(frame_kind::client_replies) | values;
    case role::observer:
      return common | only(frame_kind::client_replies);
    case role::worker:
      return common | only(frame_kind::worker_orders) | values;
    case role::scheduler:
      return common;
  }
  return common;
}

session::session(caf::io::broker* self, std::shared_ptr<const session_context> context,
                 session_setup setup)
    : self_(self),
      context_(std::move(context)),
      setup_(std::move(setup)),
      gate_(std::make_shared<read_gate>(self->address())),
      last_sent_(clock::now()),
      reading_since_(last_sent_) {}

void session::start() {
  auto& multiplexer =
      static_cast<caf::io::network::default_multiplexer&>(self_->parent().backend());
  const bool files = local_name_of(setup_.fd.get()).family() == AF_UNIX;
  const reader_limits limits{context_->options.frame_max, context_->options.value_max,
                             files ? setup_.kinds : setup_.kinds & ~only(frame_kind::value_file)};
  scribe_ = caf::make_counted<channel_scribe>(
      multiplexer, setup_.fd.release(), std::move(setup_.io), limits, files, context_->connections);
  self_->add_scribe(scribe_);
  self_->monitor(setup_.owner);
  link me{caf::actor_cast<caf::actor>(self_), false};
  if (setup_.request) {
    self_->send(setup_.owner, connected{*setup_.request, std::move(me)});
  } else {
    // The one who connected waits for this: it says that the hello was good.
    scribe_->stream().out().push_heartbeat();
    scribe_->flush();
    self_->send(setup_.owner, accepted{std::move(me), setup_.who});
  }
  if (!setup_.early.empty()) {
    scribe_->stream().feed(std::exchange(setup_.early, {}));
    received();
  }
  read_or_wait();
  set_timer();
}

void session::received() {
  auto& stream = scribe_->stream();
  if (close_by_ || ended_) return stream.arrivals().clear();
  deliver(stream.arrivals());
  if (auto& good = stream.good(); !good && !ended_) {
    context_->log->warn("bad frame peer={} why=\"{}\"", setup_.peer, good.error().message);
    fail({good.error().code, "the peer sent " + good.error().message});
  }
  if (!ended_ && gate_->close_if_full()) gate_closed_ = true;
  read_or_wait();
}

void session::read_or_wait() {
  if (ended_) return;
  const auto unsent = scribe_->stream().out().waiting();
  const bool full = setup_.who && !close_by_ && unsent > (reading_ ? unsent_max : unsent_max / 2);
  const bool wanted = !gate_closed_ && !full;
  if (wanted == reading_) return;
  reading_ = wanted;
  reading_since_ = clock::now();
  if (wanted)
    scribe_->trigger();
  else
    scribe_->halt();
}

void session::deliver(std::vector<arrival>& arrivals) {
  std::int64_t count = 0;
  std::int64_t size = 0;
  for (auto& one : arrivals) {
    auto* message = std::get_if<frame>(&one);
    ++count;
    size += static_cast<std::int64_t>(message ? message->body.size()
                                              : std::get<whole_value>(one).content.size());
  }
  if (count == 0) return;
  auto receipt = gate_->receipt(count, size);
  for (auto& one : arrivals) {
    if (auto* value = std::get_if<whole_value>(&one)) {
      value_arrived whole{value->task, std::move(value->content), value->store, receipt};
      runtime::hand_over(whole);
      self_->send(setup_.owner, std::move(whole));
      continue;
    }
    auto& message = std::get<frame>(one);
    if (message.kind == frame_kind::heartbeat) continue;
    if (message.kind == frame_kind::refusal) {
      return fail(wire::decode_refusal(message.body));
    }
    envelope handed{message.kind, std::move(message.body), nullptr, receipt};
    runtime::hand_over(handed);
    self_->send(setup_.owner, std::move(handed));
  }
  arrivals.clear();
}

void session::send(const envelope& message) {
  runtime::take_over(message);
  if (close_by_ || ended_) return;
  if (message.body.size() > context_->options.frame_max)
    return fail({errc::bad_argument,
                 "a message of " + std::to_string(message.body.size()) +
                     " bytes is too large to send; network.frame_max is " +
                     std::to_string(context_->options.frame_max) +
                     ": pass large arguments as scattered data, or raise it on both sides"});
  scribe_->stream().out().push(message);
  pump();
}

void session::send(const send_value& what) {
  runtime::take_over(what);
  if (close_by_ || ended_) return;
  scribe_->stream().out().push(what);
  pump();
}

void session::written() {
  last_sent_ = clock::now();
  pump();
}

void session::pump() {
  if (ended_) return;
  scribe_->flush();
  read_or_wait();
  if (close_by_ && scribe_->stream().out().empty()) drained();
}

void session::set_timer() {
  auto next = last_sent_ + context_->options.heartbeat_interval;
  if (reading_) next = std::min(next, silent_from() + context_->options.silence_max);
  if (close_by_) next = *close_by_;
  // CAF does not close the mailbox of a broker that has ended. What still comes lies there, and
  // with this actor as its sender it would keep the actor, and so itself, in memory for ever.
  caf::delayed_anon_send(caf::actor_cast<caf::actor>(self_),
                         std::max(next - clock::now(), clock::duration::zero()),
                         runtime::tick_atom::value);
}

/// Since when nothing has come that could have.
session::clock::time_point session::silent_from() const {
  return std::max(reading_since_, scribe_->stream().last_read());
}

void session::ticked() {
  if (ended_) return;
  auto now = clock::now();
  process_memory().trim(now);
  if (close_by_) {
    if (now >= *close_by_) return end();
  } else if (reading_ && now >= silent_from() + context_->options.silence_max) {
    auto seconds = std::chrono::duration<double>(context_->options.silence_max).count();
    return fail({errc::timeout, "nothing came from " + setup_.peer + " for " +
                                    std::to_string(seconds) +
                                    " s (network.silence_max): it is taken for lost"});
  } else if (now >= last_sent_ + context_->options.heartbeat_interval) {
    last_sent_ = now;
    auto& out = scribe_->stream().out();
    if (out.empty()) out.push_heartbeat();
    scribe_->flush();
  }
  set_timer();
}

void session::go_on_reading() {
  gate_closed_ = false;
  read_or_wait();
}

void session::socket_closed() {
  if (ended_) return;
  auto& trouble = scribe_->trouble();
  if (trouble.empty() || close_by_) return end();
  fail({errc::connection_failed, "the connection to " + setup_.peer + " broke: " + trouble});
}

void session::close() {
  if (ended_ || close_by_) return;
  // Messages that wait are sent, values are not. What still comes is read and thrown away: closing
  // with unread bytes would make the kernel throw away what we sent.
  close_by_ = clock::now() + closing_patience;
  scribe_->stream().out().drop_values();
  go_on_reading();
  set_timer();
  pump();
}

void session::drained() {
  if (std::exchange(finished_writing_, true)) return;
  scribe_->finish_writing();
}

void session::fail(error why) {
  if (ended_) return;
  self_->send(setup_.owner, link_failed{std::move(why)});
  end();
}

void session::end() {
  ended_ = true;
  scribe_->cut();
  // The watch would stay with the owner for its whole life, and keep this actor's memory.
  self_->demonitor(setup_.owner);
  self_->quit();
}

namespace {

struct session_state {
  session_state() = default;

  const char* name = "session";
  std::unique_ptr<session> it;
};

using session_broker = caf::io::stateful_broker<session_state>;

caf::behavior run(session_broker* self, const std::shared_ptr<const session_context>& context,
                  session_setup setup) {
  self->state.it = std::make_unique<session>(self, context, std::move(setup));
  self->set_default_handler(
      [](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
        return caf::sec::unexpected_message;
      });
  // Other actors cannot end a session, except by force.
  self->set_exit_handler([self](caf::exit_msg& message) {
    if (message.reason == caf::exit_reason::kill) self->quit(std::move(message.reason));
  });
  self->set_down_handler([self](caf::down_msg&) { self->state.it->close(); });
  self->state.it->start();
  // What came with the hello may be the end already. A behavior set after quit() would keep the
  // actor alive for ever.
  if (self->state.it->ended()) return {};
  return {
      [self](const caf::io::new_data_msg&) { self->state.it->received(); },
      [self](const envelope& message) { self->state.it->send(message); },
      [self](const send_value& value) { self->state.it->send(value); },
      [self](const caf::io::data_transferred_msg&) { self->state.it->written(); },
      [self](const caf::io::connection_closed_msg&) { self->state.it->socket_closed(); },
      [self](runtime::tick_atom) { self->state.it->ticked(); },
      [self](runtime::wake_atom) { self->state.it->go_on_reading(); },
      [self](runtime::stop_atom) { self->state.it->close(); },
  };
}

}  // namespace

void session_list::add(const caf::actor& one) {
  std::lock_guard lock(mutex_);
  // Those that have ended need no place any more; looking only at a full list keeps this cheap.
  if (sessions_.size() == sessions_.capacity())
    std::erase_if(sessions_, [](auto& it) { return !caf::actor_cast<caf::actor>(it); });
  sessions_.push_back(one.address());
  if (stopped_) caf::anon_send(one, runtime::stop_atom::value);
}

void session_list::stop_all() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  for (auto& one : sessions_)
    if (auto alive = caf::actor_cast<caf::actor>(one))
      caf::anon_send(alive, runtime::stop_atom::value);
}

void spawn_session(caf::actor_system& actors, std::shared_ptr<const session_context> context,
                   session_setup setup) {
  // CAF wants functions that can be copied.
  auto shared = std::make_shared<session_setup>(std::move(setup));
  auto made = actors.middleman().spawn_broker(
      [context, shared](session_broker* self) { return run(self, context, std::move(*shared)); });
  context->sessions->add(made);
}

}  // namespace troupe::transport
