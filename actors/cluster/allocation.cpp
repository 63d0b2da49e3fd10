#include "actors/cluster/allocation.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <variant>
#include <vector>

#include "actors/worker/run_worker.hpp"
#include "backends/jobqueue/allocation.hpp"
#include "config/connection_file.hpp"
#include "config/environment.hpp"
#include "config/load.hpp"

namespace troupe {

namespace {

using backends::jobqueue::find_rank;

constexpr auto beat = std::chrono::milliseconds(100);

result<std::string> name_of(const config& options) {
  if (!options.cluster.name.empty()) return options.cluster.name;
  const auto rank = find_rank(process_environment());
  if (rank && !rank->id.empty()) return "allocation-" + rank->id;
  return error{errc::bad_config,
               "the processes of this allocation have no number in common by which they could find "
               "each other; set cluster.name"};
}

struct invited {
  load_request request;
  config options;
};

/// What the arguments of a program of its own say of us; those of its own are left alone.
result<invited> read(int argc, char** argv) {
  std::vector<char*> copy(argv, argv + argc);
  copy.push_back(nullptr);
  auto request = take_arguments(argc, copy.data(), process_environment());
  if (!request) return request.error();
  auto loaded = load_config(*request);
  if (!loaded) return loaded.error();
  return invited{std::move(*request), std::move(loaded->values)};
}

/// A rank that has nobody to work for would wait without end.
result<void> wait_for_file(const std::filesystem::path& file, std::chrono::nanoseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!read_connection_file(file)) {
    if (std::chrono::steady_clock::now() > until)
      return error{errc::timeout, "the process of rank 0 has not written " + file.string() +
                                      " within cluster.start_timeout"};
    std::this_thread::sleep_for(beat);
  }
  return {};
}

}  // namespace

bool is_allocation(const config& options) {
  const auto& keys = options.cluster.place.keys();
  const auto found = keys.find("mode");
  if (options.cluster.type != "jobqueue" || found == keys.end()) return false;
  const auto* text = std::get_if<std::string>(&found->second.value);
  return text && *text == "allocation";
}

result<void> prepare_allocation(config& options) {
  if (!options.groups.empty())
    return error{errc::bad_config,
                 "the processes of an allocation are all alike: there can be no [[cluster.group]]"};
  auto name = name_of(options);
  if (!name) return name.error();
  options.cluster.name = *name;
  const auto rank = find_rank(process_environment());
  if (rank && options.cluster.workers == 0) options.cluster.workers = rank->size - 1;
  return {};
}

bool is_rank_of_worker(int argc, char** argv) {
  const auto rank = find_rank(process_environment());
  if (!rank || rank->rank == 0) return false;
  // That a configuration cannot be used is told by who needs it.
  const auto how = read(argc, argv);
  return how && is_allocation(how->options);
}

int be_rank(int argc, char** argv, const std::function<void(task_registry&)>& register_tasks) {
  const auto how = read(argc, argv);
  const auto name = how ? name_of(how->options) : result<std::string>(how.error());
  const auto file = name ? clusters_folder() / (*name + ".json") : std::filesystem::path();
  const auto ready =
      name ? wait_for_file(file, how->options.cluster.start_timeout) : result<void>(name.error());
  if (!ready) {
    std::fprintf(stderr, "%s: %s\n", argv[0], ready.error().message.c_str());
    return 2;
  }
  const auto rank = std::to_string(find_rank(process_environment())->rank);
  std::vector<std::string> words{argv[0], file.string(), "--launch", rank};
  if (how->options.worker.name.empty()) words.insert(words.end(), {"--name", *name + "-" + rank});
  // srun gives each task its cores, but does not always bind it to them.
  if (const auto cores = variable(process_environment(), "SLURM_CPUS_PER_TASK");
      how->options.worker.threads == 0 && !cores.empty())
    words.insert(words.end(), {"--threads", cores});
  if (!how->request.file.empty())
    words.insert(words.end(), {"--config", how->request.file.string()});
  for (const auto& assignment : how->request.assignments)
    words.insert(words.end(), {"--set", assignment});
  std::vector<char*> arguments;
  for (auto& word : words)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  return run_worker(argv[0], static_cast<int>(words.size()), arguments.data(), register_tasks);
}

}  // namespace troupe
