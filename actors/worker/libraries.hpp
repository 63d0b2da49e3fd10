#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <troupe/result.hpp>
#include <troupe/task.hpp>

#include "serialization/messages.hpp"

namespace troupe {

/// A function that this process can run.
struct known_task {
  std::string signature;
  value (*run)(const value& arguments, std::span<const value> inputs) = nullptr;
};

/// The tasks of one process, by name. Filled before the worker starts and only read after that.
class task_table final : public task_registry {
public:
  using task_registry::add;

  /// The same function twice is one. Throws troupe::exception if the name is another function's.
  void add(task_entry) override;

  void on_start(std::function<void()>) override;
  void on_stop(std::function<void()>) override;

  /// Calls what on_start() was given; an error with the words of what it threw.
  result<void> start() const;
  /// And on_stop(). What is thrown is given back, after all have been called.
  result<void> stop() const;

  /// Null if there is none. Good as long as the table.
  const known_task* find(std::string_view name) const;

  /// For the worker's hello, by name.
  std::vector<task_signature> signatures() const;

  std::size_t size() const noexcept { return tasks_.size(); }

private:
  std::map<std::string, known_task, std::less<>> tasks_;
  std::vector<std::function<void()>> starts_;
  std::vector<std::function<void()>> stops_;
};

/// Loads a shared library (see <troupe/plugin.hpp>) and lets it fill the table.
result<void> load_library(const std::string& path, task_table&);

}  // namespace troupe
