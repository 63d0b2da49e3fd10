#include "actors/worker/libraries.hpp"

#include <exception>

#include "backends/plugin.hpp"

namespace troupe {

void task_table::add(task_entry entry) {
  const std::string name(entry.name);
  auto [at, fresh] = tasks_.try_emplace(name, known_task{std::string(entry.signature), entry.run});
  if (fresh || at->second.run == entry.run) return;
  throw exception({errc::bad_argument, "two functions want to be the task '" + name +
                                           "': " + at->second.signature + " is there already, " +
                                           std::string(entry.signature) +
                                           " is refused; give one of them another name, as in "
                                           "troupe::task<&f>(\"name\")"});
}

const known_task* task_table::find(std::string_view name) const {
  auto at = tasks_.find(name);
  return at == tasks_.end() ? nullptr : &at->second;
}

std::vector<task_signature> task_table::signatures() const {
  std::vector<task_signature> all;
  all.reserve(tasks_.size());
  for (const auto& [name, task] : tasks_)
    all.push_back({name, task.signature});
  return all;
}

result<void> load_library(const std::string& path, task_table& tasks) {
  auto library = plugin::open(path, "task library");
  if (!library) return library.error();
  auto fill = library->find<void (*)(task_registry&)>("troupe_register_tasks");
  if (!fill) return fill.error();
  try {
    (*fill)(tasks);
  } catch (const std::exception& e) {
    return error{errc::bad_config, "task library '" + path + "' is refused: " + e.what()};
  }
  return {};
}

}  // namespace troupe
