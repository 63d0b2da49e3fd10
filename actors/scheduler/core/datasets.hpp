#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <troupe/id.hpp>

namespace troupe::core {

/// Names of results. Who opens one submits a task of its own that gives the result back, so
/// everything else about it (leases, claims, releases, restarts) is as for any task.
class dataset_book {
public:
  struct dataset {
    task_id task;
    std::string type;  ///< In words.

    friend bool operator==(const dataset&, const dataset&) = default;
  };

  /// Null if there is none. Good until the next change.
  const dataset* find(std::string_view name) const;

  /// Also if the name is another one's.
  void call(const std::string& name, dataset);

  void withdraw(std::string_view name);

  /// Whether the task has a name.
  bool calls(task_id task) const { return names_of_.contains(task); }

  std::vector<std::string> names() const;

  const std::map<std::string, dataset, std::less<>>& all() const noexcept { return datasets_; }

private:
  std::map<std::string, dataset, std::less<>> datasets_;
  std::map<task_id, std::uint32_t> names_of_;  ///< How many.
};

}  // namespace troupe::core
