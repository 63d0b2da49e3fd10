// expect: pass values that convert to the task's parameters, or futures of exactly those types
#include <troupe/task.hpp>

int add(int, int);

troupe::value pack(std::vector<troupe::task_id>& inputs) {
  return troupe::detail::pack_arguments<&add>(true, inputs, "x", 2);
}
