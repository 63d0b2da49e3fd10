#include "actors/worker/core/worker.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::core::working;

namespace {

using effects = std::vector<effect>;
using holders = std::vector<worker_id>;

constexpr task_id x{1}, y{2}, z{3}, t{4}, u{5};
constexpr worker_id me{1}, alice{2}, bob{3};

value text(const std::string& s) {
  return value(bytes::copy(s));
}

const value ab = text("ab");

spec_ptr with_priority(std::int32_t priority) {
  return std::make_shared<const task_spec>(task_spec{"f", "() -> i32", priority, 0, {}});
}

/// A worker with one thread that has been told who alice and bob are.
struct fixture {
  core::worker w;
  spec_ptr plain = with_priority(0);

  explicit fixture(core::worker_limits limits = {.threads = 1, .ahead = {}}) : w(limits) {
    after(scheduler_said{welcome_worker{me, {}}});
    after(scheduler_said{introduce_worker{alice, "alice", "local://1"}});
    after(scheduler_said{introduce_worker{bob, "bob", "local://2"}});
  }

  effects after(event e) {
    effects out;
    w.handle(std::move(e), {}, out);
    w.check_invariants();
    return out;
  }

  effects order(worker_order_message m) { return after(scheduler_said{std::move(m)}); }

  effects run(task_id task, run_id id, std::vector<input_location> inputs = {}) {
    return order(run_task{task, id, plain, {}, std::move(inputs)});
  }

  effects finish(task_id task, run_id id, value content = ab,
                 std::chrono::nanoseconds duration = std::chrono::milliseconds(1)) {
    return after(run_executed{task, id, std::move(content), {}, duration});
  }
};

effect go(task_id task, run_id id, std::vector<value> inputs = {}) {
  return execute{task, id, nullptr, {}, std::move(inputs), {}};
}

effect told(worker_message m) {
  return tell_scheduler{std::move(m)};
}

effect done(task_id task, run_id id, const value& small = ab) {
  return told(run_finished{task, id, small.size(), std::chrono::milliseconds(1), true, small});
}

input_location at(task_id task, std::vector<worker_id> holders) {
  return {task, 2, std::move(holders)};
}

}  // namespace

TEST_CASE("a run without inputs executes at once, and its small result goes along") {
  fixture f;
  CHECK(f.run(x, {7}) == effects{go(x, {7})});
  CHECK(f.finish(x, {7}) == effects{done(x, {7})});
  CHECK(f.after(result_asked{4, x}) == effects{answer{4, result_value{x, ab}}});
}

TEST_CASE("a result above the limit stays until it is fetched") {
  fixture f({.threads = 1, .inline_result_max = 1, .ahead = {}});
  f.run(x, {7});
  CHECK(f.finish(x, {7}) ==
        effects{told(run_finished{x, {7}, 2, std::chrono::milliseconds(1), false, {}})});
  CHECK(f.after(result_asked{4, x}) == effects{answer{4, result_value{x, ab}}});
}

TEST_CASE("a function that throws is reported with what the executor knows, and keeps nothing") {
  fixture f;
  f.run(x, {7});
  const error why{errc::task_failed, "no such bond", "std::out_of_range"};
  CHECK(f.after(run_executed{x, {7}, {}, why, {}}) == effects{told(run_failed{x, {7}, why})});
  CHECK(f.after(result_asked{4, x}) == effects{answer{4, result_absent{x}}});
  CHECK(f.w.inspect().runs_failed == 1);
}

TEST_CASE("no more runs execute than there are threads") {
  fixture f({.threads = 2, .ahead = {}});
  CHECK(f.run(x, {1}) == effects{go(x, {1})});
  CHECK(f.run(y, {2}) == effects{go(y, {2})});
  CHECK(f.run(z, {3}).empty());
  CHECK(f.w.inspect().runs_ready == 1);
  CHECK(f.finish(x, {1}) == effects{done(x, {1}), go(z, {3})});
}

