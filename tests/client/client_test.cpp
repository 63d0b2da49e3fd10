#include "actors/client/core/client.hpp"

#include <optional>
#include <vector>

#include <doctest/doctest.h>

#include "serialization/wire.hpp"

using namespace troupe;
using namespace troupe::core;
using namespace troupe::core::asking;

namespace {

using effects = std::vector<effect>;

const client_id me{3};
const worker_id w1{1};
const worker_id w2{2};
const task_id x = make_task_id(me, 1);
const task_id y = make_task_id(me, 2);

value text(std::string_view s) {
  return value(bytes::copy(s));
}

struct world {
  client machine;

  world() {
    CHECK(hear(welcome_client{me, "s", {}, {}}).empty());
    CHECK(hear(introduce_worker{w1, "one", "tcp://one"}).empty());
    CHECK(hear(introduce_worker{w2, "two", "tcp://two"}).empty());
  }

  effects after(event what) {
    effects out;
    machine.handle(std::move(what), {}, out);
    machine.check_invariants();
    return out;
  }

  effects hear(client_reply m) { return after(scheduler_said{std::move(m)}); }

  effects submit(task_id task) { return after(task_submitted{submit_task{task, nullptr, {}, {}}}); }

  /// Done, and being fetched from w1.
  void fetching(task_id task) {
    submit(task);
    after(value_wanted{task});
    hear(task_done{task, w1, 100, false, {}});
  }
};

effects tells(client_message m) {
  return {tell_scheduler{std::move(m)}};
}

const error broken{errc::task_failed, "no such bond"};

}  // namespace

TEST_CASE("a submitted task goes to the scheduler as it is") {
  world w;
  const submit_task task{x, std::make_shared<const task_spec>(), text("arguments"), {y}};
  CHECK(w.after(task_submitted{task}) == tells(task));
  CHECK(w.after(task_submitted{task}).empty());
}

TEST_CASE("a small result comes with the news") {
  world w;
  w.submit(x);
  CHECK(w.hear(task_done{x, w1, 1, true, text("7")}) ==
        effects{mark_done{x}, deliver{x, text("7")}});
  CHECK(w.after(value_wanted{x}).empty());
  CHECK(w.hear(task_done{x, w1, 1, true, text("7")}).empty());
  CHECK(w.hear(task_failed{x, broken}).empty());
}

TEST_CASE("a value is fetched only when it is wanted, and its worker is introduced first") {
  world w;
  w.submit(x);
  w.submit(y);
  CHECK(w.hear(task_done{x, w1, 100, false, {}}) == effects{mark_done{x}});
  CHECK(w.after(value_wanted{x}) == effects{know_peer{w1, "tcp://one"}, fetch_from{w1, x}});
  CHECK(w.after(value_wanted{x}).empty());
  CHECK(w.after(value_received{w1, x, text("big")}) == effects{deliver{x, text("big")}});

  CHECK(w.after(value_wanted{y}).empty());
  CHECK(w.hear(task_done{y, w1, 100, false, {}}) == effects{mark_done{y}, fetch_from{w1, y}});
}

TEST_CASE("a result that is not where it was said to be is sought until it is found") {
  world w;
  w.fetching(x);
  CHECK(w.after(value_absent{w2, x}).empty());
  CHECK(w.after(value_absent{w1, x}) == tells(locate_result{x, w1}));
  CHECK(w.after(value_absent{w1, x}).empty());
  CHECK(w.hear(task_done{x, w2, 100, false, {}}) ==
        effects{know_peer{w2, "tcp://two"}, fetch_from{w2, x}});
  CHECK(w.after(value_absent{w2, x}) == tells(locate_result{x, w2}));
  CHECK(w.hear(task_failed{x, broken}) == effects{mark_failed{x, broken}});
}

