#include "actors/cluster/running_cluster.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <unistd.h>
#include <utility>
#include <vector>

#include "actors/client/connect.hpp"
#include "actors/cluster/allocation.hpp"
#include "actors/cluster/cluster_actor.hpp"
#include "actors/cluster/core/plan.hpp"
#include "actors/cluster/observer.hpp"
#include "actors/cluster/places.hpp"
#include "actors/cluster/scheduler_service.hpp"
#include "actors/cluster/threads_here.hpp"
#include "actors/cluster/worker_environment.hpp"
#include "actors/runtime/host.hpp"
#include "config/connection_file.hpp"
#include "config/groups.hpp"
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

namespace {

/// One group of workers.
struct crew {
  const std::string name;
  const config options;
  const core::worker_plan plan;
  const place_kind where;
  const std::map<std::string, std::string> environment;
  caf::actor place = {};

  std::uint32_t each() const { return options.cluster.workers_per_launch; }

  std::uint32_t launches_for(const cluster_size& size) const {
    return core::launches_for(size, plan, each());
  }
};

bool is_remote(const config& options) {
  return groups_here(options).value() < each_group(options).size();
}

std::vector<crew> crews_of(const config& options) {
  const auto share = share_of_group(options).value();
  std::vector<crew> all;
  for (auto& [name, part] : each_group(options)) {
    if (!name.empty() && is_allocation(part))
      throw exception(
          {errc::bad_config, "group " + name + ": an allocation is no group of workers"});
    const auto plan = core::plan_workers(part, share);
    const auto where = find_place(part).value();
    auto variables = worker_environment(part).value();
    all.push_back({name, std::move(part), plan, where, std::move(variables)});
  }
  return all;
}

std::vector<staff::group_kind> kinds_of(const std::vector<crew>& all) {
  std::vector<staff::group_kind> kinds;
  for (const auto& each : all)
    kinds.push_back({each.name, core::to_amounts(each.options.worker.resources),
                     each.each() * each.plan.threads});
  return kinds;
}

/// Workers that are threads here share one table of tasks.
std::vector<std::string> libraries_of(const std::vector<crew>& all) {
  std::vector<std::string> paths;
  for (const auto& each : all)
    for (const auto& path : each.options.worker.libraries)
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  return paths;
}

}  // namespace

struct running_cluster::state {
  explicit state(running_cluster::settings s)
      : options(std::move(s.options)),
        register_tasks(std::move(s.register_tasks)),
        id(s.id.empty() ? new_cluster_id() : s.id),
        certificates(is_remote(options) ? prepare_remote(options, id).value() : std::string()),
        crews(crews_of(options)),
        workers(std::make_shared<staff>(kinds_of(crews))),
        node(options) {
    if (options.cluster.name.empty()) options.cluster.name = default_name(options.cluster.type);
  }

  state(const state&) = delete;
  state& operator=(const state&) = delete;

