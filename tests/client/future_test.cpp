#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <troupe/client.hpp>
#include <troupe/future.hpp>

#include "tests/client/fake_cluster.hpp"

using namespace troupe;
using namespace std::chrono_literals;
using troupe::testing::fake_cluster;
using troupe::testing::fake_places;

namespace client_test {

int add(int a, int b) {
  return a + b;
}

double total(const std::vector<double>& all) {
  return std::accumulate(all.begin(), all.end(), 0.0);
}

double half(double x) {
  return x / 2;
}

std::string repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}

int size_of(const std::string& text) {
  return static_cast<int>(text.size());
}

void touch(int) {}

int broken(int bond) {
  throw std::out_of_range("no bond " + std::to_string(bond));
}

}  // namespace client_test

namespace {

using namespace client_test;

struct small_cluster : fake_cluster {
  explicit small_cluster(const fake_places& at = {}) : fake_cluster(at) {
    add<&client_test::add>();
    add<&total>();
    add<&half>();
    add<&repeat>();
    add<&size_of>();
    add<&touch>();
    add<&broken>();
  }

  using fake_cluster::add;
};

/// Something that another thread does once.
class event {
public:
  void happen() {
    const std::lock_guard lock(mutex_);
    happened_ = true;
    changed_.notify_all();
  }

