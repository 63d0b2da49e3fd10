#pragma once

#include <functional>

#include "config/load.hpp"

namespace CLI {
class App;
}

namespace troupe::tool {

/// What the command line asks for. `--config` and `--set` are in `request` already; the command
/// that is parsed puts itself into `run`, which gives the exit code and throws troupe::exception.
struct invocation {
  load_request request;
  std::function<int()> run;
};

// Each adds one command. `troupe worker` is not here: it is run_worker().

void add_scheduler_command(CLI::App&, invocation&);
void add_up_command(CLI::App&, invocation&);
void add_attach_command(CLI::App&, invocation&);
void add_status_command(CLI::App&, invocation&);
void add_retire_command(CLI::App&, invocation&);
void add_story_command(CLI::App&, invocation&);
void add_clusters_commands(CLI::App&, invocation&);
void add_doctor_command(CLI::App&, invocation&);
void add_jobqueue_command(CLI::App&, invocation&);
void add_config_command(CLI::App&, invocation&);
void add_cert_command(CLI::App&, invocation&);
void add_replay_command(CLI::App&, invocation&);
void add_simulate_command(CLI::App&, invocation&);

}  // namespace troupe::tool