TEST_CASE("ready runs go by priority, then in the order in which they came") {
  fixture f;
  f.run(x, {1});
  f.run(y, {2});
  f.run(z, {3});
  f.plain = with_priority(5);
  f.run(t, {4});
  f.plain = with_priority(-5);
  f.run(u, {5});
  CHECK(f.finish(x, {1}) == effects{done(x, {1}), go(t, {4})});
  CHECK(f.finish(t, {4}) == effects{done(t, {4}), go(y, {2})});
  CHECK(f.finish(y, {2}) == effects{done(y, {2}), go(z, {3})});
  CHECK(f.finish(z, {3}) == effects{done(z, {3}), go(u, {5})});
}

TEST_CASE("short functions queue in the executor, and long ones stop that at once") {
  fixture f({.threads = 1, .ahead = std::chrono::microseconds(10), .ahead_max = 2});
  for (std::uint64_t i = 1; i <= 6; ++i)
    f.run({i}, {i});
  CHECK(f.w.inspect().runs_executing == 1);
  f.finish({1}, {1}, ab, std::chrono::nanoseconds(100));
  CHECK(f.w.inspect().runs_executing == 3);
  f.finish({2}, {2}, ab, std::chrono::seconds(1));
  CHECK(f.w.inspect().runs_executing == 2);
  CHECK(f.finish({3}, {3}, ab, std::chrono::nanoseconds(100)).size() == 1);
}

TEST_CASE("a missing input is fetched from its first holder, kept, and told") {
  fixture f;
  CHECK(f.run(y, {7}, {at(x, {alice, bob})}) ==
        effects{know_peer{alice, "local://1"}, fetch_from{alice, x}});
  CHECK(f.w.inspect().runs_waiting == 1);
  CHECK(f.after(value_received{alice, x, ab}) ==
        effects{told(result_added{x, 2}), go(y, {7}, {ab})});
  CHECK(f.after(result_asked{4, x}) == effects{answer{4, result_value{x, ab}}});
}

TEST_CASE("an input is fetched once, however many runs wait for it") {
  fixture f({.threads = 2, .ahead = {}});
  CHECK(f.run(y, {7}, {at(x, {alice})}).size() == 2);
  CHECK(f.run(z, {8}, {at(x, {bob})}).empty());
  CHECK(f.w.inspect().fetches == 1);
  CHECK(f.after(value_received{alice, x, ab}) ==
        effects{told(result_added{x, 2}), go(y, {7}, {ab}), go(z, {8}, {ab})});
}

TEST_CASE("one input in two places of a run fills both") {
  fixture f;
  f.run(y, {7}, {at(x, {alice}), at(x, {alice})});
  CHECK(f.after(value_received{alice, x, ab}) ==
        effects{told(result_added{x, 2}), go(y, {7}, {ab, ab})});
}

TEST_CASE("a peer is named to the shell once") {
  fixture f;
  CHECK(f.run(y, {7}, {at(x, {alice})}).size() == 2);
  CHECK(f.run(z, {8}, {at(t, {alice})}) == effects{fetch_from{alice, t}});
}

TEST_CASE("the next holder is asked if one has not got it or is lost") {
  fixture f;
  f.run(y, {7}, {at(x, {alice, bob})});
  SUBCASE("absent") {
    CHECK(f.after(value_absent{alice, x}) ==
          effects{know_peer{bob, "local://2"}, fetch_from{bob, x}});
  }
  SUBCASE("lost") {
    CHECK(f.after(peer_lost{alice}) == effects{know_peer{bob, "local://2"}, fetch_from{bob, x}});
  }
  CHECK(f.after(value_received{bob, x, ab}) == effects{told(result_added{x, 2}), go(y, {7}, {ab})});
}

