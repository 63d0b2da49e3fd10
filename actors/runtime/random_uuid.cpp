#include "actors/runtime/random_uuid.hpp"

#include <random>

namespace troupe::runtime {

uuid random_uuid() {
  std::random_device random;
  uuid made{};
  for (auto& byte : made)
    byte = static_cast<std::uint8_t>(random());
  return made;
}

}  // namespace troupe::runtime
