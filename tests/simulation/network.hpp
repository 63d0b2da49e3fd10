#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <troupe/bytes.hpp>

#include "actors/scheduler/core/events.hpp"
#include "serialization/wire.hpp"

namespace troupe::simulation {

using core::time_point;

/// All chance in a world. No std::*_distribution: they differ between libraries.
class dice {
public:
  explicit dice(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }

  bool chance(std::uint64_t percent) { return below(100) < percent; }

private:
  std::mt19937_64 random_;
};

/// What will happen, in the order of its time; of equal times in the order of planning.
class timeline {
public:
  using action = std::function<void()>;

  time_point now() const noexcept { return now_; }

  bool empty() const noexcept { return planned_.empty(); }

  void after(std::chrono::nanoseconds delay, action what);

  /// Moves on to the next thing and does it.
  void step();

private:
  time_point now_{std::chrono::hours(1)};
  std::uint64_t planned_so_far_ = 0;
  std::map<std::pair<time_point, std::uint64_t>, action> planned_;
};

struct frame {
  wire::frame_kind kind;
  bytes body;
};

using node_id = std::uint64_t;
using link_id = std::uint64_t;

/// A process in the world.
class node {
public:
  virtual ~node() = default;
  virtual void opened(link_id) = 0;  ///< By somebody else.
  virtual void received(link_id, const frame&) = 0;
  virtual void closed(link_id) = 0;
};

/// Connections between nodes: frames of one connection and direction come in order, after random
/// delays; a connection can break, and then each end hears of it at another time.
class network {
public:
  network(timeline& t, dice& d) : timeline_(t), dice_(d) {}

  /// The node goes by leave(), not by destruction.
  node_id join(node&);

  /// At the address of one that left.
  void join_again(node& n, node_id at) { nodes_[at] = &n; }

  /// As a crash: whatever it has sent and is not delivered yet may be lost.
  void leave(node_id);

  bool is_here(node_id n) const { return nodes_.contains(n); }

  link_id connect(node_id from, node_id to);
  void send(link_id, node_id from, frame);
  void cut(link_id);

  /// Cuts one connection by chance, and not one of `spared`'s.
  void cut_any(node_id spared);

  std::chrono::nanoseconds delay();

private:
  struct link {
    node_id ends[2];
    time_point last_arrival[2] = {};  ///< At ends[i].
  };

  void tell_closed(link_id, node_id end);

  timeline& timeline_;
  dice& dice_;
  std::map<node_id, node*> nodes_;
  std::map<link_id, link> links_;
  node_id last_node_ = 0;
  link_id last_link_ = 0;
};

}  // namespace troupe::simulation
