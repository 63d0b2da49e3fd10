// expect: specialise troupe::codec<T>
#include <troupe/codec.hpp>

struct bond {
  const char* name;
};

troupe::bytes encode(const bond& b) {
  return troupe::to_bytes(b);
}