TEST_CASE("large inputs come a few at a time from each peer, and small ones at once") {
  fixture f({.threads = 1, .ahead = {}, .fetch_peer_max = 250, .fetch_small = 10});
  const auto large = [](task_id task) { return input_location{task, 100, {alice}}; };
  CHECK(f.run(y, {7}, {large({11}), large({12}), large({13}), at(x, {alice}), large({14})}) ==
        effects{know_peer{alice, "local://1"}, fetch_from{alice, x}, fetch_from{alice, {11}},
                fetch_from{alice, {12}}});
  SUBCASE("as one has come, the next is asked for") {
    CHECK(f.after(value_received{alice, {12}, ab}) ==
          effects{told(result_added{{12}, 2}), fetch_from{alice, {13}}});
    CHECK(f.after(value_received{alice, x, ab}) == effects{told(result_added{x, 2})});
  }
  SUBCASE("what nobody needs any more loses its turn") {
    CHECK(f.order(cancel_run{y, {7}}).empty());
    CHECK(f.run(z, {8}, {large({14})}) == effects{fetch_from{alice, {14}}});
  }
  SUBCASE("if the peer is lost, nothing more is asked of it") {
    CHECK(f.after(peer_lost{alice}).size() == 1);
    CHECK(f.w.inspect().fetches == 0);
  }
}

TEST_CASE("when half of what may come at one time has come, the next are asked for together") {
  fixture f({.threads = 1, .ahead = {}, .fetch_peer_max = 400, .fetch_small = 10});
  std::vector<input_location> inputs;
  for (std::uint64_t i = 11; i <= 16; ++i)
    inputs.push_back({{i}, 100, {alice}});
  CHECK(f.run(y, {7}, inputs).size() == 5);
  CHECK(f.after(value_received{alice, {11}, ab}) == effects{told(result_added{{11}, 2})});
  CHECK(f.after(value_received{alice, {12}, ab}) ==
        effects{told(result_added{{12}, 2}), fetch_from{alice, {15}}, fetch_from{alice, {16}}});
}

TEST_CASE("who sends us much already is spared if another one has it, too") {
  fixture f({.threads = 1, .ahead = {}, .fetch_peer_max = 100, .fetch_small = 10});
  f.run(y, {7}, {{{11}, 100, {alice}}});
  CHECK(f.run(z, {8}, {{{12}, 100, {alice, bob}}}) ==
        effects{know_peer{bob, "local://2"}, fetch_from{bob, {12}}});
}

TEST_CASE("there is a limit for all peers together, and one input always may come") {
  fixture f({.threads = 1, .ahead = {}, .fetch_max = 50, .fetch_small = 10});
  CHECK(f.run(y, {7}, {{{11}, 100, {alice}}}).back() == effect(fetch_from{alice, {11}}));
  CHECK(f.run(z, {8}, {{{12}, 20, {bob}}}).empty());
  CHECK(f.after(value_received{alice, {11}, ab}) ==
        effects{told(result_added{{11}, 2}), go(y, {7}, {ab}), know_peer{bob, "local://2"},
                fetch_from{bob, {12}}});
}

TEST_CASE("a large input is not passed for ever by smaller ones") {
  fixture f({.threads = 1, .ahead = {}, .fetch_max = 100, .fetch_small = 10});
  f.run(y, {7}, {{{11}, 40, {bob}}, {{12}, 40, {bob}}});
  CHECK(f.run(z, {8}, {{{13}, 90, {alice}}, {{14}, 40, {bob}}}).empty());
  CHECK(f.after(value_received{bob, {11}, ab}) == effects{told(result_added{{11}, 2})});
  const auto then = f.after(value_received{bob, {12}, ab});
  CHECK(then.back() == effect(fetch_from{alice, {13}}));
  CHECK(f.after(value_received{alice, {13}, ab}).back() == effect(fetch_from{bob, {14}}));
}

TEST_CASE("a run whose input nobody gives is handed back and forgotten") {
  fixture f;
  f.run(y, {7}, {at(x, {alice, bob}), at(t, {bob})});
  f.run(z, {8}, {at(x, {alice})});
  f.after(value_absent{alice, x});
  CHECK(f.after(value_absent{bob, x}) ==
        effects{told(inputs_missing{y, {7}, {at(x, {alice, bob})}}),
                told(inputs_missing{z, {8}, {at(x, {alice, bob})}})});
  CHECK(f.w.inspect() == core::worker_counters{});
  CHECK(f.after(value_received{bob, t, ab}).empty());
}

