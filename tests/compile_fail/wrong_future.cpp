// expect: futures of exactly those types
#include <troupe/task.hpp>

double half(double);

troupe::value pack(std::vector<troupe::task_id>& inputs, const troupe::future<int>& f) {
  return troupe::detail::pack_arguments<&half>(true, inputs, f);
}
