#include "actors/client/connection.hpp"

#include <utility>

#include "actors/runtime/host.hpp"
#include "actors/worker/task_here.hpp"

namespace troupe::detail {

namespace {

constexpr std::chrono::seconds answer_timeout{5};

}  // namespace

client_connection::client_connection(connection_settings s)
    : settings_(std::move(s)),
      ahead_(std::make_shared<credit>(settings_.ahead_max)),
      display_(make_progress_display(settings_.progress, [this] { return measure(); })) {}

client_connection::~client_connection() = default;

void client_connection::open(caf::actor actor, std::unique_ptr<runtime::node> owned,
                             std::chrono::nanoseconds timeout) {
  node_ = std::move(owned);
  {
    const std::lock_guard lock(calls_mutex_);
    if (!shut_) actor_ = std::move(actor);
  }
  std::unique_lock lock(waits_mutex_);
  const auto answered = [this] { return welcomed_ || ended_; };
  const bool in_time = changed_.wait_for(lock, timeout, answered);
  if (welcomed_ && !ended_) return;
  lock.unlock();
  close();
  if (!in_time)
    throw exception({errc::timeout, "the scheduler at " + settings_.address +
                                        " took the connection but did not answer; is it a troupe "
                                        "scheduler, and not overloaded?"});
  throw exception(*shut_);
}

void client_connection::close() {
  caf::actor actor;
  {
    const std::lock_guard lock(calls_mutex_);
    actor = actor_;
  }
  if (actor) runtime::stop(actor);
  actor = nullptr;
  {
    std::unique_lock lock(waits_mutex_);
    changed_.wait(lock, [this] { return ended_; });
  }
  callbacks_.finish();
  node_.reset();
}

// --- Calls --------------------------------------------------------------------------------------

const submit_options* client_connection::intern(const submit_options& wanted) {
  const std::lock_guard lock(calls_mutex_);
  for (const auto& known : options_)
    if (*known == wanted) return known.get();
  options_.push_back(std::make_unique<const submit_options>(wanted));
  return options_.back().get();
}

spec_ptr client_connection::spec_of(std::string_view function, std::string (*signature)(),
                                    const submit_options* options) {
  auto& spec = specs_[{function.data(), signature, options}];
  // A name that was built at run time may lie where another one lay before.
  if (spec && spec->function == function) return spec;
  spec = std::make_shared<const task_spec>(task_spec{
      std::string(function), signature(), options->priority, options->retries, options->resources,
      options->timeout, std::max(options->retry_delay, std::chrono::nanoseconds{}),
      options->retry_on, options->workers, options->allow_other_workers});
  return spec;
}

future_state* client_connection::submit(std::string_view function, std::string (*signature)(),
                                        const submit_options* options, value arguments,
                                        std::vector<task_id> inputs) {
  if (settings_.encode && arguments.size() > settings_.arguments_max)
    throw exception({errc::bad_argument,
                     "the arguments of task '" + std::string(function) + "' take " +
                         std::to_string(arguments.size()) + " bytes, and at most " +
                         std::to_string(settings_.arguments_max) +
                         " can be sent with a task; scatter() large values and pass the futures"});
  posted call{posted::kind::submitted, nullptr, nullptr, std::move(arguments), std::move(inputs)};
  return post_new(std::move(call), [&] { return spec_of(function, signature, options); });
}

future_state* client_connection::scatter(value content) {
  return post_new({posted::kind::scattered, nullptr, nullptr, std::move(content), {}},
                  [] { return spec_ptr(); });
}

template <class Spec>
future_state* client_connection::post_new(posted call, Spec spec) {
  if (call.what == posted::kind::submitted) ahead_->spend(cost_of(call));
  auto made = std::make_unique<future_state>();
  auto* const state = made.get();
  state->home = shared_from_this();
  call.state = state;
  std::unique_lock lock(calls_mutex_);
  state->task = make_task_id(me_, next_number_++);
  call.spec = spec();
  post(std::move(lock), std::move(call));
  return made.release();
}

void client_connection::want(future_state& s) {
  if ((s.flags.fetch_or(future_state::wanted) & future_state::wanted) != 0) return;
  post(std::unique_lock(calls_mutex_), {posted::kind::wanted, &s, nullptr, {}, {}});
}

void client_connection::want(std::span<future_state* const> all) {
  std::unique_lock lock(calls_mutex_);
  if (shut_) return;
  const bool first = calls_.empty() && inquiries_.empty();
  for (auto* s : all)
    if ((s->flags.fetch_or(future_state::wanted) & future_state::wanted) == 0)
      calls_.push_back({posted::kind::wanted, s, nullptr, {}, {}});
  const auto actor = first && !calls_.empty() ? actor_ : nullptr;
  lock.unlock();
  if (actor) runtime::wake(actor);
}

void client_connection::cancel(future_state& s) {
  post(std::unique_lock(calls_mutex_), {posted::kind::cancelled, &s, nullptr, {}, {}});
}

void client_connection::kill(future_state& s) {
  post(std::unique_lock(calls_mutex_), {posted::kind::killed, &s, nullptr, {}, {}});
}

void client_connection::drop(future_state& s) {
  // The state may be the last that keeps this connection in memory.
  const auto self = s.home;
  post(std::unique_lock(calls_mutex_), {posted::kind::dropped, &s, nullptr, {}, {}});
}

void client_connection::post(std::unique_lock<std::mutex> lock, posted call) {
  if (shut_) {
    const error why{errc::scheduler_lost, shut_->message};
    lock.unlock();
    return refuse(call, why);
  }
  const bool first = calls_.empty() && inquiries_.empty();
  calls_.push_back(std::move(call));
  if (!first) return;  // The actor is on its way.
  const auto actor = actor_;
  lock.unlock();
  runtime::wake(actor);
}

void client_connection::refuse(const posted& call, const error& why) {
  if (call.what == posted::kind::dropped) {
    delete call.state;
  } else if (call.what == posted::kind::submitted || call.what == posted::kind::scattered) {
    call.state->why = std::make_unique<const error>(why);
    finish(*call.state, future_state::ready | future_state::failed);
  }
}

result<cluster_snapshot> client_connection::inspect() {
  const auto answer = ask_for<snapshot_reply>(inspect_cluster{});
  if (!answer) return answer.error();
  return *answer->shown;
}

result<client_reply> client_connection::ask(client_message what) {
  inquiry asked{std::move(what), {}};
  auto answer = asked.answer.get_future();
  {
    std::unique_lock lock(calls_mutex_);
    if (shut_) return *shut_;
    const bool first = calls_.empty() && inquiries_.empty();
    inquiries_.push_back(std::move(asked));
    const auto actor = actor_;
    lock.unlock();
    if (first) runtime::wake(actor);
  }
  if (answer.wait_for(answer_timeout) != std::future_status::ready)
    return error{errc::timeout, "the scheduler does not answer"};
  return answer.get();
}

// --- Waiting ------------------------------------------------------------------------------------

bool client_connection::wait(const future_state& s, std::uint8_t flags, wait_scope& scope,
                             std::optional<clock::time_point> deadline) {
  if (s.is(flags)) return true;
  std::unique_lock lock(waits_mutex_);
  return wait_on(changed_, lock, scope, deadline, [&] { return s.is(flags); });
}

bool client_connection::wait_on(std::condition_variable& changed,
                                std::unique_lock<std::mutex>& lock, wait_scope& scope,
                                std::optional<clock::time_point> deadline,
                                const std::function<bool()>& over) {
  const task_pause pause;
  const auto wait_out = [&] {
    if (deadline) return changed.wait_until(lock, *deadline, over);
    changed.wait(lock, over);
    return true;
  };
  if (!display_ || scope.shown()) return wait_out();
  const auto show_at = scope.since() + display_->patience();
  if (deadline && *deadline <= show_at) return wait_out();
  if (changed.wait_until(lock, show_at, over)) return true;
  // Not under the lock: a terminal may block, and the actor must not.
  lock.unlock();
  scope.show(*display_);
  lock.lock();
  return wait_out();
}

void client_connection::listen(future_state& s, std::unique_ptr<listener> who) {
  const std::lock_guard lock(waits_mutex_);
  who->next_ = std::move(s.listeners);
  s.listeners = std::move(who);
  const auto before = s.flags.fetch_or(future_state::listened);
  // It was ready, or became so before it said that somebody listens: nobody else will call.
  if ((before & future_state::ready) != 0) tell_listeners(s);
}

/// Under waits_mutex_.
void client_connection::tell_listeners(future_state& s) {
  for (auto next = std::move(s.listeners); next; next = std::move(next->next_))
    next->ready();
}

void client_connection::call_later(std::function<void()> f) {
  callbacks_.call(std::move(f));
}

progress_state client_connection::measure() {
  const std::lock_guard lock(counts_mutex_);
  return {.total = counts_.submitted - quiet_.submitted,
          .finished = counts_.finished - quiet_.finished,
          .failed = counts_.failed - quiet_.failed,
          .elapsed = clock::now() - quiet_until_};
}

// --- The actor's side ---------------------------------------------------------------------------

void client_connection::welcome(client_id me) {
  {
    const std::lock_guard lock(calls_mutex_);
    me_ = me;
  }
  const std::lock_guard lock(waits_mutex_);
  welcomed_ = true;
  changed_.notify_all();
}

void client_connection::take(std::vector<posted>& calls, std::vector<inquiry>& inquiries) {
  const std::lock_guard lock(calls_mutex_);
  std::swap(calls, calls_);
  std::swap(inquiries, inquiries_);
}

void client_connection::finish(future_state& s, std::uint8_t flags) {
  const auto before = s.flags.fetch_or(flags, std::memory_order_acq_rel);
  if ((before & future_state::ready) != 0 || (before & future_state::listened) == 0) return;
  const std::lock_guard lock(waits_mutex_);
  tell_listeners(s);
}

void client_connection::announce(const core::client::counts& counts) {
  {
    const std::lock_guard lock(counts_mutex_);
    // Progress is about what has been submitted since all was finished.
    if (counts_.submitted == counts_.finished && counts.submitted != counts_.submitted) {
      quiet_ = counts_;
      quiet_until_ = clock::now();
    }
    counts_ = counts;
  }
  // Locked, so that nobody looks before and sleeps after.
  const std::lock_guard lock(waits_mutex_);
  changed_.notify_all();
}

void client_connection::shut(const error& why, std::vector<posted>& calls,
                             std::vector<inquiry>& inquiries) {
  ahead_->close();
  const std::lock_guard lock(calls_mutex_);
  shut_ = why;
  actor_ = nullptr;
  std::swap(calls, calls_);
  std::swap(inquiries, inquiries_);
}

void client_connection::ended() {
  const std::lock_guard lock(waits_mutex_);
  ended_ = true;
  changed_.notify_all();
}

}  // namespace troupe::detail
