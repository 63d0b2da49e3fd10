#pragma once

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "actors/scheduler/core/client_table.hpp"
#include "actors/scheduler/core/events.hpp"
#include "actors/scheduler/core/workers.hpp"

namespace troupe::core {

/// Turns what is said to peers into effects of the event that is being handled.
class speaker {
public:
  speaker(worker_table& workers, client_table& clients) : workers_(workers), clients_(clients) {}

  /// From now on, until the next call, effects go there.
  void speak_to(std::vector<scheduling::effect>* out) { out_ = out; }

  void add(scheduling::effect e) { out_->push_back(std::move(e)); }

  // Made in place: an effect is some 200 bytes, and this is the hot path.
  template <class Message>
  void tell(client_id id, Message message) {
    if (!clients_.here(id)) return;  // Told when it comes back.
    scheduling::tell_client& e = std::get<scheduling::tell_client>(
        out_->emplace_back(std::in_place_type<scheduling::tell_client>));
    e.client = id;
    e.message.emplace<Message>(std::move(message));
  }

  template <class Message>
  void tell(std::uint32_t worker, Message message) {
    scheduling::tell_worker& e = std::get<scheduling::tell_worker>(
        out_->emplace_back(std::in_place_type<scheduling::tell_worker>));
    e.worker = workers_[worker].id;
    e.message.emplace<Message>(std::move(message));
  }

  /// Before the worker is first named to the client.
  void introduce(client_id id, std::uint32_t worker) {
    const auto& w = workers_[worker];
    if (clients_.here(id) && clients_.find(id)->knows.meet(w.id))
      tell(id, introduce_worker{w.id, w.who->name, w.who->address});
  }

  /// Before the worker is first named to the peer, which is a worker as well.
  void introduce(std::uint32_t peer, std::uint32_t worker) {
    const auto& w = workers_[worker];
    if (workers_[peer].knows.meet(w.id))
      tell(peer, introduce_worker{w.id, w.who->name, w.who->address});
  }

private:
  worker_table& workers_;
  client_table& clients_;
  std::vector<scheduling::effect>* out_ = nullptr;
};

}  // namespace troupe::core
