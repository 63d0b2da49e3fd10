// expect: nothing
#include <array>
#include <span>
#include <string>
#include <vector>

#include <troupe/task.hpp>

// What the other files here get wrong, done right: if this does not compile, they fail for nothing.
struct bond {
  std::string name;
  std::array<double, 3> coupons;
};

double price(const bond&, std::span<const double>);
int add(int, int);

troupe::value pack(std::vector<troupe::task_id>& inputs) {
  (void)troupe::to_bytes(bond{});
  (void)troupe::task<&price>();
  return troupe::detail::pack_arguments<&add>(true, inputs, 1, 2);
}
