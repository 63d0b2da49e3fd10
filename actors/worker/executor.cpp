#include "actors/worker/executor.hpp"

#include <algorithm>
#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <typeinfo>
#include <utility>

#include "actors/worker/task_here.hpp"

namespace troupe {

namespace {

using clock = std::chrono::steady_clock;
using core::working::awaited_input;

/// While the next run begins at once, the end of one is reported so much later, together with those
/// that end meanwhile: to wake the actor, and by it the scheduler and the client, for each took 40
/// us of CPU beside a run of 100 us.
constexpr auto patience = std::chrono::microseconds(500);

std::string readable(const char* mangled) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  return name ? name.get() : mangled;
}

}  // namespace

/// A thread, and the run that it works on.
class executor::place final : public task_here {
public:
  explicit place(executor& home) : home_(home) {}

  // For the function.

  bool cancelled() noexcept override {
    if (cancelled_) return true;
    if (!home_.interrupted_) return false;
    half_done_ = true;
    return true;
  }

  bool away() const noexcept override { return away_; }

  void secede() override { change(true); }

  void rejoin() override { change(false); }

  client connect() override {
    constexpr auto highest = std::numeric_limits<std::int32_t>::max();
    return home_.settings_.connect().with(
        {.priority = priority_ < highest ? priority_ + 1 : highest});
  }

  // For the executor, under its lock.

  void begin(const execute& e) {
    task_ = e.task;
    run_ = e.run;
    priority_ = e.spec->priority;
    cancelled_ = false;
    half_done_ = false;
  }

  void end() {
    run_ = {};
    if (std::exchange(away_, false)) --home_.away_;
  }

  bool runs(run_id run) const { return run_ == run; }

  void cancel() { cancelled_ = true; }

  // For its own thread.

  run_executed call(const execute& e, const known_task* task) {
    set_here(this);
    auto done = home_.call(e, task);
    set_here(nullptr);
    if (half_done_) done = {e.task, e.run, {}, {errc::cancelled, "the worker ends"}, done.duration};
    return done;
  }

  std::thread thread;
  bool over = false;  ///< The thread ends without the lock.

private:
  void change(bool away) {
    std::unique_lock lock(home_.mutex_);
    away_ = away;
    if (away) {
      ++home_.away_;
      home_.reports_.pauses.emplace_back(core::working::run_away{task_, run_});
      home_.add_thread_if_needed();
      home_.changed_.notify_one();
    } else {
      --home_.away_;
      home_.reports_.pauses.emplace_back(core::working::run_back{task_, run_});
    }
    home_.report(lock);
  }

  executor& home_;
  task_id task_;
  run_id run_;
  std::int32_t priority_ = 0;
  std::atomic<bool> cancelled_ = false;
  bool half_done_ = false;
  bool away_ = false;
};

executor::executor(const task_table& tasks, settings s) : tasks_(tasks), settings_(std::move(s)) {
  const std::lock_guard lock(mutex_);
  for (std::uint32_t i = 0; i < settings_.threads; ++i)
    add_thread();
}

executor::~executor() {
  stop({});
  for (auto& p : places_)
    p.thread.join();
}

void executor::run(std::vector<execute> batch) {
  std::vector<const known_task*> tasks;
  std::vector<error> refused;
  tasks.reserve(batch.size());
  for (const auto& e : batch) {
    error why;
    tasks.push_back(resolve(e, why));
    if (!tasks.back()) refused.push_back(std::move(why));
  }
  std::size_t ready = 0;
  auto next_refused = refused.begin();
  std::unique_lock lock(mutex_);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (tasks[i])
      ready += enqueue(std::move(batch[i]), tasks[i]);
    else
      reports_.done.push_back({batch[i].task, batch[i].run, {}, std::move(*next_refused++), {}});
  }
  const auto wanted = std::min<std::size_t>(ready, idle_);
  add_thread_if_needed();
  report(lock);
  lock.unlock();
  for (std::size_t i = 0; i < wanted; ++i)
    changed_.notify_one();
}

/// False if it has to wait for an input.
bool executor::enqueue(execute&& what, const known_task* task) {
  const auto slot = jobs_.add();
  auto& j = jobs_[slot];
  j.what = std::move(what);
  j.task = task;
  job_of_.put(j.what.run, slot);
  for (const auto& a : j.what.awaits) {
    ++j.awaits;
    // If the maker is done already, its result comes by pass().
    if (const auto* maker = job_of_.find(a.maker)) jobs_[*maker].followers.push_back(j.what.run);
  }
  if (j.awaits == 0) queue_.push_back(slot);
  return j.awaits == 0;
}

/// True if the run can begin now.
bool executor::fill(const pass_input& p) {
  const auto* slot = job_of_.find(p.run);
  if (!slot) return false;  // It has run, or was skipped.
  auto& j = jobs_[*slot];
  const auto at = std::ranges::find(j.what.awaits, p.position, &awaited_input::position);
  if (at == j.what.awaits.end()) return false;
  j.what.awaits.erase(at);
  j.what.inputs[p.position] = p.content;
  if (--j.awaits > 0) return false;
  queue_.push_front(*slot);
  return true;
}

