#include <cstdio>

#include <troupe/troupe.hpp>

int add(int a, int b) {
  return a + b;
}

int main(int argc, char** argv) try {
  auto tasks = [](troupe::task_registry& registry) { registry.add<&add>(); };
  if (troupe::is_worker(argc, argv)) return troupe::worker_main(argc, argv, tasks);
  troupe::cluster cluster(troupe::config::from_arguments(argc, argv), tasks);
  auto client = cluster.connect();
  auto three = client.submit<&add>(1, 2);
  std::printf("1 + 2 + 3 = %d\n", client.submit<&add>(three, 3).get());
} catch (const troupe::exception& e) {
  std::fprintf(stderr, "hello: %s\n", e.what());
  return 1;
}
