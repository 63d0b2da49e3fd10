#include "actors/cluster/running_cluster.hpp"

#include <array>
#include <unistd.h>
#include <utility>

#include "actors/client/connect.hpp"
#include "actors/cluster/cluster_actor.hpp"
#include "actors/cluster/core/plan.hpp"
#include "actors/cluster/scheduler_service.hpp"
#include "actors/cluster/threads_here.hpp"
#include "actors/cluster/worker_environment.hpp"
#include "actors/cluster/worker_program.hpp"
#include "actors/runtime/host.hpp"
#include "backends/registry.hpp"
#include "config/machine.hpp"

namespace troupe {

namespace {

/// For the backend to end its workers; it takes less if they end when told.
constexpr auto patience = std::chrono::seconds(15);

std::string default_name(const std::string& type) {
  return type + "-" + std::to_string(getpid());
}

/// A worker's command line tells people what it is; all else is in its environment.
std::vector<std::string> worker_command(std::vector<std::string> program,
                                        const launch_order& order) {
  program.insert(program.end(), {order.scheduler, "--threads", std::to_string(order.threads),
                                 "--memory", std::to_string(order.memory_bytes)});
  return program;
}

/// What nobody else's cluster is called, for jobs to carry: letters, digits and "-".
std::string new_cluster_id() {
  std::array<unsigned char, 6> random{};
  if (getentropy(random.data(), random.size()) != 0) random.front() = 0;
  std::string id = "troupe-";
  for (const unsigned byte : random) {
    constexpr auto digits = "0123456789abcdef";
    id += digits[byte >> 4];
    id += digits[byte & 15];
  }
  return id;
}

}  // namespace

struct running_cluster::state {
  explicit state(running_cluster::settings s)
      : options(std::move(s.options)),
        register_tasks(std::move(s.register_tasks)),
        plan(core::plan_workers(options, find_machine_share())),
        node(options) {
    if (options.cluster.name.empty()) options.cluster.name = default_name(options.cluster.type);
    for (const auto& plugin : options.cluster.plugins)
      kinds.load(plugin).value();
    kinds.check(options.cluster.places, options.cluster.type).value();
    environment = worker_environment(options).value();
  }

  state(const state&) = delete;
  state& operator=(const state&) = delete;

  /// Also after a constructor that threw half-way.
  ~state() {
    // Workers first: they still find their scheduler, so that none takes its end for an accident.
    if (place) {
      runtime::stop(place);
      workers->wait_ended(patience);
    }
    // The node waits for the threads of actors that somebody still has a handle of.
    workers->wakes(nullptr);
    place = nullptr;
    threads.reset();
    scheduler.reset();
  }

  result<std::unique_ptr<backend>> make_backend(const services& given) {
    auto section = options.cluster.place;
    return kinds.make(options.cluster.type, section, given);
  }

  launch_order make_order(core::scaling::launch_number number) const {
    launch_order order;
    order.first = number;
    order.cluster = id;
    order.name = options.cluster.type;
    order.scheduler = scheduler->address();
    order.threads = plan.threads;
    order.memory_bytes = plan.memory_bytes;
    // If there is none, the place that tries to run it says so in its own words.
    auto program = register_tasks ? self_hosted_program() : troupe_program();
    order.command =
        worker_command(program ? *program : std::vector<std::string>{"troupe", "worker"}, order);
    order.environment = environment;
    return order;
  }

  config options;
  const std::function<void(task_registry&)> register_tasks;
  const core::worker_plan plan;
  const std::string id = new_cluster_id();
  backends::registry kinds;
  std::map<std::string, std::string> environment;
  std::shared_ptr<staff> workers = std::make_shared<staff>();
  runtime::node node;
  std::unique_ptr<scheduler_service> scheduler;
  std::unique_ptr<threads_here> threads;
  caf::actor place;
};

running_cluster::running_cluster(settings s) {
  auto listen = s.listen;
  state_ = std::make_unique<state>(std::move(s));
  auto& c = *state_;
  const auto shared = c.workers;
  c.scheduler = scheduler_service::start(
                    c.node, {c.options.cluster.name, std::move(listen),
                             [shared](const worker_change& change) { shared->changed(change); }})
                    .value();
  c.threads =
      std::make_unique<threads_here>(c.node, c.scheduler->local_address(), c.register_tasks);
  cluster_settings place;
  place.make_backend = [&c](const services& given) { return c.make_backend(given); };
  place.make_order = [&c](core::scaling::launch_number number) { return c.make_order(number); };
  place.launch_here = [&c](const launch_order& order, core::scaling::launch_number number) {
    return c.threads->launch(order, number);
  };
  place.retire_here = [&c](const launch_id& id) { c.threads->retire(id); };
  place.on_death = [&c](core::scaling::launch_number number, const std::string& how) {
    c.scheduler->worker_ended(std::to_string(number), how);
  };
  place.cluster = c.id;
  shared->want(c.plan.workers);
  c.place = spawn_cluster(c.node, std::move(place), shared);
  shared->wakes(c.place);
  shared->wait_opened().value();
}

running_cluster::~running_cluster() = default;

staff& running_cluster::workers() noexcept {
  return *state_->workers;
}

void running_cluster::scale(std::uint32_t workers) {
  state_->workers->want(workers);
}

client running_cluster::connect() {
  auto& c = *state_;
  const auto enough = std::min(c.workers->wanted(), 1U);
  c.workers->wait_for(enough, c.options.cluster.start_timeout).value();
  return detail::make_client(c.node, c.scheduler->local_address(), c.options.client.name,
                             !c.threads->any());
}

const std::string& running_cluster::address() const noexcept {
  return state_->scheduler->address();
}

cluster_summary running_cluster::summary() const {
  const auto& c = *state_;
  const auto there = c.workers->joined();
  return {c.options.cluster.name, c.options.cluster.type,     address(), there, c.workers->wanted(),
          there * c.plan.threads, there * c.plan.memory_bytes};
}

}  // namespace troupe
