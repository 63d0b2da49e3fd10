#pragma once

#include <memory>

#include <troupe/backend.hpp>

namespace troupe::backends::jobqueue {

/// `cluster.type = "jobqueue"`: workers are jobs of a batch system. docs/jobqueue.md tells how to
/// use it, config/troupe.toml names the keys of [cluster.jobqueue].
result<std::unique_ptr<backend>> make(settings&, const services&);

}  // namespace troupe::backends::jobqueue
