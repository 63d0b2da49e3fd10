#include <troupe/plugin.hpp>

int nowhere_defined(int);

void troupe_register_tasks(troupe::task_registry& tasks) {
  tasks.add<&nowhere_defined>();
}
