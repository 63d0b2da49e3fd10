#include "actors/cluster/staff.hpp"

#include <variant>

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t cpu = 0;
constexpr std::size_t gpu = 1;

struct two_groups : staff {
  two_groups() : staff({{"cpu", {}, 1}, {"gpu", core::to_amounts({{"gpu", 1}}), 1}}) {
    want(cpu, 10, 10);
    want(gpu, 10, 10);
    take(cpu);
    take(gpu);
  }

  void change(worker_change::kind what, std::uint64_t worker, const std::string& label) {
    changed({what, {worker}, "w", label});
  }

  core::scaling::load_seen load_of(group_index which) {
    const auto events = take(which);
    REQUIRE(events.size() == 1);
    return std::get<core::scaling::load_seen>(events.front());
  }
};

constexpr auto joined = worker_change::kind::joined;
constexpr auto lost = worker_change::kind::lost;

}  // namespace

TEST_CASE(
    "a worker counts to the group that its launch is called by, one of no launch to the first") {
  two_groups s;
  s.change(joined, 1, "gpu-3");
  s.change(joined, 2, "");
  s.change(joined, 3, "tpu-3");
  CHECK(s.joined(gpu) == 1);
  CHECK(s.joined(cpu) == 2);
  CHECK(s.take(cpu).empty());
  const auto told = s.take(gpu);
  REQUIRE(told.size() == 1);
  CHECK(std::get<core::scaling::worker_joined>(told.front()).launch == 3);
  s.change(lost, 1, "gpu-3");
  s.change(lost, 1, "gpu-3");
  CHECK(s.joined(gpu) == 0);
}

TEST_CASE("each group hears of its own load, and what its launches would cost") {
  two_groups s;
  s.load_seen({1,
               {{{}, {4, 40, 0}}, {core::to_amounts({{"gpu", 1}}), {2, 20, 0}}},
               {{"cpu-1", {1, 10, 100}}, {"gpu-7", {1, 5, 0}}, {"", {3, 30, 300}}}});
  const auto of_cpu = s.load_of(cpu);
  CHECK(of_cpu.runs == 8);
  CHECK(of_cpu.work_ns == 80);
  CHECK(of_cpu.results_bytes == 400);
  CHECK(of_cpu.costs == std::map<core::scaling::launch_number, std::uint64_t>{{1, 110}});
  const auto of_gpu = s.load_of(gpu);
  CHECK(of_gpu.runs == 3);
  CHECK(of_gpu.work_ns == 25);
  CHECK(of_gpu.costs == std::map<core::scaling::launch_number, std::uint64_t>{{7, 5}});
}

TEST_CASE(
    "who waits for workers is told that it is hopeless only if the other groups are too few") {
  two_groups s;
  s.want(cpu, 1, 1);
  s.change(joined, 1, "cpu-1");
  s.gave_up(gpu, {errc::worker_lost, "no disk"});
  CHECK(s.wait_for(1, 0s));
  CHECK(s.wait_for(2, 10s).error() == error{errc::worker_lost, "group gpu: no disk"});
  s.want(gpu, 1, 1);
  CHECK(s.wait_for(2, 0s).error().code == errc::timeout);
  CHECK(s.view().groups == std::vector<std::string>{"cpu", "gpu"});
}
