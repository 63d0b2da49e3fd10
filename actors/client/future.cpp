#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <troupe/future_handle.hpp>

#include "actors/client/connection.hpp"
#include "actors/client/future_state.hpp"

namespace troupe::detail {

namespace {

/// The value is here, or there will be none.
constexpr std::uint8_t settled = future_state::here | future_state::failed;

/// Nothing if that is later than a clock can say: then it is never.
std::optional<clock::time_point> after(clock::time_point now, std::chrono::nanoseconds timeout) {
  if (timeout > clock::time_point::max() - now) return {};
  return now + timeout;
}

class callback final : public listener {
public:
  callback(client_connection& home, std::function<void()> f) : home_(home), f_(std::move(f)) {}

  void ready() override { home_.call_later(std::move(f_)); }

private:
  client_connection& home_;
  std::function<void()> f_;
};

}  // namespace

future_handle::future_handle(const future_handle& other) noexcept : state_(other.state_) {
  if (state_) state_->shares.fetch_add(1, std::memory_order_relaxed);
}

future_handle::~future_handle() {
  if (state_ && state_->shares.fetch_sub(1, std::memory_order_acq_rel) == 1)
    state_->home->drop(*state_);
}

future_state& future_handle::state() const {
  if (!state_)
    throw exception({errc::bad_argument,
                     "this future is of no task: it was moved from, or never "
                     "assigned what submit() or scatter() returned"});
  return *state_;
}

task_id future_handle::id() const noexcept {
  return state_ ? state_->task : task_id{};
}

bool future_handle::ready() const noexcept {
  return state_ && state_->is(future_state::ready);
}

void future_handle::wait() const {
  auto& s = state();
  if (s.is(future_state::ready)) return;
  wait_scope scope;
  s.home->wait(s, future_state::ready, scope);
}

bool future_handle::wait_for(std::chrono::nanoseconds timeout) const {
  auto& s = state();
  if (s.is(future_state::ready)) return true;
  wait_scope scope;
  return s.home->wait(s, future_state::ready, scope, after(scope.since(), timeout));
}

result<value> future_handle::content() const {
  auto& s = state();
  if (!s.is(settled)) {
    s.home->want(s);
    wait_scope scope;
    s.home->wait(s, settled, scope);
  }
  if (s.is(future_state::here)) return s.content;
  return *s.why;
}

result<void> future_handle::outcome() const {
  wait();
  if (state_->is(future_state::failed)) return *state_->why;
  return {};
}

void future_handle::cancel() const {
  auto& s = state();
  if (!s.is(future_state::ready)) s.home->cancel(s);
}

std::string future_handle::why() const {
  auto& s = state();
  const auto told = s.home->ask_for<task_story>(explain_task{s.task});
  if (!told) return told.error().message;
  return told->state + (told->reason.empty() ? "" : ": " + told->reason);
}

void future_handle::detach() const {
  auto& s = state();
  if (!s.is(future_state::ready)) s.home->ask(detach_task{s.task}).value();
}

void future_handle::kill() const {
  auto& s = state();
  if (!s.is(future_state::ready)) s.home->kill(s);
}

void future_handle::on_ready(std::function<void()> f) const {
  auto& s = state();
  s.home->listen(s, std::make_unique<callback>(*s.home, std::move(f)));
}

void fetch_all(std::span<const future_handle* const> all) {
  std::vector<future_state*> wanted;
  const auto ask = [&wanted] {
    if (!wanted.empty()) wanted.front()->home->want(wanted);
    wanted.clear();
  };
  for (const auto* f : all) {
    auto& s = f->state();
    if (s.is(settled)) continue;
    if (!wanted.empty() && wanted.front()->home != s.home) ask();
    wanted.push_back(&s);
  }
  ask();
  wait_scope scope;
  for (const auto* f : all) {
    f->state_->home->wait(*f->state_, settled, scope);
    if (f->state_->is(future_state::failed)) return;
  }
}

bool wait_all(std::span<const future_handle* const> all,
              std::optional<std::chrono::nanoseconds> timeout) {
  wait_scope scope;
  const auto deadline = timeout ? after(scope.since(), *timeout) : std::nullopt;
  for (const auto* f : all) {
    auto& s = f->state();
    if (!s.home->wait(s, future_state::ready, scope, deadline)) return false;
  }
  return true;
}

// --- The order of completion --------------------------------------------------------------------

struct completion_queue::shared {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::size_t> ready;
  std::shared_ptr<client_connection> home;  ///< Of the first; it shows progress for all.
  clock::time_point since = clock::now();
};

namespace {

template <class Shared>
class queue_entry final : public listener {
public:
  queue_entry(std::shared_ptr<Shared> queue, std::size_t index)
      : queue_(std::move(queue)), index_(index) {}

  void ready() override {
    {
      const std::lock_guard lock(queue_->mutex);
      queue_->ready.push_back(index_);
    }
    queue_->changed.notify_one();
  }

private:
  std::shared_ptr<Shared> queue_;
  std::size_t index_;
};

}  // namespace

completion_queue::completion_queue(std::span<const future_handle* const> futures)
    : shared_(std::make_shared<shared>()), left_(futures.size()) {
  std::size_t index = 0;
  for (const auto* f : futures) {
    auto& s = f->state();
    if (!shared_->home) shared_->home = s.home;
    s.home->listen(s, std::make_unique<queue_entry<shared>>(shared_, index++));
  }
}

completion_queue::~completion_queue() = default;

std::optional<std::size_t> completion_queue::next() {
  if (left_ == 0) return {};
  --left_;
  auto& queue = *shared_;
  // Its end comes after that of the lock: a terminal may block.
  wait_scope scope(queue.since);
  std::unique_lock lock(queue.mutex);
  const auto some = [&queue] { return !queue.ready.empty(); };
  if (!some()) queue.home->wait_on(queue.changed, lock, scope, {}, some);
  const auto index = queue.ready.front();
  queue.ready.pop_front();
  return index;
}

}  // namespace troupe::detail
