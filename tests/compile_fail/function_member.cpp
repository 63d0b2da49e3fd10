// expect: specialise troupe::codec<T>
#include <functional>
#include <vector>

#include <troupe/codec.hpp>

troupe::bytes encode(const std::vector<std::function<void()>>& f) {
  return troupe::to_bytes(f);
}
