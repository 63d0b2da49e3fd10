#include <optional>
#include <ostream>
#include <utility>

#include <troupe/cluster.hpp>

#include "actors/cluster/running_cluster.hpp"
#include "actors/cluster/snapshot_text.hpp"

namespace troupe {

namespace {

std::string place_to_listen(const config& options) {
  const auto& wanted = options.scheduler.listen;
  return wanted == scheduler_options{}.listen ? "tcp://127.0.0.1:0" : wanted;
}

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

struct cluster::state {
  explicit state(running_cluster::settings s) : held(std::in_place, std::move(s)) {}

  running_cluster& running() {
    if (!held) throw exception({errc::bad_argument, "this cluster has been closed"});
    return *held;
  }

  std::optional<running_cluster> held;
};

cluster::cluster(const config& options, std::function<void(task_registry&)> register_tasks)
    : state_(std::make_unique<state>(running_cluster::settings{options, place_to_listen(options),
                                                               std::move(register_tasks)})) {}

void cluster::close() {
  state_->held.reset();
}

cluster::~cluster() = default;

cluster::cluster(cluster&&) noexcept = default;

cluster& cluster::operator=(cluster&&) noexcept = default;

client cluster::connect() {
  return state_->running().connect();
}

void cluster::scale(std::uint32_t workers) {
  state_->running().scale({.workers = workers});
}

void cluster::adapt(const adapt_options& how) {
  state_->running().adapt(how);
}

void cluster::scale(const cluster_size& size) {
  state_->running().scale(size);
}

void cluster::wait_for_workers(std::uint32_t count, std::chrono::nanoseconds timeout) {
  state_->running().workers().wait_for(count, timeout).value();
}

std::string cluster::address() const {
  return state_->running().address();
}

cluster_summary cluster::summary() const {
  return state_->running().summary();
}

}  // namespace troupe
