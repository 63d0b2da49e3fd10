#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <troupe/backend.hpp>
#include <troupe/config.hpp>
#include <troupe/result.hpp>

#include "actors/cluster/core/plan.hpp"
#include "config/machine.hpp"

namespace troupe {

/// The place that the configuration names, and whether its workers are on other machines.
struct place_kind {
  result<std::unique_ptr<backend>> (*make)(settings&, const services&) = nullptr;
  bool remote = false;
};

/// Loads the plugins. All sections [cluster.<type>] must be of types that exist.
result<place_kind> find_place(const config&);

/// Makes it, and sees to it that no key of its section is unknown.
result<std::unique_ptr<backend>> make_backend(const config&, const place_kind&, const services&);

/// Where the scheduler of a program's cluster listens: at the default, on any free port, so that
/// two programs do not meet.
std::string place_to_listen(const config&);

/// What nobody else's cluster is called, for jobs to carry: letters, digits and "-".
std::string new_cluster_id();

/// What the scheduler listens on when workers come from other machines and scheduler.listen does
/// not say it: all interfaces, with an authority and a certificate made for this cluster alone, in
/// a folder that only this user can read, wherever the home is shared. Returns that folder, or ""
/// if the configuration has certificates, or wants none.
result<std::string> prepare_remote(config&, const std::string& cluster);

/// How many groups have their workers on this machine; a cluster without groups counts as one.
result<std::uint32_t> groups_here(const config&);

/// An order for launches of this group, but for numbers, address and environment.
launch_order make_order(const std::string& group, const config&, const core::worker_plan&,
                        bool self_hosted, const std::string& scheduler);

/// The part of this machine that each group may have which is here.
result<machine_share> share_of_group(const config&);

/// What `troupe up` would submit for its first workers, as the place puts it: in so many launches;
/// 0: in as many as they need.
result<std::string> preview_launches(const config&, std::uint32_t launches = 0);

/// Asks the place for all launches that carry this id, and ends them, looking again until none is
/// left or the time is over. Returns how many there were.
result<std::size_t> end_launches(const config&, const std::string& cluster,
                                 std::chrono::nanoseconds limit);

}  // namespace troupe
