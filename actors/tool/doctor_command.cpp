#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "actors/cluster/places.hpp"
#include "actors/cluster/snapshot_text.hpp"
#include "actors/cluster/worker_program.hpp"
#include "actors/tool/commands.hpp"
#include "actors/tool/doctor.hpp"
#include "actors/tool/exit_codes.hpp"
#include "actors/transport/addresses.hpp"
#include "actors/transport/tls.hpp"
#include "config/address.hpp"
#include "config/connection_file.hpp"
#include "config/groups.hpp"
#include "config/machine.hpp"
#include "config/token.hpp"
#include "serialization/release.hpp"

// `troupe doctor`: what a cluster of this configuration needs here, tried out.

namespace troupe::tool {

namespace {

namespace fs = std::filesystem;

constexpr rlim_t files_wanted = 4096;
constexpr std::uintmax_t space_wanted = std::uintmax_t{1} << 30;

result<std::string> check_place(const config& options) {
  auto where = find_place(options);
  if (!where) return where.error();
  services given;
  given.log = [](const std::string&) {};
  given.cluster = "troupe-doctor";
  auto made = make_backend(options, *where, given);
  if (!made) return made.error();
  // With a name that nothing has: only the commands are tried.
  auto all = (*made)->survey();
  if (!all) return all.error();
  return options.cluster.type + (where->remote ? ", on other machines" : ", on this machine") +
         "; it can be asked what it runs";
}

result<std::string> check_program() {
  auto program = troupe_program();
  if (!program) return program.error();
  return program->front() + ", troupe " + release() +
         "; machines that run workers need it at the same path";
}

result<std::string> check_listening(const config& options) {
  auto where = full_address(options.scheduler.listen);
  if (!where) return where.error();
  if (!options.scheduler.interface.empty())
    where = transport::on_interface(*where, options.scheduler.interface);
  if (!where) return where.error();
  auto parsed = transport::parse_address(*where);
  if (!parsed) return parsed.error();
  auto bound = transport::bind_and_listen(*parsed);
  if (!bound) return bound.error();
  if (!bound->unix_path.empty()) unlink(bound->unix_path.c_str());
  return "the scheduler can listen on " + *where + ", others reach it as " + bound->address;
}

result<std::string> check_security(const config& options) {
  auto token = cluster_token(options.security);
  if (!token) return token.error();
  if (options.security.ca.empty())
    return std::string("a token; certificates are made for a cluster when it needs them");
  auto loaded = transport::tls::load(options.security);
  if (!loaded) return loaded.error();
  return std::string("a token, and certificates that fit each other");
}

/// Others write there too: the folder's clock is that of the file server.
void check_folder(report& to, const std::string& what, const fs::path& folder, bool shared) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  const auto probe = folder / (".troupe-doctor-" + std::to_string(getpid()));
  std::ofstream(probe) << "x\n";
  struct stat found {};

  if (stat(probe.c_str(), &found) != 0)
    return to.bad(what, folder.string() + " cannot be written to");
  const auto written = std::chrono::system_clock::from_time_t(found.st_mtime);
  const auto skew = std::chrono::abs(std::chrono::system_clock::now() - written);
  fs::remove(probe, failed);
  const auto space = fs::space(folder, failed);
  if (shared && skew > skew_max)
    return to.warn(what,
                   folder.string() + " is on a server whose clock is " +
                       rounded_time(static_cast<std::uint64_t>(skew / std::chrono::seconds(1))) +
                       " away from ours",
                   clock_advice);
  if (!failed && space.available < space_wanted)
    return to.warn(what, folder.string() + " has only " + rounded_size(space.available) + " left",
                   "make room, or name another folder");
  to.good(what, folder.string() + ", " + rounded_size(space.available) + " free");
}

void check_limits(report& to) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < files_wanted)
    to.warn("open files", "at most " + std::to_string(files.rlim_cur) + " at one time",
            "a scheduler needs one for each worker and client: `ulimit -n` raises it");
  else
    to.good("open files", "at most " + std::to_string(files.rlim_cur) + " at one time");
}

void check_orphans(report& to, const environment& variables) {
  std::string gone;
  const auto all = find_clusters(variables);
  for (const auto& [path, file] : all)
    if (owner_is_gone(file)) gone += (gone.empty() ? "" : ", ") + path.stem().string();
  if (gone.empty())
    to.good("clusters", std::to_string(all.size()) + " known, none without its owner");
  else
    to.warn("clusters", "the owners are gone of: " + gone,
            "`troupe cleanup` ends what they have left");
}

fs::path results_folder(const config& options, const environment& variables) {
  if (!options.worker.local_directory.empty()) return options.worker.local_directory;
  const auto temporary = variable(variables, "TMPDIR");
  return temporary.empty() ? "/tmp" : temporary;
}

int run(const load_request& request, bool nodes) {
  report to;
  auto loaded = load_config(request);
  if (!loaded) {
    to.bad("configuration", loaded.error().message);
    return to.code();
  }
  to.good("configuration", loaded->file.empty() ? "no file, all defaults" : loaded->file.string());
  const auto& options = loaded->values;
  const auto share = find_machine_share();
  to.good("machine", std::to_string(share.cores) + " cores and " +
                         rounded_size(share.memory_bytes) + " may be used");
  for (const auto& [group, part] : each_group(options))
    to.check(group.empty() ? "place" : "place of group " + group, check_place(part));
  to.check("worker program", check_program());
  for (const auto& library : options.worker.libraries) {
    std::error_code ignored;
    if (fs::exists(library, ignored))
      to.good("library", library);
    else
      to.bad("library", library + " does not exist here; machines that run workers need it too");
  }
  to.check("network", check_listening(options));
  to.check("security", check_security(options));
  if (const auto folder = clusters_folder(request.variables); !folder.empty())
    check_folder(to, "shared folder", folder, true);
  check_folder(to, "results on disk", results_folder(options, request.variables), false);
  check_limits(to);
  check_orphans(to, request.variables);
  std::cout << std::flush;
  if (nodes && to.code() == exit_good) check_nodes(to, options);
  return to.code();
}

}  // namespace

void add_doctor_command(CLI::App& app, invocation& chosen) {
  auto* command = app.add_subcommand(
      "doctor", "Try out what a cluster of this configuration needs, and say what to do");
  auto nodes = std::make_shared<bool>(false);
  command->add_flag("--node", *nodes,
                    "Also start one launch of each group, and compare its machine with this one");
  command->callback(
      [&chosen, nodes] { chosen.run = [&chosen, nodes] { return run(chosen.request, *nodes); }; });
}

}  // namespace troupe::tool
