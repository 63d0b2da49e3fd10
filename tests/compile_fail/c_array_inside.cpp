// expect: structs with more than 16 members, a C array
#include <string>
#include <vector>

#include <troupe/codec.hpp>

struct bond {
  std::string name;
  double coupons[3];
};

troupe::bytes encode(const std::vector<bond>& book) {
  return troupe::to_bytes(book);
}