  /// Also after a constructor that threw half-way.
  ~state() {
    // Workers first: they still find their scheduler, so that none takes its end for an accident.
    for (const auto& each : crews)
      if (each.place) runtime::stop(each.place);
    workers->wait_ended(patience);
    // The node waits for the threads of actors that somebody still has a handle of.
    for (std::size_t i = 0; i < crews.size(); ++i) {
      workers->wakes(i, nullptr);
      crews[i].place = nullptr;
    }
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

  std::size_t find(const std::string& group) const {
    check_group(group, workers->view().groups).value();
    const auto at = std::find_if(crews.begin(), crews.end(),
                                 [&](const crew& each) { return each.name == group; });
    return static_cast<std::size_t>(at - crews.begin());
  }

  void scale(std::size_t i, const cluster_size& size) const {
    const auto launches = crews[i].launches_for(size);
    workers->want(i, launches * crews[i].each(), launches);
  }

  void adapt(std::size_t i, const adapt_options& how) const {
    const auto least = crews[i].launches_for(how.minimum);
    const auto most = crews[i].launches_for(how.maximum);
    if (most < least || most == 0)
      throw exception(
          {errc::bad_argument, "adapting needs a maximum that is not below the minimum"});
    workers->adapt(i, {least, most, how.target, how.idle}, least * crews[i].each());
  }

  /// As the configuration says.
  void begin(std::size_t i) const {
    const auto& wanted = crews[i].options.cluster;
    if (wanted.adapt_max > 0)
      adapt(i, {{.workers = wanted.adapt_min},
                {.workers = wanted.adapt_max},
                wanted.adapt_target,
                wanted.adapt_idle});
    else
      scale(i, {.workers = crews[i].plan.workers});
  }

  /// On the scheduler's thread, for somebody far away, who sees by the answer whether there is such
  /// a group.
  void steer(const steer_cluster& order) const {
    if (order.what == steer_cluster::order::end) return workers->end_asked();
    for (std::size_t i = 0; i < crews.size(); ++i)
      if (crews[i].name == order.group) scale(i, {.workers = order.count});
  }

  launch_order order(const crew& of, core::scaling::launch_number first,
                     std::uint32_t count) const {
    auto made = make_order(of.name, of.options, of.plan, static_cast<bool>(register_tasks),
                           scheduler->address());
    made.first = first;
    made.count = count;
    made.cluster = id;
    made.environment = of.environment;
    return made;
  }

  void start_scheduler(const std::string& listen) {
    const auto shared = workers;
    scheduler =
        scheduler_service::start(
            node,
            {options.cluster.name, listen,
             [shared](const worker_change& change) { shared->changed(change); },
             [shared] { return shared->view(); },
             [shared](const core::scheduling::scheduler_load& load) { shared->load_seen(load); },
             [this](const steer_cluster& order) { steer(order); }})
            .value();
    threads = std::make_unique<threads_here>(node, scheduler->local_address(), register_tasks,
                                             libraries_of(crews));
  }

  cluster_settings settings_of(std::size_t i) {
    const auto* of = &crews[i];
    cluster_settings place;
    place.make_backend = [of](const services& given) {
      return make_backend(of->options, of->where, given);
    };
    place.make_order = [this, of](core::scaling::launch_number first, std::uint32_t count) {
      return order(*of, first, count);
    };
    place.launch_here = [this, of](const launch_order& order, core::scaling::launch_number number) {
      return threads->launch(order, number, of->options.worker);
    };
    place.retire_here = [this](const launch_id& launch) { threads->retire(launch); };
    place.on_death = [this](const std::string& launch, const std::string& how) {
      scheduler->launch_ended(launch, how);
    };
    place.drain = [this](const std::string& launch) { scheduler->drain(launch); };
    place.ask_load = [this] { scheduler->ask_load(); };
    place.launches = {of->each(), of->plan.threads, of->plan.memory_bytes};
    place.options = of->options;
    place.cluster = id;
    place.group = of->name;
    place.index = i;
    return place;
  }

  config options;
  const std::function<void(task_registry&)> register_tasks;
  const std::string id;
  const std::string certificates;  ///< Their folder, if they were made for this cluster.
  std::filesystem::path listed;    ///< The file by which others find it.
  std::vector<crew> crews;
  const std::shared_ptr<staff> workers;
  runtime::node node;
  std::unique_ptr<scheduler_service> scheduler;
  std::unique_ptr<threads_here> threads;
};

running_cluster::running_cluster(settings s) {
  const bool listed = s.listed;
  const auto unless_remote = s.listen;
  const auto said = s.options.scheduler.listen;
  state_ = std::make_unique<state>(std::move(s));
  auto& c = *state_;
  c.start_scheduler(c.options.scheduler.listen == said ? unless_remote
                                                       : c.options.scheduler.listen);
  for (std::size_t i = 0; i < c.crews.size(); ++i) {
    c.begin(i);
    c.crews[i].place = spawn_cluster(c.node, c.settings_of(i), c.workers);
    c.workers->wakes(i, c.crews[i].place);
  }
  c.workers->wait_opened().value();
  if (listed) c.list();
}

running_cluster::~running_cluster() = default;

staff& running_cluster::workers() noexcept {
  return *state_->workers;
}

void running_cluster::scale(const std::string& group, const cluster_size& size) {
  state_->scale(state_->find(group), size);
}

void running_cluster::adapt(const std::string& group, const adapt_options& how) {
  state_->adapt(state_->find(group), how);
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
  cluster_summary all{
      c.options.cluster.name, c.options.cluster.type, address(), 0, c.workers->wanted(), 0, 0};
  for (std::size_t i = 0; i < c.crews.size(); ++i) {
    const auto there = c.workers->joined(i);
    all.workers += there;
    all.threads += there * c.crews[i].plan.threads;
    all.memory_bytes += there * c.crews[i].plan.memory_bytes;
  }
  return all;
}

}  // namespace troupe
