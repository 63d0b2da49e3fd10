#include <algorithm>
#include <map>

#include "actors/worker/core/worker.hpp"
#include "serialization/check.hpp"

namespace troupe::core {

using namespace working;

void worker::check_invariants() const {
  std::map<std::uint32_t, std::uint32_t> missing;
  std::uint64_t in_flight = 0;
  for (const auto& [task, f] : fetches_) {
    in_flight += f.in_flight;
    check(!f.needs.empty() || !f.askers.empty() || f.for_keeps, "what is fetched is needed");
    check(!store_.holds(task) || store_.on_disk(task), "what is here is not fetched");
    check(f.askers.empty() || f.asking == me_, "others wait only for what is on disk");
    const auto* maker = run_of_.find(task);
    check(maker || f.asking, "what is not here is asked for, or made");
    if (f.asking) check(peers_.at(f.asking).fetching.contains(task), "a peer knows what is asked");
    for (const auto& n : f.needs) {
      const auto& r = runs_[n.run];
      check(r.inputs.at(n.position) == task, "a need is for an input of its run");
      const bool awaited = std::ranges::count(r.awaits, n.position, &awaited_input::position) == 1;
      if (awaited) check(maker && runs_[*maker].at == phase::executing, "awaited is what executes");
      if (!awaited) check(r.at == phase::waiting, "only waiting runs miss inputs");
      missing[n.run] += !awaited;
    }
  }
  std::uint64_t ready = 0;
  std::uint32_t executing = 0;
  std::size_t zombies = 0;
  for (std::uint32_t slot = 0; slot < runs_.end(); ++slot) {
    const auto& r = runs_[slot];
    if (!r.id) continue;
    check(r.missing == missing[slot], "a run misses what is fetched or made for it");
    check((r.at == phase::waiting) == (r.missing > 0), "a run waits for what it misses");
    ready += r.at == phase::ready;
    executing += r.at == phase::executing || r.at == phase::cancelled;
    zombies += r.at == phase::cancelled;
    if (r.at == phase::cancelled)
      check(zombies_.at(r.id) == slot, "cancelled runs are remembered");
    else
      check(*run_of_.find(r.task) == slot, "a run is found by its task");
  }
  for (const auto& [id, p] : peers_)
    for (auto task : p.fetching)
      check(fetches_.contains(task) && fetches_.at(task).asking == id,
            "a peer is asked for what is fetched from it");
  std::uint64_t from_peers = 0;
  for (const auto& [id, p] : peers_) {
    from_peers += p.in_flight;
    check(p.waiting.empty() || busy_peers_.contains(id), "who has something for us is known");
    check(p.waiting.empty() || in_flight_ > 0, "nothing waits while nothing comes");
  }
  check(in_flight == in_flight_ && from_peers == in_flight_, "what comes is counted");
  check(ready == ready_count_ && executing == executing_, "runs are counted");
  check(zombies == zombies_.size() && run_of_.size() + zombies == runs_.size(), "none is lost");
  check(ready == 0 || paused_ || disk_must_catch_up() || executing_ - away_ >= limits_.threads,
        "no thread is idle while a run is ready");
  for (const auto& [due, slot] : due_)
    check(runs_[slot].at == phase::executing && runs_[slot].due == due,
          "only what executes has a time to end");
  store_.check_invariants();
  check(!stopping_ || (ready == 0 && runs_.size() == executing), "nothing starts after the stop");
}

}  // namespace troupe::core
