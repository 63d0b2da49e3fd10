#include "actors/cluster/places.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "actors/cluster/worker_environment.hpp"
#include "actors/cluster/worker_program.hpp"
#include "actors/runtime/random_uuid.hpp"
#include "actors/transport/certificates.hpp"
#include "backends/registry.hpp"
#include "config/connection_file.hpp"
#include "config/groups.hpp"
#include "config/hex.hpp"
#include "config/machine.hpp"

namespace troupe {

namespace {

namespace fs = std::filesystem;

constexpr auto beat = std::chrono::milliseconds(200);

services silent_services(const std::string& cluster, const std::string& group) {
  services given;
  given.log = [](const std::string&) {};
  given.launch_here = [](const launch_order&, std::uint64_t) -> result<launch_id> {
    return error{errc::bad_config, "there is no cluster in this process"};
  };
  given.retire_here = [](const launch_id&) {};
  given.cluster = cluster;
  given.group = group;
  return given;
}

}  // namespace

result<place_kind> find_place(const config& options) {
  backends::registry kinds;
  for (const auto& plugin : options.cluster.plugins)
    if (auto loaded = kinds.load(plugin); !loaded) return loaded.error();
  if (auto good = kinds.check(options.cluster.places, options.cluster.type); !good)
    return good.error();
  auto kind = kinds.find(options.cluster.type);
  if (!kind) return kind.error();
  return place_kind{kind->make, kind->remote};
}

result<std::unique_ptr<backend>> make_backend(const config& options, const place_kind& where,
                                              const services& given) {
  auto section = options.cluster.place;
  auto made = where.make(section, given);
  if (!made) return made;
  if (auto read = section.leftovers(); !read) return read.error();
  return made;
}

std::string place_to_listen(const config& options) {
  const auto& wanted = options.scheduler.listen;
  return wanted == scheduler_options{}.listen ? "tcp://127.0.0.1:0" : wanted;
}

std::string new_cluster_id() {
  const auto random = runtime::random_uuid();
  return "troupe-" + hex(std::span(random).first<6>());
}

result<std::string> prepare_remote(config& options, const std::string& cluster) {
  auto& security = options.security;
  if (options.scheduler.listen != scheduler_options{}.listen) return std::string();
  options.scheduler.listen = "tcp://0.0.0.0:0";
  if (!security.ca.empty() || security.mode == "plain" || security.allow_plaintext)
    return std::string();
  const auto parent = clusters_folder();
  if (parent.empty())
    return error{errc::bad_config,
                 "workers on other machines need certificates, and there is no home to make them "
                 "in; see `troupe cert create`"};
  std::error_code failed;
  fs::create_directories(parent, failed);
  const auto folder = (parent / (cluster + ".tls")).string();
  if (auto made = transport::create_certificates(folder, {cluster}); !made) return made.error();
  security.ca = folder + "/ca.pem";
  security.certificate = folder + "/troupe.pem";
  security.key = folder + "/troupe.key";
  security.peer_name = cluster;
  return folder;
}

result<std::uint32_t> groups_here(const config& options) {
  std::uint32_t here = 0;
  for (const auto& [name, part] : each_group(options)) {
    const auto where = find_place(part);
    if (!where) return where.error();
    if (!where->remote) ++here;
  }
  return here;
}

result<machine_share> share_of_group(const config& options) {
  const auto here = groups_here(options);
  if (!here) return here.error();
  auto share = find_machine_share();
  share.cores = std::max(share.cores / std::max(*here, 1U), 1U);
  share.memory_bytes /= std::max(*here, 1U);
  return share;
}

launch_order make_order(const std::string& group, const config& options,
                        const core::worker_plan& plan, bool self_hosted,
                        const std::string& scheduler) {
  launch_order order;
  order.group = group;
  order.name = group.empty() ? options.cluster.type : group;
  order.scheduler = scheduler;
  order.workers = options.cluster.workers_per_launch;
  order.threads = plan.threads;
  order.memory_bytes = plan.memory_bytes;
  // If there is none, the place that tries to run it says so in its own words.
  auto program = self_hosted ? self_hosted_program() : troupe_program();
  order.command = program ? *program : std::vector<std::string>{"troupe", "worker"};
  // A worker's command line tells people what it is; all else is in its environment.
  order.command.insert(order.command.end(),
                       {order.scheduler, "--threads", std::to_string(order.threads), "--memory",
                        std::to_string(order.memory_bytes)});
  return order;
}

namespace {

result<std::string> preview_group(const std::string& group, const config& options,
                                  const machine_share& share, std::uint32_t launches) {
  auto where = find_place(options);
  if (!where) return where.error();
  const std::string id = "troupe-0123456789ab";
  auto made = make_backend(options, *where, silent_services(id, group));
  if (!made) return made.error();
  const auto plan = core::plan_workers(options, share);
  auto order = make_order(group, options, plan, false,
                          where->remote ? "tcp://THIS-HOST:PORT" : "tcp://127.0.0.1:PORT");
  order.cluster = id;
  order.count =
      launches > 0 ? launches : core::launches_for({.workers = plan.workers}, plan, order.workers);
  auto variables = worker_environment(options);
  if (!variables) return variables.error();
  order.environment = std::move(*variables);
  return (*made)->preview(order);
}

/// Those that are alive, of one group.
result<std::vector<launch_id>> end_those_left(backend& place) {
  auto all = place.survey();
  if (!all) return all.error();
  std::vector<launch_id> left;
  for (const auto& one : *all)
    if (one.at != launch_status::phase::gone) left.push_back(one.id);
  if (left.empty()) return left;
  if (auto done = place.retire(left); !done) return done.error();
  return left;
}

}  // namespace

result<std::string> preview_launches(const config& options, std::uint32_t launches) {
  const auto share = share_of_group(options);
  if (!share) return share.error();
  std::string all;
  for (const auto& [name, part] : each_group(options)) {
    auto text = preview_group(name, part, *share, launches);
    if (!text) return text;
    all += (name.empty() ? "" : (all.empty() ? "" : "\n") + ("# group " + name + "\n")) + *text;
  }
  return all;
}

result<std::size_t> end_launches(const config& options, const std::string& cluster,
                                 std::chrono::nanoseconds limit) {
  std::vector<std::unique_ptr<backend>> places;
  const auto add = [&](const config& part, const std::string& group) -> result<void> {
    auto where = find_place(part);
    if (!where) return where.error();
    if (group == scheduler_group && !where->remote) return {};
    auto made = make_backend(part, *where, silent_services(cluster, group));
    if (!made) return made.error();
    places.push_back(std::move(*made));
    return {};
  };
  for (const auto& [name, part] : each_group(options))
    if (auto added = add(part, name); !added) return added.error();
  // It may have been a job of its own.
  if (auto added = add(options, scheduler_group); !added) return added.error();
  const auto until = std::chrono::steady_clock::now() + limit;
  std::set<launch_id> found;
  for (;;) {
    std::vector<launch_id> left;
    for (const auto& place : places) {
      auto some = end_those_left(*place);
      if (!some) return some.error();
      left.insert(left.end(), some->begin(), some->end());
    }
    if (left.empty()) return found.size();
    found.insert(left.begin(), left.end());
    if (std::chrono::steady_clock::now() >= until)
      return error{errc::timeout, std::to_string(left.size()) + " launches of " + cluster +
                                      " do not end; the first is " + left.front()};
    std::this_thread::sleep_for(beat);
  }
}

}  // namespace troupe
