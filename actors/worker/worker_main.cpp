#include <cstring>
#include <string>

#include <troupe/worker.hpp>

#include "actors/worker/run_worker.hpp"

namespace troupe {

namespace {

constexpr const char* worker_word = "--troupe-worker";

}  // namespace

bool is_worker(int argc, char** argv) {
  return argc > 1 && std::strcmp(argv[1], worker_word) == 0;
}

int worker_main(int argc, char** argv, const std::function<void(task_registry&)>& register_tasks) {
  const std::string program = std::string(argc > 0 ? argv[0] : "program") + " " + worker_word;
  const int skipped = is_worker(argc, argv) ? 1 : 0;
  return run_worker(program, argc - skipped, argv + skipped, register_tasks);
}

}  // namespace troupe
