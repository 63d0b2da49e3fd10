#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/client/core/client.hpp"
#include "actors/scheduler/core/scheduler.hpp"
#include "actors/scheduler/journal_blocks.hpp"
#include "actors/worker/core/worker.hpp"
#include "tests/simulation/network.hpp"

namespace troupe::simulation {

/// One end of a connection: turns messages into frames and back, as a session does.
struct port {
  wire::encoder encoder;
  wire::decoder decoder;
};

/// What outlives a scheduler that crashes.
struct disk {
  std::vector<std::byte> journal;
};

/// The process of a scheduler: the real machine, and what a shell does around it.
class scheduler_node final : public node {
public:
  /// Sees everything that goes into the machine and comes out of it.
  struct witness {
    std::function<void(const core::scheduling::event&)> event = [](const auto&) {};
    std::function<void(const core::scheduling::effect&)> effect = [](const auto&) {};
  };

  /// Joins the network `at` an address where one was before, if it is not 0.
  scheduler_node(timeline&, network&, scheduler_options, witness, uuid session, disk&, node_id at);

  node_id id() const noexcept { return id_; }

  /// Connections to workers that broke.
  std::uint32_t worker_losses() const noexcept { return worker_losses_; }

  /// Its clock goes on by so much at once, as of a machine that slept.
  void jump(std::chrono::nanoseconds);

  /// Writes the journal anew, as short as it can be.
  void compact();

  const core::scheduler& machine() const noexcept { return machine_; }

  void opened(link_id) override;
  void received(link_id, const frame&) override;
  void closed(link_id) override;

private:
  struct peer {
    port io;
    client_id client;
    worker_id worker;
  };

  time_point now() const { return timeline_.now() + ahead_; }

  void feed(core::scheduling::event);
  void read_journal();
  void dismiss(link_id);
  void set_timer();

  timeline& timeline_;
  network& network_;
  bool journals_;
  std::chrono::nanoseconds ahead_{};
  core::scheduler machine_;
  witness witness_;
  disk& disk_;
  journal_writer writer_;
  std::uint32_t worker_losses_ = 0;
  node_id id_;
  std::map<link_id, peer> peers_;
  std::map<client_id, link_id> clients_;
  std::map<worker_id, link_id> workers_;
  std::optional<time_point> timer_;
  std::shared_ptr<scheduler_node*> self_;  ///< As in worker_node.
};

/// Data connections to workers, opened at the first use and again after they broke.
class peer_links {
public:
  peer_links(network& n, node_id me) : network_(n), me_(me) {}

  void know(worker_id, const std::string& address);
  void send(worker_id, data_message);
  /// Whose answers come on this link; no id: nobody's.
  worker_id whose(link_id) const;
  batch<data_message> decode(link_id, const frame&);
  /// The worker that is lost with this link; no id: none.
  worker_id closed(link_id);

private:
  struct open_link {
    link_id link = 0;
    port io;
  };

  network& network_;
  node_id me_;
  std::map<worker_id, node_id> addresses_;
  std::map<worker_id, open_link> links_;
};

struct worker_traits {
  std::string name;
  std::string host;
  std::uint32_t threads = 1;
  std::uint64_t slowness = 1;  ///< Runs take so many times longer.
  std::map<std::string, double> resources;
  std::chrono::nanoseconds scheduler_grace{};
  core::memory_marks memory = {};
  std::uint64_t disk_failures = 0;  ///< Of a hundred writes.
  std::uint64_t fetch_max = core::memory_marks::never;
  std::uint64_t fetch_peer_max = core::memory_marks::never;
};

/// The process of a worker. What functions do is said by `run` (see workload.hpp).
class worker_node final : public node {
public:
  using run_function = std::function<core::working::run_executed(const core::working::execute&)>;

  worker_node(timeline&, network&, dice&, node_id scheduler, worker_traits, run_function run,
              std::function<void(node_id)> on_end);

  node_id id() const noexcept { return id_; }

  const core::worker& machine() const noexcept { return machine_; }

  /// Its process uses so much memory.
  void measure(std::uint64_t used_bytes) { feed(core::working::memory_measured{used_bytes}); }

  void leave() { feed(core::working::leave_wanted{}); }

  void opened(link_id) override;
  void received(link_id, const frame&) override;
  void closed(link_id) override;

private:
  bool hear(worker_order_message);
  void connect();
  void connect_again();
  void end();
  void feed(core::working::event);
  void feed_later(core::working::event);
  void use_disk(core::working::effect&);
  void set_timer();
  void pass(const core::working::pass_input&);
  void hand_on(const core::working::run_executed&);
  void begin_runs();

  timeline& timeline_;
  network& network_;
  dice& dice_;
  worker_traits traits_;
  run_function run_;
  std::function<void(node_id)> on_end_;
  core::worker machine_;
  uuid process_{};
  node_id id_;
  node_id scheduler_node_;
  link_id scheduler_ = 0;
  port scheduler_io_;
  std::optional<uuid> session_;
  bool greeted_ = false;
  std::optional<time_point> give_up_at_;
  std::chrono::nanoseconds pause_{};
  peer_links peers_;
  std::map<link_id, port> askers_;
  std::deque<core::working::execute> to_run_;
  std::uint32_t running_ = 0;
  worker_id me_;
  std::map<std::uint64_t, value> files_;
  std::optional<time_point> timer_;
  // Actions on the timeline hold it weakly: they outlive a worker that crashes.
  std::shared_ptr<worker_node*> self_;
};

/// The process of a client; what its user does is decided elsewhere.
class client_node final : public node {
public:
  /// `heard` gets mark_done, deliver, mark_failed, and nothing before `welcome`.
  struct user {
    std::function<void(client_id)> welcome;
    std::function<void(const core::asking::effect&)> heard;
    std::function<void()> disconnected;
    std::function<void(const dataset_reply&)> named;
  };

  client_node(timeline&, network&, node_id scheduler, user);

  node_id id() const noexcept { return id_; }

  const core::client& machine() const noexcept { return machine_; }

  void feed(core::asking::event);

  /// Says good-bye.
  void leave();

  /// What the machine has no part in.
  void say(client_message);

  void opened(link_id) override {}

  void received(link_id, const frame&) override;
  void closed(link_id) override;

private:
  void connect(uuid session, client_id me);
  void end();
  void set_timer();

  timeline& timeline_;
  network& network_;
  user user_;
  core::client machine_;
  uuid process_{};
  node_id id_;
  node_id scheduler_node_;
  link_id scheduler_ = 0;
  port scheduler_io_;
  peer_links peers_;
  client_id me_;
  std::optional<time_point> timer_;
  std::shared_ptr<client_node*> self_;  ///< As in worker_node.
};

}  // namespace troupe::simulation
