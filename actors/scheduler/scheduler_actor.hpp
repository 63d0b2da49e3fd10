#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <caf/actor.hpp>

#include <troupe/id.hpp>

#include "actors/runtime/runtime.hpp"
#include "actors/scheduler/journal_file.hpp"
#include "actors/scheduler/recording.hpp"

namespace troupe {

/// A worker came or went. `launch` is what the backend called the launch that made it, if any.
struct worker_change {
  enum class kind { joined, lost };
  kind what = kind::joined;
  worker_id worker;
  std::string name;
  std::string launch;
};

/// How workers have ended, as the cluster that made them learns. Thread-safe.
class obituaries {
public:
  struct one {
    std::string launch;
    std::string how;
  };

  void add(one);
  std::vector<one> take();

private:
  std::mutex mutex_;
  std::vector<one> all_;
};

struct scheduler_settings {
  std::string name;
  /// Where others reach it, for the snapshot. It is known only after the scheduler owns a listener.
  std::function<std::string()> address = {};
  /// Told by the scheduler actor; must not block.
  std::function<void(const worker_change&)> on_change = {};
  /// Looked at whenever the actor is woken.
  std::shared_ptr<obituaries> deaths = {};
  /// From which it goes on, and to which it writes; none if scheduler.journal is not set.
  std::shared_ptr<journal_file> journal = {};
  std::vector<core::scheduling::journal_record> records = {};
  /// Tells it from all other schedulers; none: nobody can come back to it.
  uuid session{};
  std::shared_ptr<recorder> record = {};  ///< None: nothing is recorded.
};

/// The scheduler of one cluster. It translates and forwards, and decides
/// nothing: core::scheduler does. Make it the owner of listeners to let clients and workers in.
caf::actor spawn_scheduler(runtime::node&, scheduler_settings);

}  // namespace troupe
