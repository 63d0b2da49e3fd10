#pragma once

#include <string>

namespace troupe {

/// The version of this library, e.g. "0.1.0": for people, never for decisions.
inline std::string release() {
  return TROUPE_RELEASE;
}

}  // namespace troupe
