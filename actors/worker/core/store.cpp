#include "actors/worker/core/store.hpp"

#include <utility>

namespace troupe::core {

const value& store::put(task_id task, value content) {
  const auto [kept, fresh] = results_.put(task, std::move(content));
  if (fresh) bytes_ += kept.size();
  return kept;
}

const value* store::find(task_id task) const {
  return results_.find(task);
}

bool store::drop(task_id task) {
  const auto* held = results_.find(task);
  if (!held) return false;
  bytes_ -= held->size();
  return results_.erase(task);
}

}  // namespace troupe::core
