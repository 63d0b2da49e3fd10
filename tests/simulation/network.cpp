#include "tests/simulation/network.hpp"

#include <algorithm>

namespace troupe::simulation {

void timeline::after(std::chrono::nanoseconds delay, action what) {
  planned_.emplace(std::pair{now_ + delay, ++planned_so_far_}, std::move(what));
}

void timeline::step() {
  auto next = planned_.extract(planned_.begin());
  now_ = std::max(now_, next.key().first);
  next.mapped()();
}

node_id network::join(node& n) {
  nodes_[++last_node_] = &n;
  return last_node_;
}

void network::leave(node_id n) {
  nodes_.erase(n);
  std::vector<link_id> broken;
  for (const auto& [id, l] : links_)
    if (l.ends[0] == n || l.ends[1] == n) broken.push_back(id);
  for (const auto id : broken)
    cut(id);
}

std::chrono::nanoseconds network::delay() {
  // Mostly a fast network, at times a slow one.
  const auto us = dice_.chance(5) ? dice_.between(1000, 50000) : dice_.between(20, 500);
  return std::chrono::microseconds(us);
}

link_id network::connect(node_id from, node_id to) {
  const auto id = ++last_link_;
  links_[id] = link{{from, to}, {}};
  const auto takes = delay();
  // Nothing that is sent on it comes before it is open.
  links_[id].last_arrival[1] = timeline_.now() + takes;
  timeline_.after(takes, [this, id, to] {
    if (!links_.contains(id)) return;
    if (is_here(to))
      nodes_[to]->opened(id);
    else
      cut(id);
  });
  return id;
}

void network::send(link_id id, node_id from, frame f) {
  const auto at = links_.find(id);
  if (at == links_.end()) return;
  auto& l = at->second;
  const int end = l.ends[0] == from ? 1 : 0;
  auto& last = l.last_arrival[end];
  last = std::max(last, timeline_.now() + delay());
  timeline_.after(last - timeline_.now(), [this, id, to = l.ends[end], f = std::move(f)] {
    if (links_.contains(id) && is_here(to)) nodes_[to]->received(id, f);
  });
}

void network::cut(link_id id) {
  const auto l = links_.extract(id);
  if (l.empty()) return;
  for (const auto end : l.mapped().ends)
    tell_closed(id, end);
}

void network::tell_closed(link_id id, node_id end) {
  timeline_.after(delay(), [this, id, end] {
    if (is_here(end)) nodes_[end]->closed(id);
  });
}

void network::cut_any(node_id spared) {
  std::vector<link_id> possible;
  for (const auto& [id, l] : links_)
    if (l.ends[0] != spared && l.ends[1] != spared) possible.push_back(id);
  if (!possible.empty()) cut(possible[dice_.below(possible.size())]);
}

}  // namespace troupe::simulation
