#include "actors/cluster/scheduler_service.hpp"

#include <mutex>
#include <unistd.h>
#include <utility>
#include <vector>

#include "actors/runtime/host.hpp"
#include "actors/runtime/random_uuid.hpp"
#include "actors/transport/addresses.hpp"
#include "actors/transport/network.hpp"
#include "config/address.hpp"
#include "config/connection_file.hpp"
#include "serialization/release.hpp"

namespace troupe {

namespace {

/// Told to the scheduler after it has started.
struct known_address {
  std::mutex mutex;
  std::string text;
};

result<std::string> place_to_listen(const std::string& wanted, const std::string& interface) {
  auto full = full_address(wanted);
  if (!full || interface.empty()) return full;
  return transport::on_interface(*full, interface);
}

}  // namespace

struct scheduler_service::state {
  explicit state(runtime::node& n) : node(n) {}

  runtime::node& node;
  caf::actor actor;
  std::vector<transport::listener> listeners;  ///< For this process; for others.
  std::string connection_file;
  std::shared_ptr<launch_news> news = std::make_shared<launch_news>();
};

result<std::unique_ptr<scheduler_service>> scheduler_service::start(runtime::node& node,
                                                                    settings wanted) {
  const auto& options = node.options();
  auto where = place_to_listen(wanted.listen, options.scheduler.interface);
  if (!where) return where.error();
  auto known = std::make_shared<known_address>();
  const auto address = [known] {
    std::lock_guard lock(known->mutex);
    return known->text;
  };
  auto made = std::make_unique<state>(node);
  scheduler_settings scheduler{wanted.name, address, std::move(wanted.on_change)};
  scheduler.news = made->news;
  scheduler.owner = std::move(wanted.owner);
  scheduler.on_load = std::move(wanted.on_load);
  scheduler.on_steer = std::move(wanted.on_steer);
  if (!options.scheduler.journal.empty()) {
    auto journal = journal_file::open({options.scheduler.journal, options.scheduler.journal_sync,
                                       options.scheduler.journal_compact_at},
                                      node.log().make("scheduler"));
    if (!journal) return journal.error();
    scheduler.journal = std::move(journal->file);
    scheduler.records = std::move(journal->records);
  }
  scheduler.session = runtime::random_uuid();
  if (!options.scheduler.record.empty()) {
    auto record = recorder::open({options.scheduler, wanted.name, scheduler.session},
                                 node.log().make("scheduler"));
    if (!record) return record.error();
    scheduler.record = std::move(*record);
  }
  made->actor = spawn_scheduler(node, std::move(scheduler));
  // From here on the destructor undoes what has been done.
  std::unique_ptr<scheduler_service> service(new scheduler_service(std::move(made)));
  auto& inside = *service->state_;
  inside.listeners.push_back(node.net().listen_local(inside.actor));
  auto outside = node.net().listen(*where, inside.actor);
  if (!outside) return outside.error();
  inside.listeners.push_back(*outside);
  {
    std::lock_guard lock(known->mutex);
    known->text = outside->address;
  }
  if (const auto& path = options.scheduler.connection_file; !path.empty()) {
    auto token = cluster_token(options.security);
    if (!token) return token.error();
    auto written = write_connection_file(path, {outside->address, *token, getpid(), release()});
    if (!written) return written.error();
    inside.connection_file = path;
  }
  return service;
}

scheduler_service::scheduler_service(std::unique_ptr<state> made) : state_(std::move(made)) {}

scheduler_service::~scheduler_service() {
  if (!state_->connection_file.empty()) remove_connection_file(state_->connection_file, getpid());
  for (const auto& listener : state_->listeners)
    state_->node.net().close(listener);
  runtime::stop(state_->actor);
}

void scheduler_service::launch_ended(const std::string& launch, const std::string& how) const {
  state_->news->add(core::scheduling::launch_ended{launch, how});
  runtime::wake(state_->actor);
}

void scheduler_service::ask_load() const {
  state_->news->ask_load();
  runtime::wake(state_->actor);
}

void scheduler_service::drain(const std::string& launch) const {
  state_->news->add(core::scheduling::launch_unwanted{launch});
  runtime::wake(state_->actor);
}

const std::string& scheduler_service::address() const noexcept {
  return state_->listeners.back().address;
}

const std::string& scheduler_service::local_address() const noexcept {
  return state_->listeners.front().address;
}

}  // namespace troupe
