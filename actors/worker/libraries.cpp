#include "actors/worker/libraries.hpp"

#include <exception>
#include <optional>
#include <utility>

#include "backends/plugin.hpp"

namespace troupe {

namespace {

std::optional<std::string> thrown_by(const std::function<void()>& f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception of unknown type";
  }
  return {};
}

}  // namespace

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

void task_table::on_start(std::function<void()> f) {
  starts_.push_back(std::move(f));
}

void task_table::on_stop(std::function<void()> f) {
  stops_.push_back(std::move(f));
}

result<void> task_table::start() const {
  for (const auto& f : starts_)
    if (auto why = thrown_by(f)) return error{errc::system, "cannot start: " + *why};
  return {};
}

result<void> task_table::stop() const {
  std::string all;
  for (auto at = stops_.rbegin(); at != stops_.rend(); ++at)
    if (auto why = thrown_by(*at)) all += (all.empty() ? "" : "; ") + *why;
  if (!all.empty()) return error{errc::system, "while it stopped: " + all};
  return {};
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