TEST_CASE("a lost peer fails all that was asked of it, and only that") {
  fixture f({.threads = 4, .ahead = {}});
  f.run(y, {7}, {at(x, {alice})});
  f.run(z, {8}, {at(t, {alice})});
  f.run({9}, {9}, {at(u, {bob})});
  CHECK(f.after(peer_lost{alice}) == effects{told(inputs_missing{y, {7}, {at(x, {alice})}}),
                                             told(inputs_missing{z, {8}, {at(t, {alice})}})});
  CHECK(f.w.inspect().fetches == 1);
  CHECK(f.after(peer_lost{alice}).empty());
}

TEST_CASE("inputs that nobody could be asked for are handed back at once, all of them") {
  fixture f;
  const worker_id stranger{99};
  CHECK(f.run(y, {7}, {at(x, {}), at(t, {me, stranger}), at(u, {alice})}) ==
        effects{told(inputs_missing{y, {7}, {at(x, {}), at(t, {me, stranger})}})});
  CHECK(f.w.inspect() == core::worker_counters{});
}

TEST_CASE("an input that is here needs no holder") {
  fixture f;
  f.run(x, {1});
  f.finish(x, {1});
  CHECK(f.run(y, {2}, {at(x, {})}) == effects{go(y, {2}, {ab})});
}

TEST_CASE("a late answer of a peer that was given up on is used if the input is still missing") {
  fixture f;
  f.run(y, {7}, {at(x, {alice, bob})});
  f.after(peer_lost{alice});
  CHECK(f.after(value_received{alice, x, ab}) ==
        effects{told(result_added{x, 2}), go(y, {7}, {ab})});
  CHECK(f.after(value_received{bob, x, ab}).empty());
  CHECK(f.after(value_absent{bob, x}).empty());
}

TEST_CASE("a run given twice runs once") {
  fixture f;
  f.run(x, {7});
  CHECK(f.run(x, {7}).empty());
  f.finish(x, {7});
  CHECK(f.finish(x, {7}).empty());
  CHECK(f.after(run_executed{z, {99}, ab, {}, {}}).empty());
}

TEST_CASE("a task computed twice keeps its first result and reports that") {
  fixture f;
  f.run(x, {7});
  f.finish(x, {7});
  f.run(x, {8});
  CHECK(f.finish(x, {8}, text("other")) == effects{done(x, {8}, ab)});
}

TEST_CASE("a cancelled run that waits or is ready is forgotten") {
  fixture f;
  f.run(x, {1});
  f.run(y, {2});
  f.run(z, {3}, {at(t, {alice})});
  CHECK(f.order(cancel_run{y, {2}}).empty());
  CHECK(f.order(cancel_run{z, {3}}).empty());
  CHECK(f.after(value_received{alice, t, ab}).empty());
  CHECK(f.finish(x, {1}) == effects{done(x, {1})});
  CHECK(f.w.inspect().runs_waiting + f.w.inspect().runs_ready == 0);
}

TEST_CASE("a cancelled run that executes keeps its thread, and its result is ignored") {
  fixture f;
  f.run(x, {1});
  CHECK(f.order(cancel_run{x, {1}}) == effects{skip_execution{{1}}});
  CHECK(f.order(cancel_run{x, {1}}).empty());
  CHECK(f.run(y, {2}).empty());
  CHECK(f.finish(x, {1}) == effects{go(y, {2})});
  CHECK(f.after(result_asked{4, x}) == effects{answer{4, result_absent{x}}});
  CHECK(f.order(cancel_run{z, {99}}).empty());
}

TEST_CASE("a result that is dropped is gone for peers, but not for runs that have it already") {
  fixture f;
  f.run(x, {1});
  f.finish(x, {1});
  f.run(z, {2});
  f.run(y, {3}, {at(x, {})});
  CHECK(f.order(drop_result{x}).empty());
  CHECK(f.after(result_asked{4, x}) == effects{answer{4, result_absent{x}}});
  CHECK(f.finish(z, {2}) == effects{done(z, {2}), go(y, {3}, {ab})});
  CHECK(f.order(drop_result{x}).empty());
}

TEST_CASE("an input that is dropped while it is fetched serves its runs and is not kept") {
  fixture f;
  f.run(y, {7}, {at(x, {alice})});
  f.order(drop_result{x});
  CHECK(f.after(value_received{alice, x, ab}) == effects{go(y, {7}, {ab})});
  CHECK(f.w.inspect().results == 0);
}