TEST_CASE("all that was asked of a lost worker is sought, and it is introduced again") {
  world w;
  w.fetching(x);
  w.fetching(y);
  CHECK(w.after(peer_lost{w1}) ==
        effects{tell_scheduler{locate_result{x, w1}}, tell_scheduler{locate_result{y, w1}}});
  CHECK(w.after(peer_lost{w1}).empty());
  CHECK(w.after(peer_lost{worker_id{9}}).empty());
  CHECK(w.hear(task_done{x, w1, 100, false, {}}) ==
        effects{know_peer{w1, "tcp://one"}, fetch_from{w1, x}});
  // The answer was under way when the connection broke.
  CHECK(w.after(value_received{w1, y, text("late")}) == effects{deliver{y, text("late")}});
}

TEST_CASE("a holder that was never introduced cannot be asked") {
  world w;
  w.submit(x);
  w.after(value_wanted{x});
  CHECK(w.hear(task_done{x, worker_id{9}, 100, false, {}}) ==
        effects{mark_done{x}, tell_scheduler{locate_result{x, worker_id{9}}}});
}

TEST_CASE("a moved result that nobody wants yet is fetched from where it is by then") {
  world w;
  w.submit(x);
  w.hear(task_done{x, w1, 100, false, {}});
  CHECK(w.hear(task_done{x, w2, 100, false, {}}).empty());
  CHECK(w.after(value_wanted{x}) == effects{know_peer{w2, "tcp://two"}, fetch_from{w2, x}});
  CHECK(w.hear(task_done{x, w1, 100, false, {}}).empty());
}

TEST_CASE("a failure reaches the future with all that is known about it") {
  world w;
  w.submit(x);
  CHECK(w.hear(task_failed{x, broken}) == effects{mark_failed{x, broken}});
  CHECK(w.hear(task_failed{x, broken}).empty());
  CHECK(w.hear(task_done{x, w1, 1, true, text("7")}).empty());
  CHECK(w.after(value_wanted{x}).empty());
}

TEST_CASE("a done task fails if its result is lost and cannot be made again") {
  world w;
  w.submit(x);
  w.hear(task_done{x, w1, 100, false, {}});
  CHECK(w.hear(task_failed{x, broken}) == effects{mark_failed{x, broken}});
}

TEST_CASE("a dropped future releases its task, and nothing about it matters any more") {
  world w;
  for (bool fetched : {false, true}) {
    CAPTURE(fetched);
    if (fetched)
      w.fetching(y);
    else
      w.submit(x);
    const auto task = fetched ? y : x;
    CHECK(w.after(future_dropped{task}) == tells(release_task{task}));
    CHECK(w.after(future_dropped{task}).empty());
    CHECK(w.hear(task_done{task, w1, 1, true, text("7")}).empty());
    CHECK(w.hear(task_failed{task, broken}).empty());
    CHECK(w.after(value_received{w1, task, text("7")}).empty());
    CHECK(w.after(value_absent{w1, task}).empty());
    CHECK(w.after(value_wanted{task}).empty());
    CHECK(w.after(cancel_wanted{task}).empty());
    CHECK(w.after(peer_lost{w1}).empty());
  }
  CHECK(w.machine.size() == 0);
}

TEST_CASE("only what is not done can be cancelled") {
  world w;
  w.submit(x);
  CHECK(w.after(cancel_wanted{x}) == tells(cancel_task{x}));
  CHECK(w.after(cancel_wanted{x, true}) == tells(cancel_task{x, true}));
  w.hear(task_done{x, w1, 100, false, {}});
  CHECK(w.after(cancel_wanted{x}).empty());
}

TEST_CASE("scattered data goes where the scheduler says") {
  world w;
  CHECK(w.after(data_scattered{x, text("table")}) == tells(scatter_data{x, 5}));
  CHECK(w.hear(place_data{x, w1}) ==
        effects{know_peer{w1, "tcp://one"}, push_to{w1, x, text("table")}});
  CHECK(w.hear(task_done{x, w1, 5, false, {}}) == effects{mark_done{x}});
  CHECK(w.hear(place_data{x, w1}).empty());
  CHECK(w.after(peer_lost{w1}).empty());
  CHECK(w.after(value_wanted{x}) == effects{know_peer{w1, "tcp://one"}, fetch_from{w1, x}});
}

