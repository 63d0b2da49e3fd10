#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "actors/scheduler/core/events.hpp"
#include "actors/scheduler/core/workers.hpp"

namespace troupe::core {

struct client_record {
  /// A client that submits nothing for longer has begun something new with what it submits next.
  static constexpr std::chrono::nanoseconds pause_min = std::chrono::milliseconds(100);

  /// And so has one that goes on and on, or other clients' tasks would never have their turn.
  static constexpr std::chrono::nanoseconds generation_max = std::chrono::seconds(10);

  /// What a client submits without a pause belongs together, like one graph: the order of the
  /// first task of it. `order` is that of the one submitted now.
  std::uint64_t generation_of(std::uint64_t order, time_point now) {
    if (now - submitted > pause_min || now - begun > generation_max) {
      generation = order;
      begun = now;
    }
    submitted = now;
    return generation;
  }

  acquaintances knows;
  uuid process{};
  time_point begun{}, submitted{};  ///< The generation, and the last of it.
  std::uint64_t generation = 0;
  std::optional<time_point> gone_at;  ///< Its connection broke then, and it may come back.
  bool claims = false;                ///< It came back and says what it still wants.
};

/// Clients that are here, and those whose tasks are kept for when they come back.
class client_table {
public:
  void add(client_id id, const uuid& process) {
    clients_[id].process = process;
    set_here(id, true);
  }

  client_record* find(client_id id) {
    const auto at = clients_.find(id);
    return at == clients_.end() ? nullptr : &at->second;
  }

  const client_record* find(client_id id) const {
    return const_cast<client_table*>(this)->find(id);
  }

  /// Somebody listens under this id. Asked for each message.
  bool here(client_id id) const { return id.value < here_.size() && here_[id.value]; }

  void leave(client_id id, time_point now) {
    auto& c = clients_.at(id);
    c.gone_at = now;
    c.claims = false;
    away_.emplace(now, id);
    set_here(id, false);
  }

  /// What was told to it before may be lost.
  void come_back(client_id id) {
    auto& c = clients_.at(id);
    if (c.gone_at) away_.erase({*c.gone_at, id});
    c.gone_at.reset();
    c.knows = {};
    c.claims = true;
    set_here(id, true);
  }

  bool erase(client_id id) {
    const auto* c = find(id);
    if (!c) return false;
    if (c->gone_at) away_.erase({*c->gone_at, id});
    clients_.erase(id);
    set_here(id, false);
    return true;
  }

  /// Who has been away for longest.
  std::optional<std::pair<time_point, client_id>> longest_away() const {
    if (away_.empty()) return {};
    return *away_.begin();
  }

  std::vector<client_id> all() const {
    std::vector<client_id> ids;
    for (const auto& [id, record] : clients_)
      ids.push_back(id);
    return ids;
  }

  /// How many are here.
  std::size_t size() const noexcept { return clients_.size() - away_.size(); }

private:
  void set_here(client_id id, bool is) {
    if (id.value >= here_.size()) here_.resize(id.value + 1);
    here_[id.value] = is;
  }

  std::map<client_id, client_record> clients_;
  std::set<std::pair<time_point, client_id>> away_;
  std::vector<bool> here_;  ///< By id.
};

}  // namespace troupe::core
