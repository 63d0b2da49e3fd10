#include <chrono>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "actors/worker/core/worker.hpp"

using namespace troupe;
using namespace troupe::core::working;
using namespace std::chrono_literals;

namespace {

using effects = std::vector<effect>;

constexpr task_id x{1}, y{2}, z{3}, t{4};
constexpr worker_id me{1};
constexpr std::uint64_t kib = 1024;

value sized(std::uint64_t bytes, char letter = 'x') {
  return value(bytes::copy(std::string(bytes, letter)));
}

const value large = sized(2 * kib);

effect told(worker_message m) {
  return tell_scheduler{std::move(m)};
}

/// A worker with one thread, whose results may take 4 KiB of memory.
struct fixture {
  core::worker w;
  core::time_point now{std::chrono::hours(1)};
  spec_ptr plain = std::make_shared<const task_spec>(task_spec{"f", "()", 0, 0, {}, {}});

  explicit fixture(core::memory_marks marks = {.target = 4 * kib})
      : w({.threads = 1, .inline_result_max = 8, .ahead = {}, .memory = marks}) {
    after(scheduler_said{welcome_worker{me}});
  }

  effects after(event e) {
    effects out;
    w.handle(std::move(e), now, out);
    w.check_invariants();
    return out;
  }

  effects order(worker_order_message m) { return after(scheduler_said{std::move(m)}); }

  effects run(task_id task, std::uint64_t id, std::vector<input_location> inputs = {}) {
    return order(run_task{task, {id}, plain, {}, std::move(inputs)});
  }

  /// Scattered to it.
  effects store(task_id task, const value& content = large) {
    auto out = after(value_stored{task, content});
    out.erase(out.begin());  // result_added
    return out;
  }

  /// x is in file 1, y and z are in memory.
  void fill() {
    store(x);
    store(y);
    CHECK(store(z) == effects{spill_result{x, 1, large}});
    CHECK(after(result_spilled{x, 1, 100}).empty());
    CHECK(w.inspect().spilled_bytes == 100);
  }
};

}  // namespace

TEST_CASE("when results take too much memory, the one not used for longest goes to disk") {
  fixture f;
  f.store(x);
  f.store(y);
  f.after(result_asked{7, x});
  CHECK(f.store(z) == effects{spill_result{y, 1, large}});
  // It is in memory until it is on disk, and is not chosen twice.
  CHECK(f.after(result_asked{7, y}) == effects{answer{7, result_value{y, large}}});
  CHECK(f.after(result_spilled{y, 1, 100}).empty());
}

TEST_CASE("a result on disk is read once for all who want it, and then is in memory again") {
  fixture f;
  f.fill();
  CHECK(f.after(result_asked{7, x}) == effects{load_result{x, 1}});
  CHECK(f.after(result_asked{8, x}).empty());
  CHECK(f.run(t, 1, {{x, 2 * kib, {}}}).empty());
  const auto out = f.after(value_received{me, x, large});
  // y is the oldest now. The run waits for the disk to catch up.
  CHECK(out == effects{answer{7, result_value{x, large}}, answer{8, result_value{x, large}},
                       spill_result{y, 2, large}});
  CHECK(f.after(result_spilled{y, 2, 100}) == effects{execute{t, {1}, nullptr, {}, {large}, {}}});
  CHECK(f.after(result_asked{9, x}) == effects{answer{9, result_value{x, large}}});
}

TEST_CASE("what was read from a file and is not needed in memory again is not written again") {
  fixture f;
  f.fill();
  f.after(result_asked{7, x});
  f.after(value_received{me, x, large});  // Writes y.
  f.after(result_spilled{y, 2, 100});
  f.after(result_asked{7, z});
  CHECK(f.store(t) == effects{});  // x has a file already.
  CHECK(f.after(result_asked{7, x}) == effects{load_result{x, 1}});
}

TEST_CASE("dropping a result drops its file, also when that is only being written") {
  fixture f;
  f.fill();
  CHECK(f.order(drop_result{x}) == effects{remove_file{1}});
  CHECK(f.store(t) == effects{spill_result{y, 2, large}});
  CHECK(f.order(drop_result{y}).empty());
  CHECK(f.after(result_spilled{y, 2, 100}) == effects{remove_file{2}});
  CHECK(f.w.inspect().spilled_bytes == 0);
}

TEST_CASE("a result that is dropped while it is read serves its runs and is not kept") {
  fixture f;
  f.fill();
  CHECK(f.run(t, 1, {{x, 2 * kib, {}}}) == effects{load_result{x, 1}});
  CHECK(f.order(drop_result{x}) == effects{remove_file{1}});
  CHECK(f.after(value_received{me, x, large}) ==
        effects{execute{t, {1}, nullptr, {}, {large}, {}}});
  CHECK(f.after(result_asked{7, x}) == effects{answer{7, result_absent{x}}});
}

TEST_CASE("a file that cannot be read is a result that is not here") {
  fixture f;
  f.fill();
  f.run(t, 1, {{x, 2 * kib, {}}});
  f.after(result_asked{7, x});
  CHECK(f.after(value_absent{me, x}) == effects{remove_file{1}, answer{7, result_absent{x}},
                                                told(inputs_missing{t, {1}, {{x, 0, {me}}}})});
}

