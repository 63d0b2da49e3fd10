#include <memory>

#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;
using namespace std::chrono_literals;

namespace {

scheduler_options with_journal() {
  scheduler_options o;
  o.journal = "somewhere";
  return o;
}

/// A scheduler that is restarted: what it writes down is shown to the next one.
struct journaled {
  std::unique_ptr<bench> b;
  std::vector<journal_record> journal;

  journaled() { start(); }

  void start() {
    b = std::make_unique<bench>(with_journal());
    const auto old = journal;
    for (const auto& r : old)
      after(journal_read{r});
    after(journal_ended{});
  }

  /// The effects, without what is written down.
  effects after(const event& e) { return without_records(b->after(e)); }

  effects after(client_id who, client_message m) { return after(client_said{who, std::move(m)}); }

  effects after(worker_id who, worker_message m) { return after(worker_said{who, std::move(m)}); }

  effects without_records(const effects& all) {
    effects others;
    for (const auto& one : all) {
      if (const auto* r = std::get_if<keep_record>(&one))
        journal.push_back(r->record);
      else
        others.push_back(one);
    }
    return others;
  }

  effects submit(task_id t, std::vector<task_id> inputs = {}) {
    return without_records(b->submit(t, std::move(inputs)));
  }

  effects worker(const std::string& name, uuid from = {}) {
    return without_records(b->worker(name, 1, {}, {{"f", "()"}, {"g", "()"}}, from));
  }

  void join() { after(client_joined{0, std::make_shared<hello>()}); }

  effects come_back(client_id c) { return without_records(b->come_back(c)); }
};

/// Each restart reserves new numbers.
std::vector<journal_record> without_runs(std::vector<journal_record> all) {
  std::erase_if(all, [](const auto& r) { return std::holds_alternative<runs_reserved>(r); });
  return all;
}

constexpr std::uint64_t first_run_after = (1 << 20) + 1;

}  // namespace

TEST_CASE("a restarted scheduler knows its clients and tasks, and waits for its workers") {
  journaled j;
  j.join();
  j.worker("v");
  j.submit(x);
  j.after(v, run_finished{x, {1}, 100, 1s, false, {}});
  j.submit(y, {x});
  j.submit(z);
  j.start();
  auto s = j.b->snapshot();
  CHECK(s.tasks_queued == 2);
  CHECK(s.tasks_waiting == 1);
  CHECK(j.b->machine.deadline() == j.b->now + with_journal().worker_grace);
  // Somebody else is given nothing that v may still have.
  CHECK(j.worker("other") == effects{admit_worker{0, w}, welcome(w)});
  CHECK(j.worker("v", session) == effects{admit_worker{0, u}, welcome(u)});
  CHECK(j.after(u, result_added{x, 100}).empty());
  CHECK(j.after(u, running_task{y, {2}}).empty());
  CHECK(j.after(u, registered{}) == effects{run(w, z, first_run_after)});
  CHECK(j.come_back(alice) == effects{admit_client{9, alice}, welcome(alice)});
  CHECK(j.after(alice, claim_task{x}) == effects{meet(alice, u, "v"), done(x, u)});
  CHECK(j.submit(y).empty());
  CHECK(j.after(u, run_finished{y, {2}, 100, 1s, false, {}}) == effects{done(y, u)});
}

TEST_CASE("what only lost workers held is computed again once their grace is over") {
  journaled j;
  j.join();
  j.worker("v");
  j.submit(x);
  j.after(v, run_finished{x, {1}, 100, 1s, false, {}});
  j.start();
  CHECK(j.worker("other").size() == 2);
  j.b->now += with_journal().worker_grace;
  CHECK(j.after(clock_ticked{}) == effects{run(w, x, first_run_after)});
}

TEST_CASE("failures, releases and clients that left are remembered, also in a shortened journal") {
  for (const bool shortened : {false, true}) {
    CAPTURE(shortened);
    journaled j;
    j.join();
    j.join();
    j.worker("v");
    j.submit(x);
    j.after(v, run_finished{x, {1}, 100, 1s, false, {}});
    j.submit(y, {x});
    j.after(v, run_finished{y, {2}, 100, 1s, false, {}});
    j.submit(z);
    j.after(v, run_failed{z, {3}, {errc::task_failed, "oops"}});
    j.after(alice, release_task{x});
    j.after(bob, leave_scheduler{});
    if (shortened) j.journal = j.b->machine.records();
    const auto before = without_runs(j.b->machine.records());
    j.start();
    const auto s = j.b->snapshot();
    CHECK(s.tasks_queued == 1);
    CHECK(s.tasks_waiting == 1);
    CHECK(s.tasks_failed == 1);
    CHECK(without_runs(j.b->machine.records()) == before);
    // x is needed again, and can be computed.
    j.worker("other");
    j.b->now += with_journal().worker_grace;
    CHECK(j.after(clock_ticked{}) == effects{run(w, x, first_run_after)});
  }
}

