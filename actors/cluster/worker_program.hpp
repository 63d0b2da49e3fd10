#pragma once

#include <string>
#include <vector>

#include <troupe/result.hpp>

namespace troupe {

/// The words that start a worker, up to its own arguments: this executable, if it can be one
/// itself...
result<std::vector<std::string>> self_hosted_program();

/// ... or the `troupe` command: beside libtroupe, where it was installed with it, or in PATH.
result<std::vector<std::string>> troupe_program();

}  // namespace troupe
