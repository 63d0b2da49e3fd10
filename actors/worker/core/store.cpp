#include "actors/worker/core/store.hpp"

#include <utility>

namespace troupe::core {

const value& store::put(task_id task, value content) {
  auto [at, fresh] = results_.try_emplace(task, std::move(content));
  if (fresh) bytes_ += at->second.size();
  return at->second;
}

const value* store::find(task_id task) const {
  auto at = results_.find(task);
  return at == results_.end() ? nullptr : &at->second;
}

bool store::drop(task_id task) {
  auto at = results_.find(task);
  if (at == results_.end()) return false;
  bytes_ -= at->second.size();
  results_.erase(at);
  return true;
}

}  // namespace troupe::core
