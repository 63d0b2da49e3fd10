#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace troupe::core {

/// Amounts of named resources in millionths: sums of them are exact.
using amounts = std::map<std::string, std::int64_t>;

amounts to_amounts(const std::map<std::string, double>&);

}  // namespace troupe::core
