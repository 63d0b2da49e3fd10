#include "actors/transport/session.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <caf/io/middleman.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/runtime/handover.hpp"

namespace troupe::transport {

namespace {

using wire::frame_kind;

constexpr std::size_t read_size = std::size_t{64} << 10;
constexpr std::size_t buffered_max = std::size_t{1} << 20;
constexpr std::size_t chunk_size = std::size_t{256} << 10;
constexpr std::chrono::seconds closing_patience{2};

constexpr kind_set values = only(frame_kind::data_messages) | only(frame_kind::value_chunk);

std::size_t padding_of(std::size_t size) {
  return (8 - size % 8) % 8;
}

void append(std::vector<char>& to, const void* from, std::size_t size) {
  auto* start = static_cast<const char*>(from);
  to.insert(to.end(), start, start + size);
}

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
      reader_({context_->options.frame_max, context_->options.value_max, setup_.kinds}),
      gate_(std::make_shared<read_gate>(self->address())),
      last_sent_(clock::now()),
      last_received_(last_sent_) {}

void session::start() {
  auto& multiplexer =
      static_cast<caf::io::network::default_multiplexer&>(self_->parent().backend());
  scribe_ = caf::make_counted<channel_scribe>(multiplexer, setup_.fd.release(),
                                              std::move(setup_.io), context_->connections);
  self_->add_scribe(scribe_);
  scribe_->configure_read(caf::io::receive_policy::at_most(read_size));
  scribe_->ack_writes(true);
  self_->monitor(setup_.owner);
  link me{caf::actor_cast<caf::actor>(self_), false};
  if (setup_.request) {
    self_->send(setup_.owner, connected{*setup_.request, std::move(me)});
  } else {
    // The one who connected waits for this: it says that the hello was good.
    write_frame(frame_kind::heartbeat, 0, {});
    self_->flush(scribe_->hdl());
    self_->send(setup_.owner, accepted{std::move(me), setup_.who});
  }
  if (!setup_.early.empty()) received(std::exchange(setup_.early, {}));
  set_timer();
}

void session::received(std::span<const std::byte> data) {
  last_received_ = clock::now();
  if (close_by_ || ended_) return;
  arrivals_.clear();
  auto good = reader_.feed(data, arrivals_);
  deliver(arrivals_);
  if (!good && !ended_) {
    context_->log->warn("bad frame peer={} why=\"{}\"", setup_.peer, good.error().message);
    fail({good.error().code, "the peer sent " + good.error().message});
  }
  if (!ended_ && reading_ && gate_->close_if_full()) {
    reading_ = false;
    scribe_->halt();
  }
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
  messages_.push_back(message);
  pump();
}

void session::send(const send_value& what) {
  runtime::take_over(what);
  if (close_by_ || ended_) return;
  values_.push_back({what, 0});
  pump();
}

void session::written(std::size_t left) {
  buffered_ = left;
  pump();
}

void session::pump() {
  auto before = buffered_;
  while (buffered_ < buffered_max && !messages_.empty()) {
    auto& message = messages_.front();
    write_frame(message.kind, 0, message.body.span());
    messages_.pop_front();
  }
  while (buffered_ < buffered_max && !values_.empty()) {
    write_chunk(values_.front());
    if (values_.front().sent == values_.front().what.content.size()) values_.pop_front();
  }
  if (buffered_ > before) self_->flush(scribe_->hdl());
  if (close_by_ && buffered_ == 0 && messages_.empty()) drained();
}

void session::write_frame(frame_kind kind, std::uint16_t flags, std::span<const std::byte> body) {
  auto padding = padding_of(body.size());
  wire::frame_header header{static_cast<std::uint32_t>((body.size() + padding) / 8),
                            static_cast<std::uint16_t>(kind), flags};
  auto& to = scribe_->wr_buf();
  append(to, &header, sizeof header);
  append(to, body.data(), body.size());
  to.resize(to.size() + padding);
  buffered_ += sizeof header + body.size() + padding;
  last_sent_ = clock::now();
}

void session::write_chunk(bulk& value) {
  auto& content = value.what.content;
  auto part = content.slice(value.sent, chunk_size);
  auto padding = padding_of(part.size());
  wire::chunk_prefix prefix{value.what.task.value, content.size(), value.sent, part.size()};
  wire::frame_header header{static_cast<std::uint32_t>((sizeof prefix + part.size() + padding) / 8),
                            static_cast<std::uint16_t>(frame_kind::value_chunk),
                            value.what.store ? wire::flag_store : std::uint16_t{0}};
  auto& to = scribe_->wr_buf();
  append(to, &header, sizeof header);
  append(to, &prefix, sizeof prefix);
  append(to, part.data(), part.size());
  to.resize(to.size() + padding);
  buffered_ += sizeof header + sizeof prefix + part.size() + padding;
  value.sent += part.size();
  last_sent_ = clock::now();
}

void session::set_timer() {
  auto next = last_sent_ + context_->options.heartbeat_interval;
  if (reading_) next = std::min(next, last_received_ + context_->options.silence_max);
  if (close_by_) next = *close_by_;
  // CAF does not close the mailbox of a broker that has ended. What still comes lies there, and
  // with this actor as its sender it would keep the actor, and so itself, in memory for ever.
  caf::delayed_anon_send(caf::actor_cast<caf::actor>(self_),
                         std::max(next - clock::now(), clock::duration::zero()),
                         runtime::tick_atom::value);
}

void session::ticked() {
  if (ended_) return;
  auto now = clock::now();
  if (close_by_) {
    if (now >= *close_by_) return end();
  } else if (reading_ && now >= last_received_ + context_->options.silence_max) {
    auto seconds = std::chrono::duration<double>(context_->options.silence_max).count();
    return fail({errc::timeout, "nothing came from " + setup_.peer + " for " +
                                    std::to_string(seconds) +
                                    " s (network.silence_max): it is taken for lost"});
  } else if (now >= last_sent_ + context_->options.heartbeat_interval && buffered_ == 0) {
    write_frame(frame_kind::heartbeat, 0, {});
    self_->flush(scribe_->hdl());
  }
  set_timer();
}

void session::go_on_reading() {
  if (ended_ || reading_) return;
  reading_ = true;
  last_received_ = clock::now();
  scribe_->trigger();
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
  values_.clear();
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
      [self](const caf::io::new_data_msg& data) {
        self->state.it->received(std::as_bytes(std::span(data.buf)));
      },
      [self](const envelope& message) { self->state.it->send(message); },
      [self](const send_value& value) { self->state.it->send(value); },
      [self](const caf::io::data_transferred_msg& progress) {
        self->state.it->written(progress.remaining);
      },
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
