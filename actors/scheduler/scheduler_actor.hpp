#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <caf/actor.hpp>

#include <troupe/id.hpp>

#include "actors/runtime/runtime.hpp"
#include "actors/scheduler/core/events.hpp"
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

/// What the cluster that made the workers has to say: how launches have ended, which are unwanted.
/// Thread-safe.
class launch_news {
public:
  void add(core::scheduling::event);
  std::vector<core::scheduling::event> take();
  /// The scheduler is to tell its load, by scheduler_settings::on_load.
  void ask_load();
  /// Whether it was asked, since the last call.
  bool load_asked();

private:
  std::mutex mutex_;
  std::vector<core::scheduling::event> all_;
  bool load_asked_ = false;
};

/// What the owner of the workers shows in snapshots.
struct owner_view {
  std::string words;
  std::vector<launch_snapshot> launches;
  std::uint32_t wanted = 0;  ///< Workers.
  std::string hopeless;      ///< Why no more are launched.
  std::vector<std::string> groups;
};

struct scheduler_settings {
  std::string name;
  /// Where others reach it, for the snapshot. It is known only after the scheduler owns a listener.
  std::function<std::string()> address = {};
  /// Told by the scheduler actor; must not block.
  std::function<void(const worker_change&)> on_change = {};
  std::function<void(core::scheduling::scheduler_load)> on_load = {};
  std::function<void(const steer_cluster&)> on_steer = {};
  /// Looked at whenever the actor is woken.
  std::shared_ptr<launch_news> news = {};
  /// From which it goes on, and to which it writes; none if scheduler.journal is not set.
  std::shared_ptr<journal_file> journal = {};
  std::vector<core::scheduling::journal_record> records = {};
  /// Tells it from all other schedulers; none: nobody can come back to it.
  uuid session{};
  std::shared_ptr<recorder> record = {};   ///< None: nothing is recorded.
  std::function<owner_view()> owner = {};  ///< Empty: it has no owner.
};

/// The scheduler of one cluster. It translates and forwards, and decides
/// nothing: core::scheduler does. Make it the owner of listeners to let clients and workers in.
caf::actor spawn_scheduler(runtime::node&, scheduler_settings);

}  // namespace troupe
