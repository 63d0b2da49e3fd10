#include "actors/worker/data_links.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "actors/runtime/lean.hpp"

namespace troupe {

using namespace core::working;

namespace {

/// Larger values travel in parts, behind all messages.
constexpr std::uint64_t value_in_message_max = std::uint64_t{64} << 10;
constexpr std::uint64_t batch_bytes_max = std::uint64_t{1} << 20;

}  // namespace

data_links::data_links(runtime::self& me, transport::network& net, hello who, logger log)
    : me_(me), net_(net), who_(std::move(who)), log_(std::move(log)), encoder_(log_) {}

void data_links::know(worker_id id, std::string address) {
  peers_[id].address = std::move(address);
}

void data_links::fetch(worker_id id, task_id task) {
  auto& p = peers_[id];
  if (p.open) return send(*p.open, fetch_result{task}, 0);
  p.waiting.push_back(task);
  if (!std::exchange(p.connecting, true)) net_.connect(id.value, p.address, who_, me_.handle());
}

void data_links::connected(const transport::connected& e) {
  const worker_id id{e.request};
  auto at = peers_.find(id);
  if (at == peers_.end() || !at->second.connecting) return transport::close(e.to);
  auto& p = at->second;
  p.connecting = false;
  p.open =
      std::make_unique<connection>(connection{decltype(connection::out)(e.to), {}, 0, p.address});
  actors_[e.to.actor.address()].peer = id;
  me_.watch(e.to.actor);
  for (auto task : std::exchange(p.waiting, {}))
    send(*p.open, fetch_result{task}, 0);
}

void data_links::failed(const transport::connect_failed& e, std::vector<event>& heard) {
  const worker_id id{e.request};
  auto at = peers_.find(id);
  if (at == peers_.end() || !at->second.connecting) return;
  log_->warn("cannot reach worker address={} why=\"{}\"", at->second.address, e.why.message);
  at->second.connecting = false;
  at->second.waiting.clear();
  heard.push_back(peer_lost{id});
}

void data_links::accepted(const transport::accepted& e) {
  if (e.who->as != role::worker && e.who->as != role::client) return transport::close(e.from);
  const auto number = next_number_++;
  auto made = std::make_unique<asker>(
      asker{number, {decltype(connection::out)(e.from), {}, 0, e.who->name}});
  askers_[number] = &made->link;
  auto& known = actors_[e.from.actor.address()];
  if (known.asks) askers_.erase(known.asks->number);
  known.asks = std::move(made);
  me_.watch(e.from.actor);
}

void data_links::answer(std::uint64_t number, data_message m) {
  auto at = askers_.find(number);
  if (at == askers_.end()) return;  // It asked and went.
  auto& to = *at->second;
  auto* found = std::get_if<result_value>(&m);
  if (!found || to.out.to().local) return send(to, std::move(m), 0);
  const auto& content = found->content;
  const auto size = content.size();
  if (size <= value_in_message_max)
    send(to,
         content.typed()
             ? result_value{found->task, value(encoded_once(found->task, content)->get())}
             : std::move(*found),
         size);
  else if (content.typed())
    encoder_.send(found->task, encoded_once(found->task, content), to.out.to().actor);
  else
    me_.send(to.out.to().actor, transport::send_value{found->task, content.encoded(), false});
}

std::shared_ptr<once_encoded> data_links::encoded_once(task_id task, const value& content) {
  auto& made = encoded_[task];
  if (!made) made = std::make_shared<once_encoded>(content);
  return made;
}

void data_links::forget(task_id task) {
  encoded_.erase(task);
}

void data_links::send(connection& to, data_message m, std::uint64_t size) {
  if (to.out.empty()) to_flush_.push_back(&to);
  to.out.push(std::move(m));
  to.bytes += size;
  if (to.bytes < batch_bytes_max) return me_.request_flush();
  to.out.flush(me_);
  to.bytes = 0;
  std::erase(to_flush_, &to);
}

void data_links::flush() {
  for (auto* link : std::exchange(to_flush_, {})) {
    link->out.flush(me_);
    link->bytes = 0;
  }
}

void data_links::hear(const transport::envelope& e, const caf::actor_addr& from,
                      std::vector<event>& heard) {
  auto at = actors_.find(from);
  if (at == actors_.end()) return;  // From a link that was closed a moment ago.
  auto& known = at->second;
  if (e.local) {
    auto* messages = std::get_if<batch<data_message>>(e.local.get());
    if (!messages) return refuse(from, "it is no scheduler and sent orders", heard);
    for (auto& m : *messages)
      if (!take(known, std::move(m), 0, heard)) return refuse(from, "unexpected message", heard);
    return;
  }
  if (e.kind != wire::frame_kind::data_messages)
    return refuse(from, "unexpected kind of frame", heard);
  auto& link = known.asks ? known.asks->link : *peers_.at(*known.peer).open;
  auto messages = link.decoder.data_messages(e.body);
  if (!messages) return refuse(from, messages.error().message, heard);
  for (auto& m : *messages)
    if (!take(known, std::move(m), e.body.size(), heard))
      return refuse(from, "unexpected message", heard);
}

/// False: who asks may not answer, and who answers may not ask.
bool data_links::take(const known_actor& from, data_message m, std::size_t frame_size,
                      std::vector<event>& heard) {
  if (auto* asked = std::get_if<fetch_result>(&m)) {
    if (!from.asks) return false;
    heard.push_back(result_asked{from.asks->number, asked->task});
  } else if (auto* pushed = std::get_if<store_result>(&m)) {
    if (!from.asks) return false;
    heard.push_back(
        value_stored{pushed->task, runtime::lean(std::move(pushed->content), frame_size)});
  } else if (auto* got = std::get_if<result_value>(&m)) {
    if (!from.peer) return false;
    heard.push_back(
        value_received{*from.peer, got->task, runtime::lean(std::move(got->content), frame_size)});
  } else if (auto* absent = std::get_if<result_absent>(&m)) {
    if (!from.peer) return false;
    heard.push_back(value_absent{*from.peer, absent->task});
  }
  return true;
}

void data_links::hear(const transport::value_arrived& e, const caf::actor_addr& from,
                      std::vector<event>& heard) {
  auto at = actors_.find(from);
  if (at == actors_.end()) return;
  if (e.store && at->second.asks)
    heard.push_back(value_stored{e.task, value(e.content)});
  else if (!e.store && at->second.peer)
    heard.push_back(value_received{*at->second.peer, e.task, value(e.content)});
  else
    refuse(from, "unexpected value", heard);
}

void data_links::refuse(const caf::actor_addr& who, const std::string& why,
                        std::vector<event>& heard) {
  const auto& known = actors_.at(who);
  const auto& link = known.asks ? known.asks->link : *peers_.at(*known.peer).open;
  log_->warn("closing a peer name={} why=\"{}\"", link.name, why);
  transport::close(link.out.to());
  gone(who, heard);
}

void data_links::gone(const caf::actor_addr& who, std::vector<event>& heard) {
  auto left = actors_.extract(who);
  if (left.empty()) return;
  if (auto& asks = left.mapped().asks) {
    askers_.erase(asks->number);
    std::erase(to_flush_, &asks->link);
  }
  if (auto id = left.mapped().peer) {
    auto& p = peers_.at(*id);
    std::erase(to_flush_, p.open.get());
    p.open.reset();
    heard.push_back(peer_lost{*id});
  }
}

void data_links::close() {
  for (auto& [who, known] : actors_) {
    if (known.asks) transport::close(known.asks->link.out.to());
    if (known.peer) transport::close(peers_.at(*known.peer).open->out.to());
  }
  to_flush_.clear();
  askers_.clear();
  actors_.clear();
  peers_.clear();
}

}  // namespace troupe
