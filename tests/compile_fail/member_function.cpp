// expect: a task is a free function
#include <troupe/task.hpp>

struct counter {
  int add(int);
};

inline constexpr auto task = troupe::task<&counter::add>("add");
