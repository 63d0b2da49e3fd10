// expect: structs with more than 16 members
#include <vector>

#include <troupe/codec.hpp>

struct wide {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q;
};

troupe::bytes encode(const std::vector<wide>& v) {
  return troupe::to_bytes(v);
}
