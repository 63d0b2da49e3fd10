#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <troupe/config.hpp>

#include "config/build.hpp"
#include "config/load.hpp"

namespace troupe {

/// What a cluster of one kind of workers would be configured as, for each group; of a cluster
/// without groups itself, with the name "".
std::vector<std::pair<std::string, config>> each_group(const config&);

/// "cpu, gpu".
std::string group_names(const config&);

/// Names that can be used, and each once.
result<void> validate_group_names(const config&);

/// Whether this key holds [[cluster.group]].
bool is_group_list(std::string_view section, std::string_view key);

/// A key of [cluster] that no group can have for itself.
bool is_cluster_wide(std::string_view key);

/// [[cluster.group]]: each says what differs from [cluster], [cluster.<type>] and, in its table
/// `worker`, from [worker]. Appends what is wrong.
void read_groups(const setting::table& root, loaded_config& to, std::vector<mistake>& problems);

}  // namespace troupe
