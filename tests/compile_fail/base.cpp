// expect: a reference or a base
#include <optional>

#include <troupe/codec.hpp>

struct named {
  int name;
};

struct bond : named {
  int face;
};

troupe::bytes encode(const std::optional<bond>& v) {
  return troupe::to_bytes(v);
}
