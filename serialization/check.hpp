#pragma once

#include <cstdio>
#include <cstdlib>

namespace troupe {

/// Stops the process if `holds` is false. For mistakes in troupe itself, never for bad input, so it
/// is on in every build. `what` says what must be so.
inline void check(bool holds, const char* what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (holds) [[likely]]
    return;
  std::fprintf(stderr, "%s:%d: troupe is wrong: not so: %s\n", file, line, what);
  std::abort();
}

}  // namespace troupe
