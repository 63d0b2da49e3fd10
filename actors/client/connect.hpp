#pragma once

#include <string>

#include <troupe/client.hpp>

#include "actors/runtime/runtime.hpp"

namespace troupe::detail {

/// A client that lives in somebody else's node: a cluster's. The node has to stay until the client
/// or the scheduler is gone. `encode`: workers are other processes, so values are encoded in the
/// thread that submits them. Throws troupe::exception if the scheduler does not answer.
client make_client(runtime::node&, const std::string& scheduler, const std::string& name,
                   bool encode);

}  // namespace troupe::detail
