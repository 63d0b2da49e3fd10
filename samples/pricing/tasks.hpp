// Shared by the service and the workers.
#pragma once

#include <string>
#include <vector>

#include <troupe/task.hpp>

namespace pricing {

struct bond {  // A plain struct travels by itself.
  std::string id;
  double face = 0;
  std::vector<double> coupons;
};

double present_value(const bond& b, double rate);
double total(const std::vector<double>& values);

// A name of its own survives renaming, templates and mixed compilers.
inline constexpr auto price = troupe::task<&present_value>("pricing.price");

}  // namespace pricing
