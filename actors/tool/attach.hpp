#pragma once

#include "actors/cluster/attached_cluster.hpp"
#include "actors/worker/until_signal.hpp"

namespace troupe::tool {

/// How to use it, in lines for people.
void introduce(const cluster_summary&);

/// Tells how many workers there are whenever that changes, until a signal comes (then true) or the
/// cluster ends.
bool follow(attached_cluster&, const until_signal&);

}  // namespace troupe::tool
