#include <memory>
#include <optional>
#include <ostream>
#include <type_traits>
#include <utility>

#include <troupe/cluster.hpp>

#include "actors/cluster/allocation.hpp"
#include "actors/cluster/attached_cluster.hpp"
#include "actors/cluster/held_cluster.hpp"
#include "actors/cluster/places.hpp"
#include "actors/cluster/running_cluster.hpp"
#include "actors/cluster/snapshot_text.hpp"
#include "config/load.hpp"

namespace troupe {

namespace {

std::string counted(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const cluster_summary& s) {
  out << "cluster '" << s.name << "' at " << s.address << ": ";
  if (s.workers == s.wanted)
    out << counted(s.workers, "worker");
  else
    out << s.workers << " of " << counted(s.wanted, "worker");
  return out << ", " << counted(s.threads, "thread") << ", " << rounded_size(s.memory_bytes);
}

/// In this process, or in another one, which may be ours.
struct cluster::state {
  state() = default;

  state(const config& options, std::function<void(task_registry&)> register_tasks) {
    validate(options).value();
    if (is_allocation(options)) {
      auto all = options;
      prepare_allocation(all).value();
      const auto where = place_to_listen(all);
      here.emplace(
          running_cluster::settings{std::move(all), where, std::move(register_tasks), {}, true});
      return;
    }
    if (options.cluster.scheduler == "owner") {
      here.emplace(
          running_cluster::settings{options, place_to_listen(options), std::move(register_tasks)});
      return;
    }
    held.emplace(options, static_cast<bool>(register_tasks));
    elsewhere.emplace(held->name(), options);
  }

  /// Tells either of them, which have the same functions.
  template <class Function>
  auto with(Function tell) {
    if (here) return tell(*here);
    if (elsewhere) return tell(*elsewhere);
    throw exception({errc::bad_argument, "this cluster has been closed"});
  }

  std::optional<running_cluster> here;
  std::optional<held_cluster> held;
  std::optional<attached_cluster> elsewhere;
};

cluster::cluster(const config& options, std::function<void(task_registry&)> register_tasks)
    : state_(std::make_unique<state>(options, std::move(register_tasks))) {}

cluster::cluster(std::unique_ptr<state> made) : state_(std::move(made)) {}

cluster cluster::attach(const std::string& name, const config& options) {
  auto made = std::make_unique<state>();
  made->elsewhere.emplace(name, options);
  made->elsewhere->look().value();
  return cluster(std::move(made));
}

void cluster::close() {
  state_->elsewhere.reset();
  state_->held.reset();
  state_->here.reset();
}

cluster::~cluster() = default;

cluster::cluster(cluster&&) noexcept = default;

cluster& cluster::operator=(cluster&&) noexcept = default;

client cluster::connect() {
  return state_->with([](auto& c) { return c.connect(); });
}

void cluster::scale(std::uint32_t workers) {
  scale(cluster_size{.workers = workers});
}

void cluster::scale(const cluster_size& size) {
  scale(std::string(), size);
}

void cluster::scale(const std::string& group, const cluster_size& size) {
  state_->with([&](auto& c) { c.scale(group, size); });
}

void cluster::adapt(const adapt_options& how) {
  adapt(std::string(), how);
}

void cluster::adapt(const std::string& group, const adapt_options& how) {
  if (state_->elsewhere)
    throw exception({errc::bad_argument,
                     "a cluster that another process runs adapts as its configuration says, by "
                     "cluster.adapt_max"});
  state_->with([&](auto& c) {
    if constexpr (std::is_same_v<decltype(c), running_cluster&>) c.adapt(group, how);
  });
}

void cluster::wait_for_workers(std::uint32_t count, std::chrono::nanoseconds timeout) {
  state_->with([&](auto& c) { c.wait_for(count, timeout); });
}

std::string cluster::address() const {
  return state_->with([](auto& c) { return c.address(); });
}

cluster_summary cluster::summary() const {
  return state_->with([](auto& c) { return c.summary(); });
}

}  // namespace troupe
