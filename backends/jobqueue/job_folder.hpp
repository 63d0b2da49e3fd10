#pragma once

#include <string>

#include <troupe/result.hpp>

#include "backends/jobqueue/job_script.hpp"

namespace troupe::backends::jobqueue {

/// The folder of a cluster's group, which only its owner can look into: scripts, the workers'
/// environment with its secrets, and what jobs print.
class job_folder {
public:
  /// Below `shared`; if that is empty, below the user's home. Nothing is made yet.
  static result<job_folder> at(const std::string& shared, const std::string& name);

  const std::string& path() const noexcept { return path_; }

  /// Makes the folder if need be, and writes what the order needs.
  result<void> write(const job_settings&, const job_order&, const job_texts&) const;

  /// Adds lines to the list of jobs, which whoever outlives us reads.
  result<void> remember(const std::vector<std::string>& ids) const;

  std::string ids_file() const { return path_ + "/ids"; }

  void remove() const;

private:
  explicit job_folder(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

/// The last lines that a job printed, as one: "a | b"; "" if there are none.
std::string last_words(const std::string& log_folder, const std::string& id);

}  // namespace troupe::backends::jobqueue