TEST_CASE("scattered data is kept and told, and lets runs go on that wait for it") {
  fixture f;
  CHECK(f.after(value_stored{x, ab}) == effects{told(result_added{x, 2})});
  CHECK(f.after(value_stored{x, text("again")}) == effects{told(result_added{x, 2})});
  f.run(y, {7}, {at(t, {alice})});
  CHECK(f.after(value_stored{t, ab}) == effects{told(result_added{t, 2}), go(y, {7}, {ab})});
}

TEST_CASE("a report says what memory is used and how much of it is results") {
  fixture f;
  f.after(value_stored{x, ab});
  CHECK(f.after(memory_measured{1000}).empty());
  CHECK(f.after(report_due{}) == effects{told(worker_report{1000, 2, 0})});
}

TEST_CASE("an idle worker ends at once when told to stop, and only once") {
  fixture f;
  f.after(value_stored{x, ab});
  CHECK(f.order(stop_worker{}) == effects{end_worker{}});
  CHECK(f.order(stop_worker{}).empty());
  CHECK(f.after(result_asked{4, x}) == effects{answer{4, result_value{x, ab}}});
}

TEST_CASE("a stopped worker finishes what executes and forgets the rest") {
  fixture f;
  f.run(x, {1});
  f.run(y, {2});
  f.run(z, {3}, {at(t, {alice})});
  CHECK(f.order(stop_worker{}).empty());
  CHECK(f.run(u, {4}).empty());
  CHECK(f.after(value_received{alice, t, ab}).empty());
  CHECK(f.finish(x, {1}) == effects{done(x, {1}), end_worker{}});
}

TEST_CASE("a stopped worker does not wait for cancelled runs") {
  fixture f;
  f.run(x, {1});
  f.order(cancel_run{x, {1}});
  CHECK(f.order(stop_worker{}) == effects{end_worker{}});
  CHECK(f.finish(x, {1}).empty());
}

namespace {

/// Any orders and answers, and an executor that takes what it has in any order that it may.
struct random_life {
  explicit random_life(unsigned seed)
      : random(seed),
        f({.threads = 2, .ahead = std::chrono::microseconds(pick(20)), .ahead_max = 3}) {}

  std::uint64_t pick(std::uint64_t n) { return random() % n + 1; }

  void look(const effects& out) {
    for (const auto& e : out) {
      if (auto* go_on = std::get_if<execute>(&e)) executing.push_back(*go_on);
      for (auto& waiting : executing) {
        auto* passed = std::get_if<pass_input>(&e);
        auto* skipped = std::get_if<skip_execution>(&e);
        if (passed && passed->run == waiting.run)
          std::erase_if(waiting.awaits, [&](auto& a) { return a.position == passed->position; });
        if (skipped && skipped->run == waiting.run) waiting.awaits.clear();
      }
      if (auto* said = std::get_if<tell_scheduler>(&e)) {
        if (auto* m = std::get_if<run_finished>(&said->message)) ++ends[m->run];
        if (auto* m = std::get_if<run_failed>(&said->message)) ++ends[m->run];
        if (auto* m = std::get_if<inputs_missing>(&said->message)) ++ends[m->run];
      }
    }
  }

  void finish_one() {
    std::ranges::shuffle(executing, random);
    auto at = std::ranges::find_if(executing, [](auto& one) { return one.awaits.empty(); });
    REQUIRE(at != executing.end());
    auto e = *at;
    executing.erase(at);
    auto why = pick(5) == 1 ? error{errc::task_failed, "no"} : error{};
    look(f.after(run_executed{e.task, e.run, ab, why, std::chrono::microseconds(pick(9))}));
  }

  void live() {
    const task_id some{pick(15)};
    const worker_id who{pick(4)};
    // Larger numbers, so that no task needs itself.
    const auto one = at({some.value + pick(6)}, {alice, who});
    const auto other = at({some.value + pick(6)}, pick(2) == 1 ? holders{} : holders{who, bob});
    switch (pick(9)) {
      case 1:
      case 2:
        return look(f.run(some, {++runs}, {one, other}));
      case 3:
        return look(f.after(value_received{who, some, ab}));
      case 4:
        return look(f.after(value_absent{who, some}));
      case 5:
        return look(f.after(peer_lost{who}));
      case 6:
        return look(f.order(drop_result{some}));
      case 7:
        return look(f.order(cancel_run{some, {pick(runs + 1)}}));
      case 8:
        return look(f.after(value_stored{some, ab}));
      default:
        if (!executing.empty()) finish_one();
    }
  }