  bool happens() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [this] { return happened_; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool happened_ = false;
};

errc code_of(const auto& call) {
  try {
    call();
  } catch (const exception& e) {
    return e.code();
  }
  return errc::ok;
}

}  // namespace

TEST_CASE("a submitted task gives a future of its result, encoded or not") {
  small_cluster cluster;
  for (bool encode : {false, true}) {
    CAPTURE(encode);
    const auto client = cluster.connect(encode);
    const auto three = client.submit<&add>(1, 2);
    CHECK(three.get() == 3);
    CHECK(three.ready());
    CHECK(*three.result() == 3);
    CHECK(client.submit<&touch>(1).result().has_value());
    client.submit<&touch>(1).get();
  }
}

TEST_CASE("futures are arguments, one by one and in vectors") {
  small_cluster cluster;
  const auto client = cluster.connect();
  const auto three = client.submit<&add>(1, 2);
  const auto six = client.submit<&add>(three, three);
  CHECK(six.get() == 6);
  const std::vector<double> book{1, 2, 3, 4};
  const auto halves = client.map<&half>(book);
  CHECK(client.submit<&total>(halves).get() == 5);
  const auto submitted = cluster.said<submit_task>(7);
  CHECK(submitted[1].inputs == std::vector<task_id>{three.id(), three.id()});
  CHECK(submitted[6].inputs.size() == 4);
}

TEST_CASE("a large result is fetched from its worker when it is asked for, and once") {
  small_cluster cluster;
  const auto client = cluster.connect();
  const auto large = client.submit<&repeat>("abc", 1000);
  large.wait();
  CHECK(large.ready());
  CHECK(cluster.worker_batches() == 0);
  CHECK(large.get().size() == 3000);
  CHECK(large.get().size() == 3000);
  CHECK(cluster.worker_batches() == 1);
}

TEST_CASE("a result that its worker has lost is sought") {
  small_cluster cluster;
  cluster.lose_results(3);
  CHECK(cluster.connect().submit<&repeat>("abc", 1000).get().size() == 3000);
  CHECK(cluster.said<locate_result>(3).size() == 3);
}

TEST_CASE("gather asks each worker once and gives the values in order") {
  small_cluster cluster;
  const auto client = cluster.connect();
  std::vector<int> times(50);
  std::iota(times.begin(), times.end(), 100);
  std::vector<future<std::string>> all;
  for (int n : times)
    all.push_back(client.submit<&repeat>("x", n));
  wait(all);
  const auto texts = client.gather(all);
  REQUIRE(texts.size() == times.size());
  for (std::size_t i = 0; i < times.size(); ++i)
    CHECK(texts[i].size() == static_cast<std::size_t>(times[i]));
  CHECK(cluster.worker_batches() == 1);
}

TEST_CASE("scattered data can be shared by tasks and read back") {
  small_cluster cluster;
  for (bool encode : {false, true}) {
    CAPTURE(encode);
    const auto client = cluster.connect(encode);
    const std::string text(100'000, 'x');
    const auto data = client.scatter(text);
    data.wait();
    CHECK(client.submit<&size_of>(data).get() == 100'000);
    CHECK(data.get() == text);
  }
}

TEST_CASE("as_completed gives futures in the order in which they became ready") {
  small_cluster cluster;
  const auto client = cluster.connect();
  cluster.hold();
  std::vector<future<int>> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(client.submit<&add>(i, 0));
  cluster.let_go(2);
  std::vector<int> order;
  const std::vector<std::size_t> then{0, 3, 1};
  auto next = then.begin();
  for (auto& f : as_completed(all)) {
    CHECK(f.ready());
    order.push_back(f.get());
    if (next != then.end()) cluster.let_go(*next++);
  }
  CHECK(order == std::vector<int>{2, 0, 3, 1});
  std::vector<int> again;
  for (auto& f : as_completed(all))
    again.push_back(f.get());
  CHECK(again == std::vector<int>{0, 1, 2, 3});
  std::vector<future<int>> none;
  for (auto& f : as_completed(none))
    CHECK(f.get() == 0);
}

TEST_CASE("waiting ends at its timeout, and when all are ready") {
  small_cluster cluster;
  const auto client = cluster.connect();
  cluster.hold();
  const std::vector<future<int>> two{client.submit<&add>(1, 2), client.submit<&add>(3, 4)};
  cluster.let_go(0);
  CHECK(two[0].get() == 3);
  CHECK_FALSE(wait(two, 5ms));
  CHECK_FALSE(two[1].wait_for(0ms));
  CHECK_FALSE(two[1].ready());
  cluster.let_go(1);
  CHECK(wait(two, 10s));
  CHECK(two[1].wait_for(std::chrono::nanoseconds::max()));
}

TEST_CASE("a cancelled task fails with errc::cancelled") {
  small_cluster cluster;
  const auto client = cluster.connect();
  cluster.hold();
  const auto x = client.submit<&add>(1, 2);
  x.cancel();
  CHECK(x.result().error().code == errc::cancelled);
  CHECK(cluster.said<cancel_task>(1)[0].task == x.id());
}

TEST_CASE("a failure says what was thrown, by which task and where") {
  small_cluster cluster;
  const auto client = cluster.connect();
  const auto x = client.submit<&broken>(7);
  const auto why = x.result().error();
  CHECK(why.code == errc::task_failed);
  CHECK(why.message == "no bond 7");
  CHECK(why.task == "client_test::broken");
  CHECK(why.worker == "one");
  try {
    x.get();
    FAIL("it has no value");
  } catch (const exception& e) {
    CHECK(std::string(e.what()) == describe(why));
    CHECK(std::string(e.what()).find("std::out_of_range: no bond 7") != std::string::npos);
  }
  const std::vector<future<int>> both{client.submit<&add>(1, 2), x};
  CHECK(code_of([&] { (void)client.gather(both); }) == errc::task_failed);
}

TEST_CASE("the last copy of a future releases its result, and not one before") {
  small_cluster cluster;
  const auto client = cluster.connect();
  task_id id;
  {
    auto x = client.submit<&add>(1, 2);
    id = x.id();
    const auto y = x;
    x = future<int>();
    CHECK(y.get() == 3);
    CHECK(cluster.count_said<release_task>() == 0);
  }
  CHECK(cluster.said<release_task>(1).at(0).task == id);
}

TEST_CASE("callbacks come one after the other, also for what is ready, and may wait") {
  small_cluster cluster;
  const auto client = cluster.connect();
  cluster.hold();
  const auto other = client.submit<&add>(20, 22);
  event first;
  int seen = 0;
  // Nobody but the callback keeps this one.
  client.submit<&add>(1, 2).on_ready([&](const future<int>& f) {
    seen = f.get() + other.get();
    first.happen();
  });
  cluster.let_go(1);
  cluster.let_go(0);
  REQUIRE(first.happens());
  CHECK(seen == 45);
  event second;
  other.on_ready([&](const future<int>& f) {
    seen = f.get();
    second.happen();
  });
  REQUIRE(second.happens());
  CHECK(seen == 42);
}

TEST_CASE("the last copy of a client may go in a callback") {
  small_cluster cluster;
  event over;
  {
    auto client = std::make_shared<troupe::client>(cluster.connect());
    cluster.hold();
    const auto x = client->submit<&add>(1, 2);
    x.on_ready([client, &over](const future<int>&) mutable {
      client.reset();
      over.happen();
    });
  }
  cluster.let_all_go();
  CHECK(over.happens());
}

TEST_CASE("what was not fetched when the client went is gone; what was stays") {
  small_cluster cluster;
  future<int> here;
  future<int> held;
  future<std::string> not_fetched;
  {
    const auto client = cluster.connect();
    here = client.submit<&add>(1, 2);
    not_fetched = client.submit<&repeat>("x", 100);
    not_fetched.wait();
    here.wait();
    cluster.hold();
    held = client.submit<&add>(3, 4);
  }
  CHECK(here.get() == 3);
  CHECK(held.result().error().code == errc::scheduler_lost);
  CHECK(not_fetched.result().error().code == errc::scheduler_lost);
  CHECK(not_fetched.result().error().message.find("client is closed") != std::string::npos);
}

TEST_CASE("when the scheduler goes, all that waits fails, and so does what comes later") {
  small_cluster cluster;
  const auto client = cluster.connect();
  cluster.hold();
  const auto x = client.submit<&add>(1, 2);
  CHECK(cluster.said<submit_task>(1).size() == 1);
  cluster.stop_scheduler();
  CHECK(x.result().error().code == errc::scheduler_lost);
  CHECK(client.submit<&add>(1, 2).result().error().code == errc::scheduler_lost);
  CHECK(client.scatter(1).result().error().code == errc::scheduler_lost);
  CHECK(client.summary().find("no connection to the scheduler") != std::string::npos);
}

TEST_CASE("options travel with the tasks, as one spec for all that are alike") {
  small_cluster cluster;
  const auto client = cluster.connect();
  const submit_options urgent{
      .priority = 10, .retries = 2, .resources = {{"gpu", 1}}, .timeout = std::chrono::seconds(5)};
  (void)client.submit<&add>(1, 2);
  (void)client.with(urgent).submit<&add>(1, 2);
  (void)client.with(urgent).submit<&add>(3, 4);
  (void)client.submit<&add>(1, 2);
  (void)client
      .with({.retry_delay = std::chrono::seconds(1),
             .retry_on = {"timeout"},
             .workers = {"w"},
             .allow_other_workers = true})
      .submit<&add>(1, 2);
  const auto s = cluster.said<submit_task>(5);
  CHECK(*s[0].spec == task_spec{"client_test::add", "(i32, i32) -> i32", 0, 0, {}});
  CHECK(*s[1].spec ==
        task_spec{
            "client_test::add", "(i32, i32) -> i32", 10, 2, {{"gpu", 1}}, std::chrono::seconds(5)});
  CHECK(s[1].spec == s[2].spec);
  CHECK(s[0].spec == s[3].spec);
  CHECK(s[4].spec->retry_delay == std::chrono::seconds(1));
  CHECK(s[4].spec->retry_on == std::vector<std::string>{"timeout"});
  CHECK(s[4].spec->workers == std::vector<std::string>{"w"});
  CHECK(s[4].spec->allow_other_workers);
}

TEST_CASE("a future says why it is not done, in the scheduler's words") {
  small_cluster cluster;
  const auto client = cluster.connect();
  CHECK(client.submit<&add>(1, 2).why() == "queued: all is busy");
}

TEST_CASE("copies, balance and retirement are asked for after what was submitted") {
  small_cluster cluster;
  const auto client = cluster.connect();
  const std::vector<future<int>> some{client.submit<&add>(1, 2)};
  client.replicate(some, 3);
  client.rebalance();
  CHECK(cluster.said<replicate_result>(1)[0] == replicate_result{some[0].id(), 3});
  CHECK(cluster.said<rebalance_results>(1).size() == 1);
  CHECK(code_of([&] { client.retire_workers({"nobody"}); }) == errc::bad_argument);
}

TEST_CASE("a client says where it is connected and what the cluster has") {
  small_cluster cluster;
  std::ostringstream out;
  out << cluster.connect();
  CHECK(out.str() == "client 'alice' at " + cluster.address() +
                         ": scheduler 'fake', 2 workers, 6 threads, 3.0 GiB memory");
}

TEST_CASE("a future of no task, and one that was moved from, say so") {
  const future<int> none;
  CHECK_FALSE(none.ready());
  CHECK_FALSE(none.id());
  CHECK(code_of([&] { (void)none.get(); }) == errc::bad_argument);
  CHECK(code_of([&] { none.cancel(); }) == errc::bad_argument);
  CHECK(code_of([&] { none.wait(); }) == errc::bad_argument);
  std::vector<future<int>> some(1);
  CHECK(code_of([&] { wait(some); }) == errc::bad_argument);
  CHECK(code_of([&] { (void)as_completed(some); }) == errc::bad_argument);
}

TEST_CASE("a scheduler that is not there is an error that says so") {
  const auto options = troupe::testing::test_config();
  CHECK(code_of([&] { client("unix:///nowhere/at/all", options); }) == errc::connection_failed);
}

TEST_CASE("over sockets everything is as within a process, values of any size too") {
  small_cluster cluster({"tcp://127.0.0.1:0", "tcp://127.0.0.1:0"});
  const client client(cluster.address(), troupe::testing::test_config());
  CHECK(client.submit<&client_test::add>(client.submit<&client_test::add>(1, 2), 3).get() == 6);
  CHECK(client.submit<&broken>(7).result().error().message == "no bond 7");
  const auto large = client.submit<&repeat>("x", 1'000'000);
  const auto medium = client.submit<&repeat>("x", 1'000);
  CHECK(large.get().size() == 1'000'000);
  CHECK(medium.get().size() == 1'000);
  const auto data = client.scatter(std::string(3'000'000, 'y'));
  const auto small_data = client.scatter(std::string("z"));
  data.wait();  // The fake scheduler does not hold tasks back until their inputs are there.
  CHECK(client.submit<&size_of>(data).get() == 3'000'000);
  CHECK(data.get() == std::string(3'000'000, 'y'));
  CHECK(small_data.get() == "z");
  CHECK(code_of([&] { (void)client.submit<&size_of>(std::string(60'000'000, 'x')); }) ==
        errc::bad_argument);
  CHECK(client.summary().find("2 workers") != std::string::npos);
}

TEST_CASE("many threads share a client") {
  small_cluster cluster;
  const auto client = cluster.connect();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&wrong, client, t] {
      for (int i = 0; i < 500; ++i)
        if (client.submit<&add>(t, i).get() != t + i) ++wrong;
    });
  for (auto& t : threads)
    t.join();
  CHECK(wrong == 0);
}

TEST_CASE("submitting costs little, and its time is told") {
  small_cluster cluster;
  const auto client = cluster.connect();
  const int count = 100'000;
  std::vector<future<int>> all;
  all.reserve(count);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i)
    all.push_back(client.submit<&add>(i, 1));
  const auto submitted = std::chrono::steady_clock::now();
  wait(all);
  const auto finished = std::chrono::steady_clock::now();
  const auto each = [count](auto time) { return std::to_string((time / count).count()) + " ns"; };
  MESSAGE("a submission took " << each(submitted - start) << ", a task " << each(finished - start));
  CHECK(all.back().get() == count);
}
