// The scheduler alone: its machine, without actors, sockets, or threads. What a task costs must not
// depend on how many tasks and workers there are.
#include <deque>
#include <malloc.h>
#include <stdexcept>
#include <utility>

#include "actors/scheduler/core/scheduler.hpp"
#include "bench/scenarios.hpp"

namespace bench {

namespace {

using namespace troupe;
using namespace core::scheduling;

/// Heap bytes in use.
double heap_bytes() {
  const auto all = mallinfo2();
  return static_cast<double>(all.uordblks) + static_cast<double>(all.hblkhd);
}

/// One client and many workers around a scheduler, all of them instant.
class world {
public:
  explicit world(std::uint32_t workers) {
    handle(client_joined{0, std::make_shared<hello>()});
    for (std::uint32_t i = 0; i < workers; ++i) {
      auto who = std::make_shared<hello>();
      who->as = role::worker;
      who->name = std::to_string(i);
      who->address = who->name + ":1";
      who->threads = 1;
      who->tasks = {{"f", "()"}};
      handle(worker_joined{0, std::move(who)});
    }
  }

  void submit(std::uint64_t number, std::vector<task_id> inputs) {
    handle(
        client_said{alice, submit_task{make_task_id(alice, number), spec_, {}, std::move(inputs)}});
  }

  void release(std::uint64_t number) {
    handle(client_said{alice, release_task{make_task_id(alice, number)}});
  }

  /// The longest-running task.
  bool finish_one() {
    if (running_.empty()) return false;
    const auto [worker, task, run] = running_.front();
    running_.pop_front();
    handle(worker_said{
        worker, run_finished{task, run, 8, std::chrono::microseconds(10), true, value(result_)}});
    return true;
  }

  std::uint64_t done() const { return done_; }

private:
  struct running {
    worker_id worker;
    task_id task;
    run_id run;
  };

  void handle(event&& what) {
    machine_.handle(std::move(what), now_, effects_);
    for (auto& e : effects_) {
      if (const auto* order = std::get_if<tell_worker>(&e)) {
        if (const auto* run = std::get_if<run_task>(&order->message))
          running_.push_back({order->worker, run->task, run->run});
      } else if (const auto* reply = std::get_if<tell_client>(&e)) {
        if (std::holds_alternative<task_done>(reply->message)) ++done_;
        expect(!std::holds_alternative<task_failed>(reply->message), "a task failed");
      }
    }
    effects_.clear();
  }

  static constexpr client_id alice{1};

  core::scheduler machine_{scheduler_options{}, "s"};
  core::time_point now_{std::chrono::hours(1)};
  std::vector<effect> effects_;
  std::deque<running> running_;
  std::uint64_t done_ = 0;
  spec_ptr spec_ = std::make_shared<const task_spec>(task_spec{"f", "()", 0, 0, {}});
  bytes result_ = bytes::copy(std::string_view("8 bytes."));
};

/// {workers, tasks, inputs}: every task has as inputs so many of those right before it.
measurement scheduler_scale(const setup&, const parameters& p) {
  const auto tasks = static_cast<std::uint64_t>(integer(p, "tasks"));
  const auto inputs = static_cast<std::uint64_t>(integer(p, "inputs"));
  world all(p.at("workers").get<std::uint32_t>());
  const auto alice = client_id{1};
  const double heap = heap_bytes();
  const meter m({});
  const auto per_task_us = [&](clock::time_point start) {
    return seconds_since(start) * 1e6 / static_cast<double>(tasks);
  };
  auto start = clock::now();
  for (std::uint64_t i = 1; i <= tasks; ++i) {
    std::vector<task_id> needs;
    for (std::uint64_t k = 1; k <= inputs && k < i; ++k)
      needs.push_back(make_task_id(alice, i - k));
    all.submit(i, std::move(needs));
  }
  const double submit_us = per_task_us(start);
  const double bytes = (heap_bytes() - heap) / static_cast<double>(tasks);
  start = clock::now();
  while (all.finish_one()) {
  }
  const double run_us = per_task_us(start);
  expect(all.done() == tasks, "all tasks are done once");
  start = clock::now();
  for (std::uint64_t i = 1; i <= tasks; ++i)
    all.release(i);
  const double release_us = per_task_us(start);
  auto found = m.stop();
  found.values["bytes_per_task"] = bytes;
  found.values["submit_us"] = submit_us;
  found.values["run_us"] = run_us;
  found.values["release_us"] = release_us;
  found.values["us_per_task"] = submit_us + run_us + release_us;
  found.values["left_bytes_per_task"] = (heap_bytes() - heap) / static_cast<double>(tasks);
  return found;
}

}  // namespace

void add_scheduler_scale(std::map<std::string, scenario>& all) {
  all["scheduler_scale"] = {scheduler_scale, {"threads"}};
}

}  // namespace bench
