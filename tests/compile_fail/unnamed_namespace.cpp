// expect: need a name of their own
#include <troupe/task.hpp>

namespace {

int add(int a, int b) {
  return a + b;
}

}  // namespace

inline constexpr auto task = troupe::task<&add>();
