#pragma once

#include <troupe/error.hpp>

namespace troupe::tool {

// What `troupe` returns; told in --help. A second signal n ends it with 128 + n: see process_watch.

inline constexpr int exit_good = 0;
/// The command line or the configuration cannot be used.
inline constexpr int exit_usage = 1;
/// Somebody could not be reached, something could not be started, or a check failed.
inline constexpr int exit_failed = 2;

inline constexpr const char* exit_codes_text =
    "Exit codes: 0 done, or ended by a first INT or TERM signal; 1 the command line or the\n"
    "configuration cannot be used; 2 somebody could not be reached, something could not be\n"
    "started, or a check failed; 130 and 143 ended at once by a second INT or TERM signal.";

inline int exit_code(const error& why) noexcept {
  switch (why.code) {
    case errc::ok:
      return exit_good;
    case errc::bad_config:
    case errc::bad_argument:
      return exit_usage;
    default:
      return exit_failed;
  }
}

}  // namespace troupe::tool
