#include <algorithm>
#include <utility>

#include "actors/worker/core/worker.hpp"

// Of whom results are asked, and how many at one time.

namespace troupe::core {

using namespace working;

bool worker::has_room(const peer& p, std::uint64_t size) const {
  const auto fits = [size](std::uint64_t taken, std::uint64_t most) {
    return taken == 0 || (size <= most && taken <= most - size);
  };
  return size <= limits_.fetch_small ||
         (fits(in_flight_, limits_.fetch_max) && fits(p.in_flight, limits_.fetch_peer_max));
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
    p.waiting.push_back(task);
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

void worker::issue_fetches() {
  for (auto at = busy_peers_.begin(); at != busy_peers_.end();) {
    auto& p = peers_.at(*at);
    for (; !p.waiting.empty(); p.waiting.pop_front()) {
      const auto task = p.waiting.front();
      const auto found = fetches_.find(task);
      if (found == fetches_.end() || found->second.asking != *at || found->second.in_flight > 0)
        continue;
      if (!has_room(p, found->second.size)) break;
      issue_fetch(task, found->second);
    }
    at = p.waiting.empty() ? busy_peers_.erase(at) : std::next(at);
  }
}

}  // namespace troupe::core
