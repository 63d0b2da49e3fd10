#define DOCTEST_CONFIG_IMPLEMENT
#include <cstring>

#include <doctest/doctest.h>

#include "tests/processes/support.hpp"

// This program is its own worker.
int main(int argc, char** argv) {
  if (troupe::is_worker(argc, argv))
    return troupe::worker_main(argc, argv, processes::register_tasks);
  if (argc == 3 && !std::strcmp(argv[1], "--owner")) return processes::be_owner(argv[2]);
  if (argc == 3 && !std::strcmp(argv[1], "--publisher")) return processes::be_publisher(argv[2]);
  return doctest::Context(argc, argv).run();
}
