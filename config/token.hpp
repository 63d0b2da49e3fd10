#pragma once

#include <ostream>
#include <string>
#include <utility>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

#include "config/environment.hpp"

namespace troupe {

/// Text that must not be seen. It cannot be printed, logged or put into JSON by accident.
class secret {
public:
  secret() = default;

  explicit secret(std::string text) : text_(std::move(text)) {}

  /// Say why at each call: this is the one way out.
  const std::string& reveal() const noexcept { return text_; }

  bool empty() const noexcept { return text_.empty(); }

  /// Takes as long for equal as for different texts of one length.
  friend bool operator==(const secret&, const secret&) noexcept;

private:
  std::string text_;
};

std::ostream& operator<<(std::ostream&, const secret&) = delete;

/// What every member of a cluster must show: security.token, else what is in security.token_file,
/// else in ~/.config/troupe/token, which is made at first use and readable by its owner alone.
///
/// Processes that start together get the same token. A file that others can read is refused.
result<secret> cluster_token(const security_options&, const environment& = process_environment());

}  // namespace troupe
