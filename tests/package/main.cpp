// A user's program, seen from outside: installed headers and library only.
#include <cstdio>

#include <troupe/troupe.hpp>

int twice(int x) {
  return 2 * x;
}

void tasks(troupe::task_registry& registry) {
  registry.add<&twice>();
}

int main() {
  troupe::config config;
  config.cluster.workers = 1;
  config.cluster.place.set("isolation", "thread");
  config.log.level = "warn";
  troupe::cluster cluster(config, tasks);
  auto client = cluster.connect();
  const int answer = client.submit<&twice>(21).get();
  std::printf("%d\n", answer);
  return answer == 42 ? 0 : 1;
}
