// expect: the value may go before a view of it does
#include <string_view>

#include <troupe/codec.hpp>

std::string_view get(const troupe::value& v) {
  return troupe::value_as<std::string_view>(v);
}
