#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// "; did you mean `word`?" with the candidate that is fewest typing mistakes away, "" if none is
/// near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// "a, b or c".
std::string enumerated(const std::vector<std::string>&);

}  // namespace troupe
