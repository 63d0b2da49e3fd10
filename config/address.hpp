#pragma once

#include <string>
#include <string_view>

#include <troupe/result.hpp>

namespace troupe {

/// The address in full: "tcp://host:port", "unix:///path" or "local://n"; "host:port" gets its
/// "tcp://". Looks only at the form: whether a host exists is not asked.
result<std::string> full_address(std::string_view);

}  // namespace troupe