TEST_CASE("scattered data is kept until a worker is known to have it") {
  world w;
  w.after(data_scattered{x, text("table")});
  w.hear(place_data{x, w1});
  CHECK(w.after(peer_lost{w1}) == tells(scatter_data{x, 5}));
  CHECK(w.hear(place_data{x, w2}) ==
        effects{know_peer{w2, "tcp://two"}, push_to{w2, x, text("table")}});
  CHECK(w.after(peer_lost{w1}).empty());
  CHECK(w.hear(place_data{x, worker_id{9}}) == tells(scatter_data{x, 5}));
}

TEST_CASE("data whose future is dropped on the way still arrives, for the tasks that use it") {
  world w;
  w.after(data_scattered{x, text("table")});
  CHECK(w.after(future_dropped{x}).empty());
  CHECK(w.hear(place_data{x, w1}) ==
        effects{know_peer{w1, "tcp://one"}, push_to{w1, x, text("table")}});
  CHECK(w.hear(task_done{x, w1, 5, false, {}}) == tells(release_task{x}));
}

TEST_CASE("without a scheduler all that is not here fails, at once and later") {
  world w;
  w.submit(x);
  w.fetching(y);
  const auto here = make_task_id(me, 3);
  const auto data = make_task_id(me, 4);
  w.submit(here);
  w.hear(task_done{here, w1, 1, true, text("7")});
  w.after(data_scattered{data, text("table")});
  const error gone{errc::scheduler_lost, "it has gone"};
  CHECK(w.after(scheduler_lost{{errc::connection_failed, "it has gone"}}) ==
        effects{mark_failed{x, gone}, mark_failed{y, gone}, mark_failed{data, gone}});
  CHECK(w.after(scheduler_lost{gone}).empty());
  const auto late = make_task_id(me, 5);
  CHECK(w.submit(late) == effects{mark_failed{late, gone}});
  const auto late_data = make_task_id(me, 6);
  CHECK(w.after(data_scattered{late_data, text("t")}) == effects{mark_failed{late_data, gone}});
  CHECK(w.after(future_dropped{x}).empty());
  CHECK(w.after(cancel_wanted{late}).empty());
}

TEST_CASE("what the scheduler says of tasks of others is ignored") {
  world w;
  const auto foreign = make_task_id({4}, 1);
  w.submit(x);
  CHECK(w.hear(task_done{foreign, w1, 1, true, text("7")}).empty());
  CHECK(w.hear(task_failed{foreign, broken}).empty());
  CHECK(w.hear(place_data{foreign, w1}).empty());
  CHECK(w.hear(place_data{x, w1}).empty());
  CHECK(w.hear(task_failed{make_task_id(me, 1'000'000'000), broken}).empty());
  CHECK(w.hear(snapshot_reply{}).empty());
}

TEST_CASE("the counts are of submitted tasks and how they ended") {
  world w;
  for (std::uint64_t n = 1; n <= 4; ++n)
    w.submit(make_task_id(me, n));
  w.after(data_scattered{make_task_id(me, 5), text("table")});
  CHECK(w.machine.inspect() == client::counts{4, 0, 0});
  w.hear(task_done{x, w1, 1, true, text("7")});
  w.hear(task_failed{y, broken});
  w.after(future_dropped{make_task_id(me, 3)});
  CHECK(w.machine.inspect() == client::counts{4, 3, 1});
  w.after(future_dropped{x});
  CHECK(w.machine.inspect() == client::counts{4, 3, 1});
}

TEST_CASE("a table finds what it was given, and forgets what was erased") {
  number_table<std::uint64_t> table;
  for (std::uint64_t n = 1; n <= 20'000; ++n)
    CHECK(table.insert(n, n * 2));
  CHECK_FALSE(table.insert(7, 1));
  for (std::uint64_t n = 1; n <= 20'000; ++n)
    if (n % 5'000 != 0) table.erase(n);
  table.erase(7);
  CHECK(table.size() == 4);
  CHECK(table.find(7) == nullptr);
  CHECK(table.find(1'000'000) == nullptr);
  std::vector<std::uint64_t> left;
  table.for_each([&](std::uint64_t n, std::uint64_t& entry) {
    CHECK(entry == n * 2);
    left.push_back(n);
  });
  CHECK(left == std::vector<std::uint64_t>{5'000, 10'000, 15'000, 20'000});
}
