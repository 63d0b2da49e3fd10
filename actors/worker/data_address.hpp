#pragma once

#include <string>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

namespace troupe {

/// Where a worker is to listen for who fetches its results: worker.listen and worker.interface if
/// they say so, else by the same kind of way as it reaches the scheduler: the loopback interface,
/// or the one that leads there. Empty: no socket, because the scheduler is in this process.
///
/// May ask the network for the scheduler's name.
result<std::string> data_address(const worker_options&, const std::string& scheduler);

}  // namespace troupe
