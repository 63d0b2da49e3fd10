#include "actors/runtime/runtime.hpp"

#include <csignal>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include "actors/runtime/actor_settings.hpp"
#include "actors/transport/network.hpp"
#include "serialization/memory_pool.hpp"

namespace troupe::runtime {

void host_list::add(const caf::actor& one) {
  std::lock_guard lock(mutex_);
  // Looking for ended ones only when the list is full keeps this cheap.
  if (hosts_.size() == hosts_.capacity())
    std::erase_if(hosts_, [](auto& it) { return !caf::actor_cast<caf::actor>(it); });
  hosts_.push_back(one.address());
}

void host_list::kill_all() {
  std::lock_guard lock(mutex_);
  for (auto& one : hosts_)
    if (auto alive = caf::actor_cast<caf::actor>(one))
      caf::anon_send_exit(alive, caf::exit_reason::kill);
}

actor_settings::actor_settings(logger to) : log(std::move(to)) {
  load<caf::io::middleman>();
  // The default, work stealing, polls: it costs CPU when idle and milliseconds when busy.
  set("scheduler.policy", caf::atom("sharing"));
  // Scheduler, cluster (which may wait for a backend), workers and clients of one process.
  set("scheduler.max-threads", 4);
  // Only BASP, which is not used, has work for these.
  set("middleman.workers", 0);
}

logger log_of(caf::actor_system& actors) {
  auto* ours = dynamic_cast<const actor_settings*>(&actors.config());
  return ours ? ours->log : nullptr;
}

struct node::parts {
  explicit parts(const config& from)
      : options(from), log(options.log), settings(log.make("network")), actors(settings) {
    net = std::make_unique<transport::network>(actors, options, log);
  }

  config options;
  log_sink log;
  actor_settings settings;
  // Goes after the actors, which close at their end what they have opened.
  std::unique_ptr<transport::network> net;
  caf::actor_system actors;
};

node::node(const config& options) {
  // A peer that went away is an error of write(), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  parts_ = std::make_unique<parts>(options);
  process_memory().keep_at_most(options.network.recycle_max);
}

node::~node() {
  parts_->net->stop();
  parts_->settings.hosts->kill_all();
}

caf::actor_system& node::actors() noexcept {
  return parts_->actors;
}

transport::network& node::net() noexcept {
  return *parts_->net;
}

log_sink& node::log() noexcept {
  return parts_->log;
}

const config& node::options() const noexcept {
  return parts_->options;
}

}  // namespace troupe::runtime
