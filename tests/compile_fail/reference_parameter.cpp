// expect: a task cannot change its caller's arguments
#include <troupe/task.hpp>

void count(int& total);

inline constexpr auto task = troupe::task<&count>("count");
