// expect: a parameter or the result of this task cannot travel
#include <troupe/task.hpp>

struct bond {
  double coupons[3];
};

double price(const bond&);

inline constexpr auto task = troupe::task<&price>("price");
