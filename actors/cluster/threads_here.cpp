#include "actors/cluster/threads_here.hpp"

#include <chrono>
#include <future>
#include <utility>

#include "actors/runtime/host.hpp"
#include "actors/worker/builtin_tasks.hpp"
#include "actors/worker/home_client.hpp"
#include "actors/worker/libraries.hpp"
#include "actors/worker/worker_actor.hpp"

namespace troupe {

namespace {

/// For what runs when a worker has to end, and then for the worker itself.
constexpr auto grace = std::chrono::seconds(2);
constexpr auto patience = grace + std::chrono::seconds(1);

}  // namespace

threads_here::threads_here(runtime::node& node, std::string scheduler,
                           std::function<void(task_registry&)> register_tasks,
                           std::vector<std::string> libraries)
    : node_(node),
      scheduler_(std::move(scheduler)),
      register_tasks_(std::move(register_tasks)),
      libraries_(std::move(libraries)),
      home_(std::make_shared<home_client>(node, scheduler_, "tasks")) {}

threads_here::~threads_here() {
  for (const auto& [id, one] : workers_)
    runtime::stop(one.actor);
  const auto until = std::chrono::steady_clock::now() + patience;
  for (const auto& [id, one] : workers_)
    one.ended.wait_until(until);
  home_->close();
  // Nobody is left to hear of a failure.
  if (tasks_) static_cast<void>(tasks_->stop());
}

result<std::shared_ptr<const task_table>> threads_here::tasks() {
  if (tasks_) return tasks_;
  auto table = std::make_shared<task_table>();
  add_builtin_tasks(*table);
  try {
    if (register_tasks_) register_tasks_(*table);
  } catch (const std::exception& e) {
    return error{errc::bad_argument, "the tasks cannot be registered: " + std::string(e.what())};
  }
  for (const auto& library : libraries_)
    if (auto loaded = load_library(library, *table); !loaded) return loaded.error();
  if (auto started = table->start(); !started) return started.error();
  return tasks_ = std::move(table);
}

result<launch_id> threads_here::launch(const launch_order& order, std::uint64_t number,
                                       const worker_options& options) {
  const std::lock_guard lock(mutex_);
  auto table = tasks();
  if (!table) return table.error();
  any_ = true;
  const auto id = "here-" + order.label(number);
  for (std::uint32_t i = 0; i < order.workers; ++i) {
    worker_settings settings;
    settings.scheduler = scheduler_;
    settings.launch = order.label(number);
    settings.options = options;
    settings.options.name = order.worker_name(number, i);
    settings.options.threads = order.threads;
    settings.options.memory = order.memory_bytes;
    settings.tasks = *table;
    settings.home = home_;
    settings.grace = grace;
    auto ended = std::make_shared<std::promise<void>>();
    settings.on_end = [ended](const worker_end&) { ended->set_value(); };
    auto future = ended->get_future();
    workers_.emplace(id, worker{spawn_worker(node_, std::move(settings)), std::move(future)});
  }
  return id;
}

void threads_here::retire(const launch_id& id) {
  const std::lock_guard lock(mutex_);
  const auto [first, last] = workers_.equal_range(id);
  for (auto at = first; at != last; ++at)
    runtime::stop(at->second.actor);
}

}  // namespace troupe