  std::mt19937 random;
  fixture f;
  std::map<run_id, int> ends = {};
  std::vector<execute> executing = {};
  std::uint64_t runs = 0;
};

}  // namespace

TEST_CASE("any order of events leaves the tables in agreement, and every run with one end") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    random_life life(seed);
    for (int step = 0; step < 300; ++step)
      life.live();
    for (int i = 0; life.f.w.inspect().fetches > 0 && i < 20; ++i)
      life.look(life.f.after(peer_lost{i % 2 == 0 ? alice : bob}));
    while (!life.executing.empty())
      life.finish_one();
    const auto now = life.f.w.inspect();
    REQUIRE(now.runs_waiting + now.runs_ready + now.runs_executing + now.fetches == 0);
    for (const auto& [id, n] : life.ends)
      REQUIRE(n == 1);
  }
}

TEST_CASE("a run whose input is made here executes with its maker, which passes the result on") {
  fixture f({.threads = 1, .ahead = std::chrono::seconds(1), .ahead_max = 9});
  CHECK(f.run(t, {1}) == effects{go(t, {1})});
  CHECK(f.finish(t, {1}) == effects{done(t, {1})});  // Now functions are known to be short.
  CHECK(f.run(x, {2}) == effects{go(x, {2})});
  auto waits = execute{y, {3}, nullptr, {}, {value{}}, {{0, {2}}}};
  CHECK(f.run(y, {3}, {at(x, {})}) == effects{waits});
  auto waits_on = execute{z, {4}, nullptr, {}, {value{}}, {{0, {3}}}};
  CHECK(f.run(z, {4}, {at(y, {})}) == effects{waits_on});
  CHECK(f.finish(x, {2}) == effects{done(x, {2}), pass_input{{3}, 0, ab}});
  CHECK(f.finish(y, {3}) == effects{done(y, {3}), pass_input{{4}, 0, ab}});
  CHECK(f.finish(z, {4}) == effects{done(z, {4})});
}

TEST_CASE("a run whose input is made here waits until its maker executes") {
  fixture f;  // With one thread and nothing ahead.
  CHECK(f.run(t, {1}) == effects{go(t, {1})});
  CHECK(f.run(x, {2}).empty());
  CHECK(f.run(y, {3}, {at(x, {})}).empty());
  CHECK(f.finish(t, {1}) == effects{done(t, {1}), go(x, {2})});
  CHECK(f.finish(x, {2}) == effects{done(x, {2}), go(y, {3}, {ab})});
}

TEST_CASE("a run that fails takes along those that wait for its result") {
  fixture f({.threads = 1, .ahead = std::chrono::seconds(1), .ahead_max = 9});
  f.run(t, {1});
  f.finish(t, {1});
  f.run(x, {2});
  f.run(y, {3}, {at(x, {})});                        // In the executor, behind x.
  CHECK(f.run(z, {4}, {at(y, {}), at(u, {bob})}) ==  // Here, for want of u.
        effects{know_peer{bob, "local://2"}, fetch_from{bob, u}});
  const error why{errc::task_failed, "no"};
  CHECK(f.after(run_executed{x, {2}, {}, why, {}}) ==
        effects{told(run_failed{x, {2}, why}), skip_execution{{3}}});
  CHECK(f.after(run_executed{y, {3}, {}, {errc::cancelled, ""}, {}}).empty());
  CHECK(f.w.inspect().runs_waiting + f.w.inspect().runs_executing + f.w.inspect().fetches == 0);
}

TEST_CASE("an input that nobody makes here is missing") {
  fixture f;
  CHECK(f.run(y, {1}, {at(x, {})}) == effects{told(inputs_missing{y, {1}, {at(x, {})}})});
}
