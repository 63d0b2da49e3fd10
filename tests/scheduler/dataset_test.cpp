#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;

namespace {

using order = name_dataset::order;

name_dataset publish(task_id task, std::string name = "rates") {
  return {order::publish, std::move(name), task, "f64"};
}

name_dataset ask(order what, std::string name = "rates") {
  return {what, std::move(name), {}, {}};
}

effects told(client_id who, dataset_reply answer) {
  return {tell_client{who, std::move(answer)}};
}

effects refused(client_id who, std::string name, std::string why) {
  return told(who, {std::move(name), std::move(why), {}, {}, {}});
}

/// Alice has x on v, as "rates"; bob is there, too.
struct published_x : bench {
  explicit published_x(scheduler_options options = {}) : bench(std::move(options)) {
    join();
    join();
    worker("v");
    submit(x);
    finish(v, x, 1);
    CHECK(after(alice, publish(x)) == told(alice, rates()));
  }

  static dataset_reply rates() { return {"rates", {}, x, "f64", {}}; }

  /// Bob's own task with the result of x.
  effects open(task_id as) {
    return after(bob, submit_task{as, spec("g"), value(bytes::copy("args")), {x}});
  }
};

constexpr task_id mine = make_task_id(bob, 1);

}  // namespace

TEST_CASE("what is published outlives its client, and others can use it") {
  published_x b;
  CHECK(b.after(alice, release_task{x}).empty());
  CHECK(b.after(alice, leave_scheduler{}).empty());
  CHECK(b.after(bob, ask(order::find)) == told(bob, published_x::rates()));
  CHECK(b.open(mine) == effects{run(v, mine, 2, {{x, 100, {}}}, spec("g"))});
}

TEST_CASE("what is published stays when its client's grace is over") {
  scheduler_options options;
  options.client_grace = std::chrono::seconds(1);
  published_x b(options);
  b.after(client_lost{alice});
  b.now += std::chrono::seconds(2);
  CHECK(b.after(clock_ticked{}).empty());
  CHECK(b.snapshot().tasks_in_memory == 1);
}

TEST_CASE("what is published is computed again when its worker is lost and its client has gone") {
  published_x b;
  b.after(alice, leave_scheduler{});
  b.after(worker_lost{v});
  CHECK(b.worker("w").back() == run(w, x, 2));
}

TEST_CASE("what a client was given and has published is computed again as well") {
  bench b;
  b.join();
  b.worker("v");
  b.submit(x);
  const auto small = value(bytes::copy("7"));
  const run_finished with_value{x, {1}, 1, std::chrono::seconds(1), true, small};
  b.after(v, with_value);
  SUBCASE("published before its worker is lost") {
    b.after(alice, publish(x));
    b.after(worker_lost{v});
  }
  SUBCASE("published after its worker was lost") {
    b.after(worker_lost{v});
    b.after(alice, publish(x));
  }
  CHECK(b.worker("w").back() == run(w, x, 2));
}

TEST_CASE("unpublishing releases, unless somebody wants the result, or it has another name") {
  published_x b;
  SUBCASE("nobody does") {
    b.after(alice, release_task{x});
    CHECK(b.after(bob, ask(order::withdraw)).front() == drop(v, x));
    CHECK(b.after(bob, ask(order::withdraw)) ==
          refused(bob, "rates", "there is no dataset 'rates'"));
  }
  SUBCASE("its client wants it") {
    CHECK(b.after(bob, ask(order::withdraw)).size() == 1);
    CHECK(b.after(alice, release_task{x}) == effects{drop(v, x)});
  }
  SUBCASE("it has another name") {
    b.after(alice, publish(x, "prices"));
    b.after(alice, release_task{x});
    CHECK(b.after(alice, ask(order::withdraw)).size() == 1);
    CHECK(b.after(alice, ask(order::withdraw, "prices")).front() == drop(v, x));
  }
}

TEST_CASE("a name is another result's only if that is said") {
  published_x b;
  b.submit(y);
  b.finish(v, y, 2);
  auto no = published_x::rates();
  no.refused =
      "there is a dataset 'rates' already; unpublish it first, or publish with {.replace = true}";
  CHECK(b.after(alice, publish(y)) == told(alice, no));
  CHECK(b.after(alice, publish(x)) == told(alice, published_x::rates()));
  b.after(alice, release_task{x});
  auto other = publish(y);
  other.what = order::replace;
  CHECK(b.after(alice, other) ==
        effects{drop(v, x), tell_client{alice, dataset_reply{"rates", {}, y, "f64", {}}}});
}

TEST_CASE("names are listed, and one that is nearly right is named") {
  published_x b;
  b.after(alice, publish(x, "prices"));
  auto all = b.after(bob, ask(order::list, {}));
  CHECK(all == told(bob, {{}, {}, {}, {}, {"prices", "rates"}}));
  CHECK(b.after(bob, ask(order::find, "rate")) ==
        refused(bob, "rate", "there is no dataset 'rate'; did you mean rates?"));
}

TEST_CASE("only a result of one's own, that one still has, gets a name") {
  published_x b;
  const auto why = "the result to be called 'other' was released, or never existed";
  CHECK(b.after(bob, publish(x, "other")) == refused(bob, "other", why));
  CHECK(b.after(alice, publish(y, "other")) == refused(alice, "other", why));
}

TEST_CASE("a failure is published as any result, and stays until it is unpublished") {
  bench b;
  b.join();
  b.join();
  b.worker("v");
  b.submit(x);
  b.after(alice, publish(x));
  b.after(v, run_failed{x, {1}, {errc::task_failed, "oops"}});
  b.after(alice, leave_scheduler{});
  CHECK(b.snapshot().tasks_failed == 1);
  const auto said = b.after(bob, submit_task{mine, spec("g"), {}, {x}});
  REQUIRE(said.size() == 1);
  const auto& told = std::get<tell_client>(said[0]);
  CHECK(std::get<task_failed>(told.message).why.message == "oops");
  b.after(bob, release_task{mine});
  b.after(bob, ask(order::withdraw));
  CHECK(b.snapshot().tasks_failed == 0);
}
