#include "actors/worker/executor.hpp"

#include <algorithm>
#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <typeinfo>
#include <utility>

namespace troupe {

namespace {

using clock = std::chrono::steady_clock;

std::string readable(const char* mangled) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return name ? name.get() : mangled;
}

}  // namespace

executor::executor(const task_table& tasks, settings s) : tasks_(tasks), settings_(std::move(s)) {
  threads_.reserve(settings_.threads);
  for (std::uint32_t i = 0; i < settings_.threads; ++i)
    threads_.emplace_back([this] { work(); });
}

executor::~executor() {
  stop({});
  for (auto& t : threads_)
    t.join();
}

void executor::run(std::vector<execute> batch) {
  std::vector<job> jobs;
  std::vector<run_executed> refused;
  jobs.reserve(batch.size());
  for (auto& e : batch) {
    error why;
    if (const auto* task = resolve(e, why))
      jobs.push_back({std::move(e), task});
    else
      refused.push_back({e.task, e.run, {}, std::move(why), {}});
  }
  std::unique_lock lock(mutex_);
  const auto wanted = std::min<std::size_t>(jobs.size(), idle_);
  std::ranges::move(jobs, std::back_inserter(queue_));
  if (!refused.empty()) report(std::move(refused), lock);
  lock.unlock();
  for (std::size_t i = 0; i < wanted; ++i)
    changed_.notify_one();
}

const known_task* executor::resolve(const execute& e, error& why) {
  if (e.spec && e.spec == last_spec_) return last_task_;
  const std::string name = e.spec ? e.spec->function : "";
  why = {errc::unknown_task, "", "", name, settings_.worker};
  const auto* task = tasks_.find(name);
  if (!task) {
    why.message = "this worker does not know the task '" + name + "'";
  } else if (task->signature != e.spec->signature) {
    why.message = "the task '" + name + "' is " + task->signature + " here, and was called as " +
                  e.spec->signature + "; build client and worker from the same sources";
    task = nullptr;
  } else {
    last_spec_ = e.spec;
    last_task_ = task;
  }
  return task;
}

void executor::skip(run_id run) {
  std::unique_lock lock(mutex_);
  auto at = std::ranges::find(queue_, run, [](const job& j) { return j.what.run; });
  if (at == queue_.end()) return;
  run_executed skipped{at->what.task, run, {}, {errc::cancelled, "cancelled before it ran"}, {}};
  queue_.erase(at);
  report({std::move(skipped)}, lock);
}

void executor::take(std::vector<run_executed>& done) {
  done.clear();
  std::lock_guard lock(mutex_);
  done.swap(done_);
}

bool executor::stop(std::chrono::nanoseconds grace) {
  std::deque<job> forgotten;
  std::unique_lock lock(mutex_);
  closed_ = true;
  forgotten.swap(queue_);
  changed_.notify_all();
  return quiet_.wait_for(lock, grace, [this] { return busy_ == 0; });
}

void executor::report(std::vector<run_executed> more, std::unique_lock<std::mutex>& lock) {
  const bool first = done_.empty();
  std::ranges::move(more, std::back_inserter(done_));
  if (!first) return;
  lock.unlock();
  settings_.wake();
  lock.lock();
}

executor::run_executed executor::call(const job& j) const {
  const auto& e = j.what;
  run_executed done{e.task, e.run, {}, {}, {}};
  const auto start = clock::now();
  try {
    done.content = j.task->run(e.arguments, e.inputs);
  } catch (const std::exception& thrown) {
    done.why = {errc::task_failed, thrown.what(), readable(typeid(thrown).name())};
  } catch (...) {
    const auto* type = abi::__cxa_current_exception_type();
    done.why = {errc::task_failed, "unknown exception", type ? readable(type->name()) : ""};
  }
  done.duration = clock::now() - start;
  if (done.why.code != errc::ok) {
    done.why.task = e.spec->function;
    done.why.worker = settings_.worker;
  }
  return done;
}

void executor::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    --idle_;
    if (closed_) return;
    std::optional<job> next(std::move(queue_.front()));
    queue_.pop_front();
    ++busy_;
    lock.unlock();
    auto done = call(*next);
    next.reset();  // Frees arguments and inputs before anybody hears of the end, and unlocked.
    lock.lock();
    --busy_;
    const bool first = done_.empty();
    done_.push_back(std::move(done));
    if (closed_) quiet_.notify_all();
    if (!first) continue;
    lock.unlock();
    settings_.wake();
    lock.lock();
  }
}

}  // namespace troupe
