// Large values between processes.
#include <chrono>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include "serialization/memory_pool.hpp"
#include "tests/processes/support.hpp"

namespace processes {

constexpr std::int64_t count = std::int64_t{1} << 20;

/// Of both, one is of this worker and one of the other.
double total_of(std::span<const double> a, std::span<const double> b) {
  return std::accumulate(a.begin(), a.end(), 0.0) + std::accumulate(b.begin(), b.end(), 0.0);
}

/// Values that this worker has got by mapping a file, after it had these.
std::int64_t mapped_here(std::span<const double>, std::span<const double>) {
  return static_cast<std::int64_t>(troupe::process_memory().inspect().mapped);
}

}  // namespace processes

using namespace processes;

namespace {

/// Two results on two workers; the second does not fit beside the first.
struct two_results {
  explicit two_results(troupe::client& client)
      : a(client.submit<&ramp>(count)), b(client.submit<&ramp>(count)) {
    a.wait();
    b.wait();
  }

  troupe::future<std::vector<double>> a;
  troupe::future<std::vector<double>> b;
};

troupe::config one_thread_each(bool local_sockets) {
  auto c = config(2);
  c.worker.threads = 1;
  c.network.local_sockets = local_sockets;
  return c;
}

}  // namespace

TEST_CASE("large values between processes of one machine are mapped, and by TCP they are not") {
  for (const bool local : {true, false}) {
    CAPTURE(local);
    troupe::cluster cluster(one_thread_each(local), register_tasks);
    auto client = cluster.connect();
    cluster.wait_for_workers(2, std::chrono::seconds(20));
    const two_results both(client);
    const auto before = troupe::process_memory().inspect().mapped;
    const double wanted = static_cast<double>(count) * static_cast<double>(count - 1);
    CHECK(client.submit<&total_of>(both.a, both.b).get() == wanted);
    const auto got = both.a.get();
    CHECK(got.size() == static_cast<std::size_t>(count));
    CHECK(got.back() == static_cast<double>(count - 1));
    CHECK((troupe::process_memory().inspect().mapped > before) == local);
    CHECK((client.submit<&mapped_here>(both.a, both.b).get() > 0) == local);
  }
}
