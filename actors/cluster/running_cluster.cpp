#include "actors/cluster/running_cluster.hpp"

#include <filesystem>
#include <unistd.h>
#include <utility>

#include "actors/client/connect.hpp"
#include "actors/cluster/cluster_actor.hpp"
#include "actors/cluster/core/plan.hpp"
#include "actors/cluster/places.hpp"
#include "actors/cluster/scheduler_service.hpp"
#include "actors/cluster/threads_here.hpp"
#include "actors/cluster/worker_environment.hpp"
#include "actors/runtime/host.hpp"
#include "config/connection_file.hpp"
#include "config/machine.hpp"
#include "serialization/release.hpp"

namespace troupe {

namespace {

/// For the backend to end its workers; it takes less if they end when told.
constexpr auto patience = std::chrono::seconds(15);

std::string default_name(const std::string& type) {
  return type + "-" + std::to_string(getpid());
}

}  // namespace

struct running_cluster::state {
  explicit state(running_cluster::settings s)
      : options(std::move(s.options)),
        register_tasks(std::move(s.register_tasks)),
        plan(core::plan_workers(options, find_machine_share())),
        id(s.id.empty() ? new_cluster_id() : s.id),
        where(find_place(options).value()),
        certificates(where.remote ? prepare_remote(options, id).value() : std::string()),
        node(options) {
    if (options.cluster.name.empty()) options.cluster.name = default_name(options.cluster.type);
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
    std::error_code ignored;
    if (!listed.empty()) remove_connection_file(listed, getpid());
    if (!certificates.empty()) std::filesystem::remove_all(certificates, ignored);
  }

  /// For `troupe clusters`, and for programs that ask for the cluster by its name.
  void list() {
    const auto folder = clusters_folder();
    if (folder.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    const auto path = folder / (options.cluster.name + ".json");
    connection_file file{scheduler->address(), cluster_token(options.security).value(), getpid(),
                         release()};
    file.host = host_name();
    file.name = options.cluster.name;
    file.type = options.cluster.type;
    file.cluster = id;
    file.certificates = certificates;
    write_connection_file(path, file).value();
    listed = path;
  }

  void scale(const cluster_size& size) const {
    const auto each = options.cluster.workers_per_launch;
    const auto launches = core::launches_for(size, plan, each);
    workers->want(launches * each, launches);
  }

  /// On the scheduler's thread, for somebody far away.
  void steer(const steer_cluster& order) const {
    if (order.what == steer_cluster::order::end)
      workers->end_asked();
    else
      scale({.workers = order.count});
  }

  launch_order order(core::scaling::launch_number first, std::uint32_t count) const {
    auto made = make_order(options, plan, static_cast<bool>(register_tasks), scheduler->address());
    made.first = first;
    made.count = count;
    made.cluster = id;
    made.environment = environment;
    return made;
  }

  config options;
  const std::function<void(task_registry&)> register_tasks;
  const core::worker_plan plan;
  const std::string id;
  const place_kind where;
  const std::string certificates;  ///< Their folder, if they were made for this cluster.
  std::filesystem::path listed;    ///< The file by which others find it.
  std::map<std::string, std::string> environment;
  std::shared_ptr<staff> workers = std::make_shared<staff>();
  runtime::node node;
  std::unique_ptr<scheduler_service> scheduler;
  std::unique_ptr<threads_here> threads;
  caf::actor place;
};

running_cluster::running_cluster(settings s) {
  const bool listed = s.listed;
  const auto unless_remote = s.listen;
  const auto said = s.options.scheduler.listen;
  state_ = std::make_unique<state>(std::move(s));
  auto& c = *state_;
  const auto& listen =
      c.options.scheduler.listen == said ? unless_remote : c.options.scheduler.listen;
  const auto shared = c.workers;
  c.scheduler =
      scheduler_service::start(
          c.node,
          {c.options.cluster.name, listen,
           [shared](const worker_change& change) { shared->changed(change); },
           [shared] { return shared->view(); },
           [shared](const core::scheduling::scheduler_load& load) { shared->load_seen(load); },
           [&c](const steer_cluster& order) { c.steer(order); }})
          .value();
  c.threads =
      std::make_unique<threads_here>(c.node, c.scheduler->local_address(), c.register_tasks);
  cluster_settings place;
  place.make_backend = [&c](const services& given) {
    return make_backend(c.options, c.where, given);
  };
  place.make_order = [&c](core::scaling::launch_number first, std::uint32_t count) {
    return c.order(first, count);
  };
  place.launch_here = [&c](const launch_order& order, core::scaling::launch_number number) {
    return c.threads->launch(order, number);
  };
  place.retire_here = [&c](const launch_id& id) { c.threads->retire(id); };
  place.on_death = [&c](core::scaling::launch_number number, const std::string& how) {
    c.scheduler->launch_ended(std::to_string(number), how);
  };
  place.drain = [&c](core::scaling::launch_number number) {
    c.scheduler->drain(std::to_string(number));
  };
  place.ask_load = [&c] { c.scheduler->ask_load(); };
  place.launches = {c.options.cluster.workers_per_launch, c.plan.threads, c.plan.memory_bytes};
  place.cluster = c.id;
  const auto& wanted = c.options.cluster;
  if (wanted.adapt_max > 0)
    adapt({{.workers = wanted.adapt_min},
           {.workers = wanted.adapt_max},
           wanted.adapt_target,
           wanted.adapt_idle});
  else
    scale({.workers = c.plan.workers});
  c.place = spawn_cluster(c.node, std::move(place), shared);
  shared->wakes(c.place);
  shared->wait_opened().value();
  if (listed) c.list();
}

running_cluster::~running_cluster() = default;

staff& running_cluster::workers() noexcept {
  return *state_->workers;
}

void running_cluster::scale(const cluster_size& size) {
  state_->scale(size);
}

void running_cluster::adapt(const adapt_options& how) {
  const auto each = state_->options.cluster.workers_per_launch;
  const auto least = core::launches_for(how.minimum, state_->plan, each);
  const auto most = core::launches_for(how.maximum, state_->plan, each);
  if (most < least || most == 0)
    throw exception({errc::bad_argument, "adapting needs a maximum that is not below the minimum"});
  state_->workers->adapt({least, most, how.target, how.idle}, least * each);
}

client running_cluster::connect() {
  auto& c = *state_;
  const auto enough = std::min(c.workers->wanted(), 1U);
  c.workers->wait_for(enough, c.options.cluster.start_timeout).value();
  return detail::make_client(c.node, c.scheduler->local_address(), c.options.client.name,
                             !c.threads->any());
}

void running_cluster::wait_for(std::uint32_t count, std::chrono::nanoseconds limit) {
  state_->workers->wait_for(count, limit).value();
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
