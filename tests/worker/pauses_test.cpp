#include <chrono>
#include <vector>

#include <doctest/doctest.h>

#include "actors/worker/core/worker.hpp"

using namespace troupe;
using namespace troupe::core::working;
using namespace std::chrono_literals;

namespace {

using effects = std::vector<effect>;

constexpr task_id x{1}, y{2}, z{3};

/// A worker with one thread, and a clock.
struct fixture {
  core::worker w{{.threads = 1, .ahead = 1ms}};
  core::time_point now{std::chrono::hours(1)};

  effects after(event e) {
    effects out;
    w.handle(std::move(e), now, out);
    w.check_invariants();
    return out;
  }

  effects run(task_id task, std::uint64_t id, std::chrono::nanoseconds timeout = {}) {
    auto spec = std::make_shared<const task_spec>(task_spec{"f", "()", 0, 0, {}, timeout});
    return after(scheduler_said{run_task{task, {id}, spec, {}, {}}});
  }

  effects cancel(task_id task, std::uint64_t id, bool kill) {
    return after(scheduler_said{cancel_run{task, {id}, kill}});
  }

  effects finish(task_id task, std::uint64_t id, std::chrono::nanoseconds took = 1ms) {
    return after(run_executed{task, {id}, {}, {}, took});
  }
};

effect go(task_id task, std::uint64_t id) {
  return execute{task, {id}, nullptr, {}, {}, {}};
}

effect told(worker_message m) {
  return tell_scheduler{std::move(m)};
}

effect done(task_id task, std::uint64_t id, std::chrono::nanoseconds took = 1ms) {
  return told(run_finished{task, {id}, 0, took, true, {}});
}

}  // namespace

TEST_CASE("a run that is over its timeout fails at once, and its thread is free when it returns") {
  fixture f;
  CHECK(f.run(x, 1, 5s) == effects{go(x, 1)});
  CHECK(f.run(y, 2).empty());
  CHECK(f.w.deadline() == f.now + 5s);
  f.now += 5s;
  const error why{errc::timeout, "it ran longer than its timeout of 5000 ms"};
  CHECK(f.after(clock_ticked{}) == effects{told(run_failed{x, {1}, why}), skip_execution{{1}}});
  CHECK_FALSE(f.w.deadline());
  CHECK(f.finish(x, 1) == effects{go(y, 2)});
}

TEST_CASE("a run that ends in time, or is cancelled, has no time to end any more") {
  fixture f;
  f.run(x, 1, 5s);
  f.finish(x, 1);
  CHECK_FALSE(f.w.deadline());
  f.run(y, 2, 5s);
  f.cancel(y, 2, false);
  CHECK_FALSE(f.w.deadline());
  f.now += 10s;
  CHECK(f.after(clock_ticked{}).empty());
}

TEST_CASE("a run with a timeout does not wait in the executor, where its time would go by") {
  fixture f;
  f.run(x, 1);
  f.finish(x, 1, 1us);  // Functions are short: the next ones are handed out ahead.
  CHECK(f.run(x, 2) == effects{go(x, 2)});
  CHECK(f.run(y, 3) == effects{go(y, 3)});
  CHECK(f.run(z, 4, 5s).empty());
  CHECK(f.finish(x, 2, 1us) == effects{done(x, 2, 1us)});
  CHECK(f.finish(y, 3, 1us) == effects{done(y, 3, 1us), go(z, 4)});
}

TEST_CASE("killing a run ends the process only if the function runs") {
  fixture f;
  f.run(x, 1);
  f.run(y, 2);
  CHECK(f.cancel(y, 2, true).empty());
  CHECK(f.cancel(x, 1, true) == effects{skip_execution{{1}}, kill_process{x, {1}}});
  CHECK(f.cancel(z, 3, true).empty());
}

TEST_CASE("while a run is away another one executes, and the scheduler is told") {
  fixture f;
  f.run(x, 1);
  CHECK(f.run(y, 2).empty());
  CHECK(f.after(run_away{x, {1}}) == effects{told(run_seceded{x, {1}}), go(y, 2)});
  CHECK(f.after(run_away{x, {1}}).empty());
  CHECK(f.run(z, 3).empty());
  CHECK(f.after(run_back{x, {1}}) == effects{told(run_rejoined{x, {1}})});
  CHECK(f.finish(y, 2) == effects{done(y, 2)});
  CHECK(f.finish(x, 1) == effects{done(x, 1), go(z, 3)});
}

TEST_CASE("a run may end while it is away, and pauses of runs that are over are ignored") {
  fixture f;
  f.run(x, 1);
  f.after(run_away{x, {1}});
  CHECK(f.finish(x, 1) == effects{done(x, 1)});
  CHECK(f.run(y, 2) == effects{go(y, 2)});
  CHECK(f.run(z, 3).empty());
  CHECK(f.after(run_away{x, {1}}).empty());
  CHECK(f.after(run_back{x, {1}}).empty());
}

