#include <cstring>
#include <string>

#include <troupe/worker.hpp>

#include "actors/cluster/allocation.hpp"
#include "actors/cluster/held_cluster.hpp"
#include "actors/worker/run_worker.hpp"

namespace troupe {

namespace {

constexpr const char* worker_word = "--troupe-worker";
/// A cluster of such workers, in a process of its own; its file follows.
constexpr const char* cluster_word = "--troupe-cluster";

bool is(const char* word, int argc, char** argv) {
  return argc > 1 && std::strcmp(argv[1], word) == 0;
}

}  // namespace

bool is_worker(int argc, char** argv) {
  return is(worker_word, argc, argv) || is(cluster_word, argc, argv) ||
         is_rank_of_worker(argc, argv);
}

int worker_main(int argc, char** argv, const std::function<void(task_registry&)>& register_tasks) {
  if (is(cluster_word, argc, argv) && argc > 2) return hold_cluster(argv[2], register_tasks);
  if (!is(worker_word, argc, argv) && is_rank_of_worker(argc, argv))
    return be_rank(argc, argv, register_tasks);
  const std::string program = std::string(argc > 0 ? argv[0] : "program") + " " + worker_word;
  const int skipped = is(worker_word, argc, argv) ? 1 : 0;
  return run_worker(program, argc - skipped, argv + skipped, register_tasks);
}

}  // namespace troupe
