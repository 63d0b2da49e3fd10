// expect: a parameter or the result of this task cannot travel
#include <troupe/task.hpp>

int length(const char* text);

inline constexpr auto task = troupe::task<&length>("length");