TEST_CASE("a cancelled run that goes away makes room, and nobody is told") {
  fixture f;
  f.run(x, 1);
  f.cancel(x, 1, false);
  f.run(y, 2);
  CHECK(f.after(run_away{x, {1}}) == effects{go(y, 2)});
  CHECK(f.after(run_back{x, {1}}).empty());
}

TEST_CASE("a function that was interrupted because the worker ends is not reported") {
  fixture f;
  f.run(x, 1);
  f.after(scheduler_said{stop_worker{}});
  CHECK(f.after(run_executed{x, {1}, {}, {errc::cancelled, "the worker ends"}, 1ms}) ==
        effects{end_worker{}});
}

TEST_CASE("a worker that wants to leave says so, takes nothing new, and goes when it may") {
  fixture f;
  f.run(x, 1);
  f.run(y, 2);
  CHECK(f.after(leave_wanted{}) ==
        effects{told(worker_changed{worker_state::leaving}), told(run_returned{y, {2}})});
  CHECK(f.after(leave_wanted{}).empty());
  CHECK(f.run(z, 3) == effects{told(run_returned{z, {3}})});
  CHECK(f.finish(x, 1) == effects{done(x, 1)});
  CHECK(f.after(result_asked{7, x}) == effects{answer{7, result_value{x, {}}}});
  CHECK(f.after(scheduler_said{stop_worker{}}) == effects{end_worker{}});
}

TEST_CASE("a worker that was to leave before its first welcome says so after it") {
  fixture f;
  f.after(leave_wanted{});
  CHECK(f.after(scheduler_said{welcome_worker{{1}}}) ==
        effects{told(worker_changed{worker_state::leaving}), told(registered{})});
}

TEST_CASE("a run that is asked for is returned if it has not started") {
  fixture f;
  f.run(x, 1);
  f.run(y, 2);
  const auto ask = [&](task_id task, std::uint64_t run) {
    return f.after(scheduler_said{return_run{task, {run}}});
  };
  CHECK(ask(x, 1).empty());
  CHECK(ask(y, 7).empty());
  CHECK(ask(y, 2) == effects{told(run_returned{y, {2}})});
  CHECK(ask(y, 2).empty());
  CHECK(f.finish(x, 1) == effects{done(x, 1)});
  CHECK(ask(x, 1).empty());
}

TEST_CASE("a copy that was to come from a run here is forgotten with the run") {
  fixture f;
  constexpr worker_id alice{2};
  f.after(scheduler_said{welcome_worker{{1}}});
  f.after(scheduler_said{introduce_worker{alice, "alice", "local://1"}});
  f.run(y, 1);
  f.after(scheduler_said{replicate_results{{{x, 8, {alice}}}}});
  f.run(x, 2);
  CHECK(f.after(peer_lost{alice}).empty());
  CHECK(f.cancel(x, 2, false).empty());
  CHECK(f.w.inspect().fetches == 0);
}

TEST_CASE("a worker that is told to leave does as one that wants to, within a time") {
  fixture f;
  f.run(x, 1);
  const auto out = f.after(scheduler_said{leave_cluster{}});
  CHECK(out == effects{told(worker_changed{worker_state::leaving}), limit_leaving{}});
  CHECK(f.after(scheduler_said{leave_cluster{}}).empty());
  CHECK(f.run(z, 3) == effects{told(run_returned{z, {3}})});
  CHECK(f.finish(x, 1) == effects{done(x, 1)});
  CHECK(f.after(scheduler_said{stop_worker{}}) == effects{end_worker{}});
}

TEST_CASE("results of a worker that leaves are fetched and kept, and nobody need want them here") {
  fixture f;
  constexpr worker_id alice{2}, bob{3};
  f.after(scheduler_said{welcome_worker{{1}}});
  f.after(scheduler_said{introduce_worker{alice, "alice", "local://1"}});
  const auto order = [&](std::vector<input_location> what) {
    return f.after(scheduler_said{replicate_results{std::move(what)}});
  };
  CHECK(order({{x, 8, {alice}}, {y, 8, {alice}}, {z, 8, {bob}}}) ==
        effects{know_peer{alice, "local://1"}, fetch_from{alice, x}, fetch_from{alice, y}});
  const value content(bytes::copy("x's value"));
  CHECK(f.after(value_received{alice, x, content}) == effects{told(result_added{x, 9})});
  CHECK(order({{x, 9, {alice}}}) == effects{told(result_added{x, 9})});
  CHECK(f.after(scheduler_said{drop_result{y}}).empty());
  CHECK(f.after(value_received{alice, y, content}).empty());
  CHECK(order({{y, 8, {alice}}}).size() == 1);
  CHECK(f.after(peer_lost{alice}).empty());
  CHECK(f.w.inspect().fetches == 0);
}
