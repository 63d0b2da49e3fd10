#include <troupe/plugin.hpp>

namespace plugins {

double twice(double x) {
  return 2 * x;
}

}  // namespace plugins

void troupe_register_tasks(troupe::task_registry& tasks) {
  tasks.add<&plugins::twice>();
}
