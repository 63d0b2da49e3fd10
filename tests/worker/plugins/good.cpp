#include <stdexcept>

#include <troupe/plugin.hpp>

namespace plugins {

int twice(int x) {
  return 2 * x;
}

int fail(int x) {
  throw std::out_of_range("no such number: " + std::to_string(x));
}

}  // namespace plugins

void troupe_register_tasks(troupe::task_registry& tasks) {
  tasks.add<&plugins::twice, &plugins::fail>();
}
