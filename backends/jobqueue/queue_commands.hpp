#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/command.hpp"
#include "backends/jobqueue/job_report.hpp"
#include "backends/jobqueue/job_script.hpp"

namespace troupe::backends::jobqueue {

/// A command, and who understands what it prints.
struct query {
  command_order command;
  job_reports (*parse)(std::string_view) = nullptr;
};

/// Whether a command that complains so may succeed if it is run again: the system's server was not
/// there or had no time, rather than that it refused.
bool is_passing(std::string_view complaint);

command_order submit_command(const job_settings&, const job_order&);

/// When a job like this one would start; nothing if the system cannot be asked. Submits nothing.
std::optional<command_order> estimate_command(const job_settings&, const std::string& script);

command_order cancel_command(const job_settings&, const std::vector<std::string>& ids);

/// Ways to ask for all of this user's jobs at once, best first: who does not know the first may
/// know the second.
std::vector<query> job_queries(batch_system, const std::string& user);

/// How jobs ended that the queue no longer lists; nothing if the system does not keep that.
std::optional<query> ended_query(batch_system, const std::vector<std::string>& ids);

}  // namespace troupe::backends::jobqueue
