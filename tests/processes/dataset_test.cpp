#include <chrono>
#include <functional>
#include <signal.h>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/processes/support.hpp"

using namespace processes;
using namespace std::chrono_literals;

namespace {

constexpr double ramp_total = 89'999.0 * 45'000;

std::string message_of(const std::function<void()>& what) {
  try {
    what();
  } catch (const troupe::exception& e) {
    return e.why().message;
  }
  return "nothing was wrong";
}

/// As `troupe status` counts them; itself is none.
int clients_of(const std::string& address) {
  const auto seen = run_troupe(
      {"status", "--set", "security.token=" + config(0).security.token, "--json", address});
  const std::string key = "\"clients\": ";
  const auto at = seen.out.find(key);
  return at == std::string::npos ? -1 : std::stoi(seen.out.substr(at + key.size()));
}

}  // namespace

TEST_CASE("what is published outlives a client that is killed, and the worker that has it") {
  auto options = config(1);
  options.scheduler.client_grace = 50ms;
  options.scheduler.listen = "tcp://127.0.0.1:0";
  troupe::cluster cluster(options, register_tasks);
  const auto client = cluster.connect();
  {
    const auto publisher = start_role({"--publisher", cluster.address()});
    REQUIRE(eventually(30s, [&] { return client.datasets().size() == 3; }));
    client.dataset<std::vector<double>>("ramp").wait();
  }
  // The killed client has gone for good: what it had and has not published is not there.
  REQUIRE(eventually(30s, [&] { return clients_of(cluster.address()) == 1; }));
  CHECK(client.datasets() == std::vector<std::string>{"broken", "ramp", "square"});
  CHECK(client.dataset<std::int64_t>("square").get() == 90'000);
  const auto ramp = client.dataset<std::vector<double>>("ramp");
  CHECK(client.submit<&total>(ramp).get() == doctest::Approx(ramp_total));
  CHECK(message_of([&] { client.dataset<std::int64_t>("broken").get(); }) == "no number 1");
  for (const auto worker : children())
    ::kill(worker, SIGKILL);
  CHECK(client.submit<&total>(client.dataset<std::vector<double>>("ramp")).get() ==
        doctest::Approx(ramp_total));
}

TEST_CASE("two clients share results by name, and are told what is wrong with one") {
  troupe::cluster cluster(config(1), register_tasks);
  const auto one = cluster.connect();
  const auto other = cluster.connect();
  const auto nine = one.submit<&square>(std::int64_t{3});
  const auto four = other.submit<&square>(std::int64_t{2});
  one.publish("nine", nine);
  one.publish("nine", nine);
  CHECK(other.dataset<std::int64_t>("nine").get() == 9);
  CHECK(message_of([&] { other.publish("nine", four); }) ==
        "there is a dataset 'nine' already; unpublish it first, or publish with {.replace = true}");
  CHECK(message_of([&] { auto wrong = other.dataset<double>("nine"); }) ==
        "the dataset 'nine' is of type i64; it was asked for as f64");
  CHECK(message_of([&] { auto wrong = other.dataset<double>("nines"); }) ==
        "there is no dataset 'nines'; did you mean nine?");
  other.publish("nine", four, {.replace = true});
  CHECK(one.dataset<std::int64_t>("nine").get() == 4);
  one.unpublish("nine");
  CHECK(other.datasets().empty());
  CHECK(message_of([&] { one.unpublish("nine"); }) == "there is no dataset 'nine'");
}
