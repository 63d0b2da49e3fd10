#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include <troupe/result.hpp>

#include "backends/process.hpp"

namespace troupe::backends {

/// A program that is run to its end for what it prints.
struct command_order {
  std::vector<std::string> words;  ///< The program and its arguments; no shell reads them.
  std::map<std::string, std::string> environment = {};  ///< Added to ours.
  std::string input_file = {};                          ///< Empty: no input.
  std::chrono::nanoseconds deadline = std::chrono::seconds(30);
};

struct command_outcome {
  process_end end;
  std::string output;
  std::string errors;
};

/// How it ended and what it printed. An error if it could not be run, or took too long: then it is
/// killed.
result<command_outcome> run_command(const command_order&);

/// What it printed. That it ended badly is an error, which has the command, how it ended and what
/// it said.
result<std::string> output_of(const command_order&);

/// "`sbatch job.sh` ended with exit code 1: sbatch: error: invalid partition"
error failure_of(const command_order&, const command_outcome&);

}  // namespace troupe::backends