TEST_CASE("when the disk is full results stay in memory, and it is tried again later") {
  fixture f;
  f.store(x);
  f.store(y);
  CHECK(f.store(z) == effects{spill_result{x, 1, large}});
  CHECK(f.after(spill_failed{x, 1}).empty());
  CHECK(f.after(result_asked{7, x}) == effects{answer{7, result_value{x, large}}});
  f.now += 11s;
  CHECK(f.after(report_due{}).back() == effect(spill_result{y, 2, large}));
}

TEST_CASE("files take no more than they may") {
  fixture f({.target = 4 * kib, .disk = 1 * kib});
  f.store(x);
  f.store(y);
  CHECK(f.store(z) == effects{spill_result{x, 1, large}});
  f.after(result_spilled{x, 1, 2 * kib});
  CHECK(f.store(t).empty());
}

TEST_CASE("small results are not worth a file") {
  fixture f({.target = 100});
  CHECK(f.store(x, sized(500)).empty());
}

TEST_CASE("a process that takes too much gives results to the disk even below their own limit") {
  fixture f({.target = 10 * kib, .spill = 20 * kib});
  f.store(x);
  f.store(y);
  f.store(z);
  CHECK(f.after(memory_measured{20 * kib}).empty());
  CHECK(f.after(memory_measured{21 * kib}).size() == 3);  // To be 11 KiB smaller.
  CHECK(f.after(memory_measured{21 * kib}).empty());
}

TEST_CASE("when results come faster than they can be written, runs wait for the disk") {
  fixture f;
  f.store(x);
  f.store(y);
  f.store(z);
  CHECK(f.run(t, 1).empty());
  CHECK(f.after(result_spilled{x, 1, 100}) == effects{execute{t, {1}, nullptr, {}, {}, {}}});
}

TEST_CASE("inputs are read from disk as they are needed, not all at once") {
  fixture f;
  f.fill();
  f.store(t);
  f.after(result_spilled{y, 2, 100});
  CHECK(f.run({10}, 1, {{x, 2 * kib, {}}}) == effects{load_result{x, 1}});
  CHECK(f.run({11}, 2, {{y, 2 * kib, {}}}).empty());
  CHECK(f.order(drop_result{y}) == effects{load_result{y, 2}, remove_file{2}});
}

TEST_CASE("a worker whose memory is full pauses: what has not started goes back") {
  fixture f({.pause = 100, .resume = 90});
  f.run(x, 1);
  f.run(y, 2);
  CHECK(f.after(memory_measured{101}) == effects{told(worker_report{101, 0, 0}),
                                                 told(worker_changed{worker_state::paused}),
                                                 told(run_returned{y, {2}})});
  CHECK(f.run(z, 3) == effects{told(run_returned{z, {3}})});
  CHECK(f.w.inspect().paused);
  CHECK(f.after(memory_measured{95}).empty());
  CHECK(f.after(memory_measured{89}) == effects{told(worker_changed{worker_state::running})});
  CHECK(f.after(run_executed{x, {1}, {}, {}, 1ms}).size() == 1);
  CHECK(f.run(t, 4).size() == 1);
}

TEST_CASE("a worker that takes nearly all memory ends before the system ends it") {
  fixture f({.end = 100});
  CHECK(f.after(memory_measured{100}).empty());
  CHECK(f.after(memory_measured{101}) == effects{end_for_memory{101}});
}

TEST_CASE("in any order of events each result is somewhere, and what is asked for is answered") {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const auto pick = [&](std::uint64_t n) { return random() % n + 1; };
    fixture f;
    std::vector<effect> disk_jobs;
    std::uint64_t runs = 0;
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;
    std::uint64_t files = 0;
    const auto look = [&](const effects& out) {
      for (const auto& e : out) {
        answered += std::holds_alternative<answer>(e);
        files -= std::holds_alternative<remove_file>(e);
        if (std::holds_alternative<spill_result>(e) || std::holds_alternative<load_result>(e))
          disk_jobs.push_back(e);
        if (const auto* go = std::get_if<execute>(&e))
          for (const auto& in : go->inputs)
            REQUIRE(in.size() > 0);
      }
    };
    const auto work = [&] {
      const auto job = disk_jobs.front();
      disk_jobs.erase(disk_jobs.begin());
      if (const auto* w = std::get_if<spill_result>(&job)) {
        if (pick(5) == 1) return look(f.after(spill_failed{w->task, w->file}));
        ++files;
        return look(f.after(result_spilled{w->task, w->file, 10}));
      }
      const auto l = std::get<load_result>(job);
      if (pick(5) == 1) return look(f.after(value_absent{me, l.task}));
      look(f.after(value_received{me, l.task, sized(kib * l.task.value)}));
    };
    for (int step = 0; step < 400; ++step) {
      const task_id some{pick(8)};
      f.now += 1s;
      switch (pick(6)) {
        case 1:
          look(f.after(value_stored{some, sized(kib * some.value)}));
          break;
        case 2:
          look(f.order(drop_result{some}));
          break;
        case 3:
          ++asked;
          look(f.after(result_asked{1, some}));
          break;
        case 4:
          look(f.run({100 + runs}, runs + 1, {{some, kib, {}}, {{pick(8)}, kib, {}}}));
          ++runs;
          if (pick(3) == 1) look(f.order(cancel_run{{99 + runs}, {runs}}));
          break;
        default:
          if (!disk_jobs.empty()) work();
      }
    }
    while (!disk_jobs.empty())
      work();
    REQUIRE(asked == answered);
    for (std::uint64_t i = 1; i <= 8; ++i)
      look(f.order(drop_result{{i}}));
    REQUIRE(files == 0);
  }
}