TEST_CASE("a result that was made before what it was made from failed is still there") {
  journaled j;
  j.join();
  j.worker("v");
  j.submit(x);
  j.after(v, run_finished{x, {1}, 100, 1s, false, {}});
  j.submit(y, {x});
  j.after(v, run_finished{y, {2}, 100, 1s, false, {}});
  j.after(worker_lost{v});
  j.after(alice, cancel_task{x});
  const auto failed_before = j.b->snapshot().tasks_failed;
  j.start();
  CHECK(j.b->snapshot().tasks_failed == failed_before);
  j.b->machine.check_invariants();
}

TEST_CASE("data that no worker has after a restart, and no client any more, fails and says so") {
  journaled j;
  j.join();
  j.worker("v");
  j.after(alice, scatter_data{x, 10});
  j.after(v, result_added{x, 10});
  j.submit(y, {x});
  j.start();
  j.come_back(alice);
  CHECK(j.after(alice, claim_task{x}).empty());
  CHECK(j.submit(y, {x}).empty());
  CHECK(j.after(alice, end_claims{}).empty());
  j.worker("other");
  j.b->now += with_journal().worker_grace;
  const auto out = j.after(clock_ticked{});
  REQUIRE(out.size() == 2);
  for (const auto& e : out) {
    const auto& why = std::get<task_failed>(std::get<tell_client>(e).message).why;
    CHECK(why.code == errc::worker_lost);
  }
}

TEST_CASE("data that its client still has is placed again after a restart") {
  journaled j;
  j.join();
  j.worker("v");
  j.after(alice, scatter_data{x, 10});
  j.start();
  j.come_back(alice);
  j.after(alice, scatter_data{x, 10});
  j.after(alice, end_claims{});
  j.worker("other");
  j.b->now += with_journal().worker_grace;
  j.after(clock_ticked{});
  CHECK(j.after(w, result_added{x, 10}) == effects{done(x, w, 10)});
}

TEST_CASE("without a journal nothing is written down") {
  bench b;
  b.join();
  b.worker("v");
  for (const auto& e : b.submit(x))
    CHECK_FALSE(std::holds_alternative<keep_record>(e));
}

TEST_CASE("a detached task is run after a restart, and not once more after the next") {
  journaled j;
  j.join();
  j.submit(x);
  j.after(alice, detach_task{x});
  j.after(alice, leave_scheduler{});
  j.start();
  CHECK(j.b->snapshot().tasks_queued == 1);
  CHECK(j.worker("v").back() == run(v, x, first_run_after));
  j.after(v, run_finished{x, {first_run_after}, 100, 1s, false, {}});
  j.start();
  const auto left = j.b->snapshot();
  CHECK(left.tasks_queued + left.tasks_waiting + left.tasks_processing == 0);
}

TEST_CASE("a compacted journal knows what is detached") {
  journaled j;
  j.join();
  j.submit(x);
  j.after(alice, detach_task{x});
  j.after(alice, leave_scheduler{});
  j.journal = j.b->machine.records();
  j.start();
  CHECK(j.b->snapshot().tasks_queued == 1);
}

TEST_CASE("names survive a restart, also in a shortened journal, and their clients' end") {
  for (const bool shortened : {false, true}) {
    CAPTURE(shortened);
    journaled j;
    j.join();
    j.join();
    j.worker("v");
    j.submit(x);
    j.submit(y, {x});
    j.after(alice, name_dataset{name_dataset::order::publish, "rates", y, "f64"});
    j.after(alice, name_dataset{name_dataset::order::publish, "gone", x, "f64"});
    j.after(bob, name_dataset{name_dataset::order::withdraw, "gone", {}, {}});
    j.after(alice, leave_scheduler{});
    if (shortened) j.journal = j.b->machine.records();
    const auto before = without_runs(j.b->machine.records());
    j.start();
    CHECK(without_runs(j.b->machine.records()) == before);
    j.come_back(bob);
    const name_dataset find{name_dataset::order::find, "rates", {}, {}};
    CHECK(j.after(bob, find) ==
          effects{tell_client{bob, dataset_reply{"rates", {}, y, "f64", {}}}});
    const auto names = j.after(bob, name_dataset{name_dataset::order::list, {}, {}, {}});
    CHECK(names == effects{tell_client{bob, dataset_reply{{}, {}, {}, {}, {"rates"}}}});
    CHECK(j.b->snapshot().tasks_waiting == 1);
  }
}
