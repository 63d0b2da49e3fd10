#include "actors/client/data_links.hpp"

#include <utility>

#include "actors/runtime/lean.hpp"

namespace troupe::detail {

namespace {

/// Larger values travel in parts, behind all messages.
constexpr std::uint64_t value_in_message_max = 64 << 10;
constexpr std::uint64_t batch_bytes_max = 1 << 20;

}  // namespace

data_links::data_links(runtime::self& me, transport::network& net, hello who)
    : me_(me), net_(net), who_(std::move(who)) {}

void data_links::know(worker_id worker, const std::string& address) {
  addresses_[worker] = address;
}

void data_links::say(worker_id worker, data_message m) {
  auto [found, fresh] = links_.try_emplace(worker);
  auto& link = found->second;
  if (fresh) {
    requests_[next_request_] = worker;
    net_.connect(next_request_++, addresses_[worker], who_, me_.handle());
  }
  if (link.out)
    send(link, std::move(m));
  else
    link.waiting.push_back(std::move(m));
}

void data_links::send(worker_link& link, data_message m) {
  auto* store = std::get_if<store_result>(&m);
  const auto size = store ? store->content.size() : 0;
  if (!link.out->to().local && size > value_in_message_max) {
    me_.send(link.out->to().actor,
             transport::send_value{store->task, store->content.encoded(), true});
    return;
  }
  link.out->push(std::move(m));
  link.bytes += size;
  if (link.bytes >= batch_bytes_max) {
    link.out->flush(me_);
    link.bytes = 0;
  }
  me_.request_flush();
}

void data_links::flush() {
  for (auto& [worker, link] : links_) {
    if (link.out) link.out->flush(me_);
    link.bytes = 0;
  }
}

void data_links::close() {
  for (auto& [worker, link] : links_)
    if (link.out) transport::close(link.out->to());
  links_.clear();
  requests_.clear();
  by_actor_.clear();
}

std::optional<worker_id> data_links::find(const caf::actor_addr& from) const {
  const auto found = by_actor_.find(from);
  return found == by_actor_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<error> data_links::hear(worker_id worker, const transport::envelope& e,
                                      const std::function<void(core::asking::event)>& pass_on) {
  const auto say_on = [&](data_message m) {
    if (auto* here = std::get_if<result_value>(&m)) {
      pass_on(core::asking::value_received{worker, here->task,
                                           runtime::lean(std::move(here->content), e.body.size())});
    } else if (auto* absent = std::get_if<result_absent>(&m)) {
      pass_on(core::asking::value_absent{worker, absent->task});
    } else {
      return false;
    }
    return true;
  };
  const error unexpected{errc::bad_bytes, "a message that workers do not send to clients"};
  if (e.local) {
    const auto* messages = std::get_if<batch<data_message>>(e.local.get());
    if (!messages) return unexpected;
    for (const auto& m : *messages)
      if (!say_on(data_message(m))) return unexpected;
    return {};
  }
  if (e.kind != wire::frame_kind::data_messages) return unexpected;
  auto messages = links_.at(worker).decoder.data_messages(e.body);
  if (!messages) return messages.error();
  for (auto& m : *messages)
    if (!say_on(std::move(m))) return unexpected;
  return {};
}

void data_links::connected(const transport::connected& e) {
  const auto request = requests_.extract(e.request);
  if (request.empty()) return transport::close(e.to);
  auto& link = links_.at(request.mapped());
  link.out.emplace(e.to);
  by_actor_[e.to.actor.address()] = request.mapped();
  me_.watch(e.to.actor);
  for (auto& m : std::exchange(link.waiting, {}))
    send(link, std::move(m));
}

std::optional<worker_id> data_links::failed(std::uint64_t number) {
  const auto request = requests_.extract(number);
  if (request.empty()) return {};
  links_.erase(request.mapped());
  return request.mapped();
}

std::optional<worker_id> data_links::lost(const caf::actor_addr& who) {
  const auto gone = by_actor_.extract(who);
  if (gone.empty()) return {};
  if (auto link = links_.extract(gone.mapped()); link && link.mapped().out)
    transport::close(link.mapped().out->to());
  return gone.mapped();
}

}  // namespace troupe::detail
