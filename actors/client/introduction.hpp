#pragma once

#include <string>

#include "serialization/messages.hpp"

namespace troupe::detail {

/// How a client of this process introduces itself. An empty name becomes the program's.
hello introduce_client(const std::string& name);

}  // namespace troupe::detail
