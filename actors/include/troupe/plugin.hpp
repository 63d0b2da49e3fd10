#pragma once

#include <troupe/plugin_abi.hpp>
#include <troupe/task.hpp>

namespace troupe {

class backend_registry;

}  // namespace troupe

// For the sources of plugins only, one file of each: a plugin is a shared library that defines one
// of the two functions below, or both. It need not link libtroupe: what it uses of it is in the
// process that loads it. It is loaded once and stays.
extern "C" {

/// Called by each worker that names the library in worker.libraries or with --library. An exception
/// refuses the library, and ends the worker with what it says.
[[gnu::visibility("default")]] void troupe_register_tasks(troupe::task_registry&);

/// Called by each cluster that names the library in cluster.plugins; see backend.hpp.
[[gnu::visibility("default")]] void troupe_register_backends(troupe::backend_registry&);

/// In every plugin by itself; compared with plugin_abi before anything else is called.
[[gnu::visibility("default"), gnu::weak, gnu::used]] unsigned troupe_plugin_abi() {
  return troupe::plugin_abi;
}
}
