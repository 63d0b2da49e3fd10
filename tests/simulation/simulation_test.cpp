#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>

#include <doctest/doctest.h>

#include "actors/scheduler/event_text.hpp"
#include "tests/simulation/world.hpp"

using namespace troupe::simulation;

namespace {

/// Runs one world; says how to see it again if something was wrong.
bool lives_well(std::uint64_t seed, scheduler_node::witness witness = {}) {
  world w(seed, std::move(witness));
  const auto wrong = w.run();
  if (wrong) {
    std::fprintf(stderr, "seed %llu: %s\n  TROUPE_SIMULATE_SEED=%llu simulation_tests\n",
                 static_cast<unsigned long long>(seed), wrong->c_str(),
                 static_cast<unsigned long long>(seed));
  }
  return !wrong;
}

/// Prints all that the scheduler hears and says.
scheduler_node::witness aloud() {
  static const troupe::names nobody;
  scheduler_node::witness w;
  w.event = [](const auto& e) { std::printf("%s\n", troupe::event_text(nobody)(e).c_str()); };
  w.effect = [](const auto& e) { std::printf("    %s\n", troupe::effect_text(nobody)(e).c_str()); };
  return w;
}

std::uint64_t number_from(const char* variable) {
  const auto* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : 0;
}

}  // namespace

TEST_CASE(
    "whatever breaks, every future ends right or with a good reason, and all is quiet after") {
  if (const auto seed = number_from("TROUPE_SIMULATE_SEED")) {
    REQUIRE(lives_well(seed, aloud()));
    return;
  }
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    REQUIRE(lives_well(seed));
  }
}

TEST_CASE("worlds of one seed are the same") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    world a(seed);
    world b(seed);
    CHECK(a.run() == b.run());
    CHECK(a.summary() == b.summary());
    CHECK(a.summary().steps > 0);
  }
}

TEST_CASE("new seeds, for as long as TROUPE_SIMULATE_SECONDS says") {
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::seconds(number_from("TROUPE_SIMULATE_SECONDS"));
  std::random_device entropy;
  std::uint64_t worlds = 0;
  while (std::chrono::steady_clock::now() < until) {
    const auto seed = std::uint64_t{entropy()} << 16 | (worlds++ & 0xffff);
    CAPTURE(seed);
    REQUIRE(lives_well(seed));
  }
  if (worlds > 0) std::printf("%llu worlds\n", static_cast<unsigned long long>(worlds));
}
