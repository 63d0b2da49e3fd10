#include "actors/cluster/core/sharing.hpp"

#include <doctest/doctest.h>

using namespace troupe::core;
using namespace std::chrono_literals;
using scheduling::scheduler_load;
using scheduling::work_load;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
const amounts none = {};
const amounts gpu = {{"gpu", 1'000'000}};

/// Runs of a second each; groups have a second for them.
work_load seconds(std::uint64_t runs) {
  return {runs, runs * second, 0};
}

group_room room(amounts resources, std::uint64_t threads) {
  return {std::move(resources), threads, 1s};
}

std::vector<work_load> shared(const scheduler_load& load, const std::vector<group_room>& rooms,
                              std::vector<work_load> before = {}) {
  before.resize(rooms.size());
  share_queued(load, rooms, before);
  return before;
}

}  // namespace

TEST_CASE("work goes to the group that has what it needs") {
  const auto got =
      shared({0, {{none, seconds(3)}, {gpu, seconds(2)}}, {}}, {room(none, 10), room(gpu, 10)});
  CHECK(got == std::vector{seconds(3), seconds(2)});
}

TEST_CASE("work that needs nothing starts no special machines, if there are others") {
  CHECK(shared({0, {{none, seconds(100)}}, {}}, {room(gpu, 10), room(none, 10)}) ==
        std::vector{work_load{}, seconds(100)});
  CHECK(shared({0, {{none, seconds(100)}}, {}}, {room(none, 2), room(gpu, 10)}) ==
        std::vector{seconds(100), work_load{}});
  CHECK(shared({0, {{none, seconds(100)}}, {}}, {room(gpu, 10)}) == std::vector{seconds(100)});
}

TEST_CASE("of equal groups the first is filled before the second gets any") {
  CHECK(shared({0, {{none, seconds(8)}}, {}}, {room(none, 10), room(none, 100)}) ==
        std::vector{seconds(8), work_load{}});
  CHECK(shared({0, {{none, seconds(40)}}, {}}, {room(none, 10), room(none, 100)}) ==
        std::vector{seconds(10), seconds(30)});
  // What it does already takes room.
  CHECK(shared({0, {{none, seconds(8)}}, {}}, {room(none, 10), room(none, 100)}, {seconds(6)}) ==
        std::vector{seconds(10), seconds(4)});
  // More than all have room for: the last one is asked for it.
  CHECK(shared({0, {{none, seconds(40)}}, {}}, {room(none, 10), room(none, 10)}) ==
        std::vector{seconds(10), seconds(30)});
}

TEST_CASE("what no group can run is nobody's") {
  const amounts two = {{"gpu", 2'000'000}};
  CHECK(shared({0, {{two, seconds(2)}}, {}}, {room(none, 10), room(gpu, 10)}) ==
        std::vector{work_load{}, work_load{}});
  CHECK(shared({0, {{two, seconds(2)}}, {}}, {room(none, 10)}) == std::vector{seconds(2)});
}
