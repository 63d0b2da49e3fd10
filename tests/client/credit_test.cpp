#include "actors/client/credit.hpp"

#include <chrono>
#include <future>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::test {

using detail::credit;

namespace {

constexpr std::chrono::seconds patience{20};

bool waits(const std::future<void>& one) {
  return one.wait_for(std::chrono::milliseconds(20)) == std::future_status::timeout;
}

bool ends(const std::future<void>& one) {
  return one.wait_for(patience) == std::future_status::ready;
}

}  // namespace

TEST_CASE("who has run far ahead waits until half of it has been taken") {
  auto shared = std::make_shared<credit>(100);
  shared->spend(60);
  shared->spend(60);
  auto late = std::async(std::launch::async, [&] { shared->spend(1); });
  CHECK(waits(late));
  shared->give_back(60);
  CHECK(waits(late));
  shared->receipt(60).reset();
  CHECK(ends(late));
  CHECK(shared->out() == 1);
}

TEST_CASE("many that wait all go on, and each may be larger than the room") {
  auto shared = std::make_shared<credit>(100);
  shared->spend(1000);
  std::vector<std::future<void>> all;
  for (int i = 0; i < 8; ++i)
    all.push_back(std::async(std::launch::async, [&] {
      shared->spend(1000);
      shared->give_back(1000);
    }));
  shared->give_back(1000);
  for (auto& one : all)
    CHECK(ends(one));
  CHECK(shared->out() == 0);
}

TEST_CASE("nobody waits for a connection that has ended") {
  auto shared = std::make_shared<credit>(100);
  shared->spend(1000);
  auto late = std::async(std::launch::async, [&] { shared->spend(1); });
  CHECK(waits(late));
  shared->close();
  CHECK(ends(late));
  shared->spend(1000);
}

}  // namespace troupe::test
