#include <algorithm>
#include <utility>

#include "actors/worker/core/worker.hpp"

// Of whom results are asked, and how many at one time.

namespace troupe::core {

using namespace working;

namespace {

bool fits(std::uint64_t size, std::uint64_t taken, std::uint64_t most) {
  return taken == 0 || (size <= most && taken <= most - size);
}

}  // namespace

bool worker::has_room(const peer& p, std::uint64_t size) const {
  return size <= limits_.fetch_small || (fits(size, in_flight_, limits_.fetch_max) &&
                                         fits(size, p.in_flight, limits_.fetch_peer_max));
}

/// The best holder, but rather another one that has room now.
bool worker::ask_next(task_id task, fetch& f) {
  if (f.next.empty()) return false;
  auto best = std::find_if(f.next.rbegin(), f.next.rend(), [&](worker_id w) {
    const auto& p = peers_.at(w);
    return p.waiting.empty() && has_room(p, f.size);
  });
  if (best == f.next.rend()) best = f.next.rbegin();
  f.asking = *best;
  f.next.erase(std::next(best).base());
  auto& p = peers_.at(f.asking);
  p.fetching.insert(task);
  if (f.size <= limits_.fetch_small) {
    issue_fetch(task, f);
  } else {
    p.waiting.emplace_back(++last_turn_, task);
    busy_peers_.insert(f.asking);
  }
  return true;
}

void worker::issue_fetch(task_id task, fetch& f) {
  auto& p = peers_.at(f.asking);
  if (f.size > limits_.fetch_small) {
    f.in_flight = f.size;
    p.in_flight += f.size;
    in_flight_ += f.size;
  }
  if (!std::exchange(p.known, true)) out_->push_back(know_peer{f.asking, p.address});
  out_->push_back(fetch_from{f.asking, task});
}

void worker::stop_asking(task_id task, fetch& f) {
  if (!f.asking) return;
  auto& p = peers_.at(f.asking);
  p.fetching.erase(task);
  p.in_flight -= f.in_flight;
  in_flight_ -= f.in_flight;
  f.in_flight = 0;
}

/// What waits longest with this peer; what is not wanted any more goes.
std::optional<std::uint64_t> worker::next_turn(worker_id of) {
  auto& waiting = peers_.at(of).waiting;
  for (; !waiting.empty(); waiting.pop_front()) {
    const auto found = fetches_.find(waiting.front().second);
    if (found != fetches_.end() && found->second.asking == of && found->second.in_flight == 0)
      return waiting.front().first;
  }
  busy_peers_.erase(of);
  return std::nullopt;
}

/// In the order in which they came to wait, or a large one would wait for ever while small ones
/// pass; only what its own peer has no room for lets others pass.
void worker::issue_fetches() {
  if (busy_peers_.empty()) return;
  // Only when half of them have come: one by one, each would be a request of its own, and a shuffle
  // of 2.5 GB over TCP took a fifth longer.
  if (in_flight_ > limits_.fetch_max / 2) return;
  std::set<std::pair<std::uint64_t, worker_id>> turns;
  for (const auto id : std::vector(busy_peers_.begin(), busy_peers_.end()))
    if (const auto turn = next_turn(id);
        turn && peers_.at(id).in_flight <= limits_.fetch_peer_max / 2)
      turns.emplace(*turn, id);
  while (!turns.empty()) {
    const auto id = turns.extract(turns.begin()).value().second;
    auto& p = peers_.at(id);
    const auto task = p.waiting.front().second;
    auto& f = fetches_.at(task);
    if (!fits(f.size, in_flight_, limits_.fetch_max)) return;
    if (!has_room(p, f.size)) continue;
    p.waiting.pop_front();
    issue_fetch(task, f);
    if (const auto turn = next_turn(id)) turns.emplace(*turn, id);
  }
}

}  // namespace troupe::core
