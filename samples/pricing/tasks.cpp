// Built into libpricing.so, which workers load: [worker] libraries = ["libpricing.so"].
#include "tasks.hpp"

#include <cmath>
#include <stdexcept>

#include <troupe/plugin.hpp>

namespace pricing {

double present_value(const bond& b, double rate) {
  if (rate <= -1) throw std::domain_error("a rate of " + std::to_string(rate) + " for " + b.id);
  double value = 0;
  int year = 0;
  for (double coupon : b.coupons)
    value += coupon / std::pow(1 + rate, ++year);
  return value + b.face / std::pow(1 + rate, year);
}

double total(const std::vector<double>& values) {
  double sum = 0;
  for (double v : values)
    sum += v;
  return sum;
}

}  // namespace pricing

void troupe_register_tasks(troupe::task_registry& tasks) {
  tasks.add(pricing::price);
  tasks.add<&pricing::total>();
}
