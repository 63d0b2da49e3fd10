#include "actors/scheduler/core/datasets.hpp"

#include <utility>

#include "actors/scheduler/core/scheduler.hpp"
#include "config/nearest.hpp"

namespace troupe::core {

const dataset_book::dataset* dataset_book::find(std::string_view name) const {
  const auto at = datasets_.find(name);
  return at == datasets_.end() ? nullptr : &at->second;
}

void dataset_book::call(const std::string& name, dataset what) {
  ++names_of_[what.task];
  withdraw(name);
  datasets_.emplace(name, std::move(what));
}

void dataset_book::withdraw(std::string_view name) {
  const auto at = datasets_.find(name);
  if (at == datasets_.end()) return;
  const auto names = names_of_.find(at->second.task);
  if (--names->second == 0) names_of_.erase(names);
  datasets_.erase(at);
}

std::vector<std::string> dataset_book::names() const {
  std::vector<std::string> all;
  all.reserve(datasets_.size());
  for (const auto& [name, what] : datasets_)
    all.push_back(name);
  return all;
}

void scheduler::unname(task_id task) {
  if (datasets_.calls(task)) return;
  tasks_[tasks_.find(task)].published = false;
  settle(task);
}

void scheduler::on(client_id from, name_dataset&& m) {
  using order = name_dataset::order;
  dataset_reply answer{m.name, {}, {}, {}, {}};
  const auto* known = datasets_.find(m.name);
  const auto before = known ? known->task : task_id{};
  if (m.what == order::publish || m.what == order::replace) {
    const auto slot = find_own(from, m.task);
    if (slot == none || !tasks_[slot].kept()) {
      answer.refused = "the result to be called '" + m.name + "' was released, or never existed";
    } else if (known && m.what == order::publish &&
               *known != dataset_book::dataset{m.task, m.type}) {
      answer.refused = "there is a dataset '" + m.name +
                       "' already; unpublish it first, or publish with {.replace = true}";
    } else {
      keep(m);
      datasets_.call(m.name, {m.task, m.type});
      tasks_[slot].published = true;
      // Its client has the value, but others will ask for it.
      if (tasks_[slot].spared) compute(slot);
      if (before) unname(before);
    }
  } else if (m.what == order::list) {
    answer.names = datasets_.names();
  } else if (!known) {
    answer.refused =
        "there is no dataset '" + m.name + "'" + did_you_mean(m.name, datasets_.names());
  } else if (m.what == order::withdraw) {
    keep(m);
    datasets_.withdraw(m.name);
    unname(before);
  }
  if (const auto* now = datasets_.find(m.name)) {
    answer.task = now->task;
    answer.type = now->type;
  }
  tell(from, std::move(answer));
}

}  // namespace troupe::core
