#pragma once

#include <string>
#include <utility>
#include <vector>

#include <troupe/result.hpp>

#include "backends/process.hpp"

namespace troupe::backends::jobqueue {

/// A process that outlives us: when we are gone without having said goodbye, it cancels the jobs
/// whose ids are in a file, and removes the folder that holds it.
class owner_guard {
public:
  owner_guard() = default;

  /// `cancel` is a command that takes ids as further arguments.
  static result<owner_guard> start(const std::vector<std::string>& cancel,
                                   const std::string& ids_file, const std::string& folder);

  /// It has nothing to do any more, and ends.
  void dismiss();

  explicit operator bool() const noexcept { return static_cast<bool>(lifeline_); }

private:
  explicit owner_guard(descriptor lifeline) : lifeline_(std::move(lifeline)) {}

  descriptor lifeline_;
};

}  // namespace troupe::backends::jobqueue
