#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/config/temporary_folder.hpp"
#include "tests/processes/support.hpp"

using namespace processes;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::int64_t million = 1'000'000;  ///< Doubles: 8 MB.

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code code;
  for (const auto& entry : fs::recursive_directory_iterator(folder, code))
    if (entry.is_regular_file(code)) sum += entry.file_size(code);
  return sum;
}

}  // namespace

namespace processes {

/// Takes so much memory, uses it, and holds it until it is cancelled.
std::int64_t take_memory(std::int64_t bytes) {
  std::vector<char> all(static_cast<std::size_t>(bytes));
  for (std::size_t i = 0; i < all.size(); i += 4096)
    all[i] = static_cast<char>(i);
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (!troupe::cancelled() && std::chrono::steady_clock::now() < until) {
  }
  return all[all.size() / 2];
}

void register_memory(troupe::task_registry& tasks) {
  tasks.add<&take_memory>();
}

}  // namespace processes

TEST_CASE("results that are too much for a worker's memory are on its disk, and come back") {
  const temporary_folder folder;
  auto options = config(1);
  options.worker.memory = 256 * mib;
  options.worker.local_directory = folder.path();
  {
    troupe::cluster cluster(options, register_tasks);
    auto client = cluster.connect();
    const auto worker = client.submit<&process_number>().get();
    std::vector<troupe::future<std::vector<double>>> ramps;
    for (int i = 0; i < 50; ++i)
      ramps.push_back(client.submit<&ramp>(million));
    troupe::wait(ramps);
    CHECK(bytes_in(folder.path()) > 10 * mib);
    for (auto& one : ramps)
      CHECK(client.submit<&total>(one).get() == doctest::Approx(999999.0 * 500000));
    CHECK(ramps.front().get().size() == million);
    CHECK(client.submit<&process_number>().get() == worker);
  }
  CHECK(bytes_in(folder.path()) == 0);
}

TEST_CASE("a worker whose disk takes nothing keeps results in memory, and works on") {
  auto options = config(1);
  options.worker.memory = 160 * mib;
  options.worker.memory_pause = 0;
  options.worker.memory_terminate = 0;
  options.worker.local_directory = "/proc/no_folder";
  options.log.level = "off";
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  std::vector<troupe::future<std::vector<double>>> ramps;
  for (int i = 0; i < 24; ++i)
    ramps.push_back(client.submit<&ramp>(million));
  for (auto& one : ramps)
    CHECK(client.submit<&total>(one).get() == doctest::Approx(999999.0 * 500000));
}

TEST_CASE("a function that takes too much memory ends its worker, and at last fails for it") {
  auto options = config(1);
  options.worker.memory = 256 * mib;
  options.scheduler.worker_losses_max = 1;
  options.log.level = "off";
  troupe::cluster cluster(options, register_tasks);
  auto client = cluster.connect();
  const auto outcome = client.submit<&take_memory>(std::int64_t{300 * mib}).result();
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == troupe::errc::worker_lost);
  CHECK(outcome.error().message.find("out of memory: it uses") != std::string::npos);
  CHECK(client.submit<&square>(std::int64_t{3}).get() == 9);
}
