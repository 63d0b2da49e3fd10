// expect: this type cannot travel: pointers, references, C arrays, std::function and classes
#include <troupe/codec.hpp>

troupe::bytes encode(int* p) {
  troupe::writer w;
  troupe::codec<int*>::write(w, p);
  return {};
}
