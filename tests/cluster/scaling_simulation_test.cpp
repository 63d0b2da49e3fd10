#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "actors/cluster/core/scaling.hpp"

using namespace troupe;
using namespace troupe::core;
using namespace troupe::core::scaling;
using namespace std::chrono_literals;

namespace {

/// A place that refuses, kills and forgets, on a clock of its own. Workers join some time after
/// their launch, and their connection is lost some time after their death.
class fake_place {
public:
  fake_place(unsigned seed, bool hostile) : random_(seed), hostile_(hostile) {}

  void run(scaler& machine, std::vector<event> events) {
    while (!events.empty()) {
      std::vector<event> next;
      for (const auto& e : events) {
        std::vector<effect> out;
        machine.handle(e, now_, out);
        machine.check_invariants();
        for (const auto& what : out)
          std::visit([&](const auto& x) { carry_out(x, next); }, what);
      }
      events = std::move(next);
    }
  }

  /// Lets 10 ms pass.
  void step(scaler& machine) {
    now_ += 10ms;
    std::vector<event> events;
    for (auto& [id, one] : workers_)
      advance(one, events);
    if (machine.deadline() && *machine.deadline() <= now_) events.emplace_back(clock_ticked{});
    run(machine, std::move(events));
  }

  void make_peaceful() { hostile_ = false; }

  std::size_t alive() const {
    return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(),
                                                  [](const auto& w) { return w.second.alive; }));
  }

private:
  struct worker {
    launch_number launch = 0;
    bool alive = true;
    bool joined = false;
    bool retired = false;
  };

  bool chance(unsigned one_in) { return random_() % one_in == 0; }

  void advance(worker& w, std::vector<event>& events) {
    if (w.alive && w.retired && chance(5)) w.alive = false;
    if (w.alive && hostile_ && chance(300)) w.alive = false;
    if (w.alive && !w.joined && chance(20)) {
      w.joined = true;
      events.emplace_back(scaling::worker_joined{w.launch});
    } else if (w.joined && (!w.alive || (hostile_ && chance(500)))) {
      w.joined = false;
      events.emplace_back(scaling::worker_lost{w.launch});
    }
  }

  void carry_out(const make_launches& order, std::vector<event>& next) {
    for (std::uint32_t i = 0; i < order.count; ++i) {
      const auto number = order.first + i;
      if (hostile_ && chance(4)) {
        next.emplace_back(launch_refused{number, {errc::system, "not today"}});
        continue;
      }
      const auto id = "p" + std::to_string(number);
      workers_[id] = {number};
      next.emplace_back(launch_accepted{number, id});
    }
  }

  void carry_out(const drain_launch& order, std::vector<event>&) {
    for (auto& [id, one] : workers_)
      if (one.launch == order.launch) one.retired = true;
  }

  void carry_out(const retire_launches& order, std::vector<event>&) {
    for (const auto& id : order.ids)
      if (auto found = workers_.find(id); found != workers_.end()) found->second.retired = true;
  }

  void carry_out(const take_survey&, std::vector<event>& next) {
    surveyed answer;
    for (const auto& [id, w] : workers_) {
      // Some deaths are told with their reason; of others the launch is just not listed.
      const auto at = w.alive ? observation::phase::running : observation::phase::gone;
      if (w.alive || w.launch % 2 == 0) answer.all.push_back({id, at, "killed", false, w.launch});
    }
    std::erase_if(workers_, [](const auto& w) { return !w.second.alive; });
    next.emplace_back(answer);
  }

  void carry_out(const report_death&, std::vector<event>&) {}

  void carry_out(const give_up&, std::vector<event>&) {}

  std::mt19937 random_;
  bool hostile_;
  time_point now_{std::chrono::hours(1)};
  std::map<std::string, worker> workers_;
};

}  // namespace

TEST_CASE("whatever the place does, there are as many workers as wanted once it is peaceful") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    scaler machine{config{}};
    fake_place place(seed, true);
    std::mt19937 random(seed);
    std::uint32_t wanted = 4;
    place.run(machine, {launches_wanted{wanted}});
    for (int i = 0; i < 3000; ++i) {
      if (random() % 500 == 0) {
        wanted = static_cast<std::uint32_t>(random() % 12);
        place.run(machine, {launches_wanted{wanted}});
      }
      place.step(machine);
    }
    place.make_peaceful();
    if (machine.inspect().gave_up) place.run(machine, {launches_wanted{wanted}});
    for (int i = 0; i < 6000; ++i)
      place.step(machine);
    REQUIRE(machine.inspect() == scaler::counts{wanted, 0, wanted, 0, false});
    REQUIRE(place.alive() == wanted);
  }
}
