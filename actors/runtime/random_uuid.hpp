#pragma once

#include "serialization/hello.hpp"

namespace troupe::runtime {

uuid random_uuid();

}  // namespace troupe::runtime