void executor::pass(std::vector<pass_input> inputs) {
  std::size_t ready = 0;
  std::unique_lock lock(mutex_);
  for (const auto& p : inputs)
    ready += fill(p);
  const auto wanted = std::min<std::size_t>(ready, idle_);
  add_thread_if_needed();
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
  for (auto& p : places_)
    if (p.runs(run)) return p.cancel();
  cancel(run, "cancelled before it ran");
  report(lock);
}

/// Unless it has begun; and all that await its result.
void executor::cancel(run_id first, const char* why) {
  std::vector<run_id> work{first};
  while (!work.empty()) {
    const auto run = work.back();
    work.pop_back();
    const auto* found = job_of_.find(run);
    if (!found || !jobs_[*found].what.run) continue;
    const auto slot = *found;
    auto& j = jobs_[slot];
    reports_.done.push_back({j.what.task, run, {}, {errc::cancelled, why}, {}});
    work.insert(work.end(), j.followers.begin(), j.followers.end());
    if (j.awaits == 0) std::erase(queue_, slot);
    job_of_.erase(run);
    jobs_.remove(slot);
  }
}

void executor::take(reports& to) {
  to.pauses.clear();
  to.done.clear();
  std::lock_guard lock(mutex_);
  to.pauses.swap(reports_.pauses);
  to.done.swap(reports_.done);
  told_ = told::nothing;
}

bool executor::stop(std::chrono::nanoseconds grace) {
  std::unique_lock lock(mutex_);
  closed_ = true;
  interrupt();
  queue_.clear();
  changed_.notify_all();
  return quiet_.wait_for(lock, grace, [this] { return busy_ == 0; });
}

/// Wakes who takes, unless it is about to come anyway.
void executor::report(std::unique_lock<std::mutex>& lock, bool can_wait) {
  if ((reports_.done.empty() && reports_.pauses.empty()) || told_ == told::now) return;
  if (!can_wait || !settings_.wake_later) {
    told_ = told::now;
    lock.unlock();
    settings_.wake();
    return lock.lock();
  }
  if (std::exchange(told_, told::later) == told::later) return;
  const auto now = clock::now();
  if (now < woken_at_) return;  // It has been told for earlier ends, and will come.
  woken_at_ = now + patience;
  lock.unlock();
  settings_.wake_later(patience);
  lock.lock();
}

executor::run_executed executor::call(const execute& e, const known_task* task) const {
  run_executed done{e.task, e.run, {}, {}, {}};
  const auto start = clock::now();
  try {
    done.content = task->run(e.arguments, e.inputs);
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

/// The result goes to those that await it, or they end with it. Says how many can begin.
std::size_t executor::hand_on(const run_executed& done, const std::vector<run_id>& followers) {
  std::size_t ready = 0;
  for (const auto run : followers) {
    if (done.why.code != errc::ok) {
      cancel(run, "an input could not be made");
      continue;
    }
    const auto* slot = job_of_.find(run);
    if (!slot) continue;
    // The same result may be several of its inputs.
    for (const auto& a : std::vector(jobs_[*slot].what.awaits))
      if (a.maker == done.run) ready += fill({run, a.position, done.content});
  }
  return ready;
}

bool executor::may_begin() const {
  return !queue_.empty() && busy_ - away_ < settings_.threads;
}

void executor::add_thread_if_needed() {
  if (closed_ || idle_ > 0 || !may_begin()) return;
  places_.remove_if([](place& p) {
    if (p.over) p.thread.join();
    return p.over;
  });
  try {
    add_thread();
  } catch (const std::system_error&) {
    // There are too many. What is queued waits for a thread that becomes free.
  }
}

void executor::add_thread() {
  auto& p = places_.emplace_back(*this);
  try {
    p.thread = std::thread([this, &p] { work(p); });
  } catch (...) {
    places_.pop_back();
    throw;
  }
  ++idle_;
}

void executor::work(place& here) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || may_begin(); });
    --idle_;
    if (closed_) return;
    const auto slot = queue_.front();
    queue_.pop_front();
    const auto* task = jobs_[slot].task;
    std::optional<execute> what(std::exchange(jobs_[slot].what, {}));
    here.begin(*what);
    ++busy_;
    lock.unlock();
    auto done = here.call(*what, task);
    what.reset();  // Frees arguments and inputs before anybody hears of the end, and unlocked.
    lock.lock();
    here.end();
    --busy_;
    const auto followers = std::move(jobs_[slot].followers);
    job_of_.erase(done.run);
    jobs_.remove(slot);
    reports_.done.push_back(std::move(done));
    // By copy: cancelling adds to what is done.
    const auto ready =
        followers.empty() ? 0 : hand_on(run_executed(reports_.done.back()), followers);
    // This thread takes the first.
    for (std::size_t i = 1; i < std::min<std::size_t>(ready, idle_ + 1); ++i)
      changed_.notify_one();
    if (closed_) quiet_.notify_all();
    // One more than needed, since another one has rejoined. Counted before the lock is given up to
    // wake: else another thread would be made for what comes meanwhile.
    const bool over = idle_ + busy_ - away_ >= settings_.threads;
    if (!over) ++idle_;
    report(lock, !over && may_begin());
    if (!over) continue;
    here.over = true;
    return changed_.notify_one();
  }
}

}  // namespace troupe
