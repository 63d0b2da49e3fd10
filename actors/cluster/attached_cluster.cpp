#include "actors/cluster/attached_cluster.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "actors/cluster/observer.hpp"
#include "actors/transport/network.hpp"

namespace troupe {

namespace {

constexpr auto answer_limit = std::chrono::seconds(10);
constexpr auto beat = std::chrono::milliseconds(100);

config shown_to(const scheduler_contact& contact, config options) {
  contact.apply(options.security);
  return options;
}

}  // namespace

attached_cluster::attached_cluster(std::string name, config options)
    : name_(std::move(name)),
      options_(std::move(options)),
      contact_(find_scheduler(name_, options_).value()),
      node_(shown_to(contact_, options_)) {}

attached_cluster::~attached_cluster() {
  node_.net().stop();
}

result<cluster_snapshot> attached_cluster::look() {
  return observe(node_, contact_.address, answer_limit);
}

void attached_cluster::scale(const std::string& group, const cluster_size& size) {
  if (size.launches != 0 || size.cores != 0 || size.memory_bytes != 0)
    throw exception({errc::bad_argument,
                     "the size of a cluster that another process runs is a number of workers"});
  steer(node_, contact_.address, {steer_cluster::order::scale, size.workers, group}, answer_limit)
      .value();
}

void attached_cluster::end() {
  // If it cannot be reached, there is nobody to end.
  static_cast<void>(steer(node_, contact_.address, {}, answer_limit));
}

void attached_cluster::wait_for(std::uint32_t count, std::chrono::nanoseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto seen = look().value();
    if (seen.workers.size() >= count) return;
    if (!seen.hopeless.empty()) throw exception({errc::worker_lost, seen.hopeless});
    if (std::chrono::steady_clock::now() >= until)
      throw exception({errc::timeout, "wanted " + std::to_string(count) + " workers, and " +
                                          std::to_string(seen.workers.size()) +
                                          " have joined in time (" + seen.cluster + ")"});
    std::this_thread::sleep_for(beat);
  }
}

client attached_cluster::connect() {
  wait_for(std::min(look().value().wanted, 1U), options_.cluster.start_timeout);
  return client(name_, options_);
}

cluster_summary attached_cluster::summary() {
  const auto seen = look().value();
  cluster_summary all{seen.scheduler, contact_.type, contact_.address, 0, seen.wanted, 0, 0};
  for (const auto& worker : seen.workers) {
    ++all.workers;
    all.threads += worker.threads;
    all.memory_bytes += worker.memory_bytes;
  }
  return all;
}

}  // namespace troupe
