#pragma once

namespace troupe {

/// Raised whenever a public header changes in a way that a plugin built before would not survive.
inline constexpr unsigned plugin_abi = 2;

}  // namespace troupe
