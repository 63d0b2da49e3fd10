#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <troupe/result.hpp>
#include <troupe/settings.hpp>

namespace troupe {

/// Which cluster: [cluster].
struct cluster_options {
  std::string type = "local";  ///< A built-in backend, or one from a plugin.
  std::string name = {};       ///< For people; empty: type and process id.
  /// "owner": in this process; "process": in one of its own here; "job": as a job of the place.
  std::string scheduler = "owner";
  bool keep = false;                     ///< It stays when its owner ends. Not with "owner".
  std::uint32_t workers = 0;             ///< 0: as many as the backend finds sensible.
  std::uint32_t workers_per_launch = 1;  ///< A job of a batch system holds so many.
  std::uint32_t adapt_min = 0;           ///< Workers.
  std::uint32_t adapt_max = 0;           ///< Workers; 0: no adapting, `workers` are kept.
  std::chrono::nanoseconds adapt_target = std::chrono::seconds(5);  ///< Work is done within this.
  std::chrono::nanoseconds adapt_idle = std::chrono::seconds(30);   ///< Then the unneeded go.
  std::vector<std::string> plugins = {};  ///< Shared libraries that add values of `type`.
  std::chrono::nanoseconds survey_interval = std::chrono::seconds(1);
  std::chrono::nanoseconds start_timeout = std::chrono::seconds(30);  ///< For the first worker.
  std::chrono::nanoseconds idle_timeout = {};  ///< `troupe up` ends after so long; zero: never.
  settings place = {};  ///< The section [cluster.<type>], read by the backend.
  std::map<std::string, origin> places = {};  ///< All such sections that were written, by type.
};

/// The scheduler: [scheduler].
struct scheduler_options {
  std::string listen = "tcp://127.0.0.1:8786";
  std::string interface =
      {};  ///< Listen on this interface's address instead of the host in `listen`.
  std::string connection_file = {};     ///< Written once it listens; empty: none.
  std::uint32_t worker_losses_max = 3;  ///< A task that was running on so many lost workers fails.
  std::chrono::nanoseconds unknown_task_timeout =
      std::chrono::seconds(10);                     ///< Wait for a worker that knows the task.
  std::chrono::nanoseconds no_worker_timeout = {};  ///< For a worker that may and can run the task;
                                                    ///< zero: it waits for ever.
  std::chrono::nanoseconds copies_kept =
      std::chrono::seconds(5);  ///< Copies of results that no task waits for.
  std::chrono::nanoseconds stuck_after =
      std::chrono::minutes(1);  ///< Work that has not gone on for so long is reported; zero: never.
  std::chrono::nanoseconds prefetch =
      std::chrono::milliseconds(20);  ///< Work queued on a worker beyond what runs.
  std::chrono::nanoseconds client_grace =
      std::chrono::seconds(60);  ///< A client may be away so long, and finds all its futures.
  std::string journal = {};      ///< File from which a restarted scheduler goes on; empty: none.
  std::string journal_sync = "interval";  ///< "none", "interval" (each second), "always".
  std::uint64_t journal_compact_at =
      std::uint64_t{64} << 20;  ///< Rewrite the journal when it has grown by so much, and doubled.
  std::chrono::nanoseconds worker_grace =
      std::chrono::seconds(10);  ///< After a restart: wait so long for the workers of before.
  std::string record = {};       ///< File for all that happens to it; empty: none.
  std::uint64_t record_max = std::uint64_t{1} << 30;  ///< Bytes; there the recording ends.
};

/// One worker process: [worker].
struct worker_options {
  std::string name = {};    ///< Empty: host and process id.
  std::string listen = {};  ///< Where results are served; empty: as the scheduler is reached.
  std::string interface = {};
  std::uint32_t threads = 0;         ///< 0: cores that this process may use, shared among workers.
  std::uint64_t memory = 0;          ///< Bytes; 0: what this process may use, shared among workers.
  double memory_target = 0.60;       ///< Share of `memory` that results may take; beyond: to disk.
  double memory_spill = 0.70;        ///< Share of the process: then results go to disk.
  double memory_pause = 0.80;        ///< Share of the process: then it takes no new work.
  double memory_terminate = 0.95;    ///< Share of the process: then it ends itself.
  std::string local_directory = {};  ///< For results on disk; empty: troupe-<user> in $TMPDIR.
  std::uint64_t disk_max = 0;        ///< Bytes of results on disk; 0: no limit.
  std::vector<std::string> libraries = {};  ///< Task libraries to load.
  std::map<std::string, double> resources = {};
  std::uint64_t inline_result_max = 4096;  ///< Results up to this size travel with their report.
  std::uint64_t fetch_max = std::uint64_t{256}
                            << 20;  ///< Bytes of results that come from other workers at one time.
  std::uint64_t fetch_peer_max = std::uint64_t{128} << 20;  ///< The same, from each of them.
  std::chrono::nanoseconds report_interval = std::chrono::seconds(2);
  std::chrono::nanoseconds scheduler_grace =
      std::chrono::seconds(60);  ///< Without a scheduler it keeps all for so long; then it ends.
  std::chrono::nanoseconds lifetime = {};          ///< It leaves after so long; zero: never.
  std::chrono::nanoseconds lifetime_stagger = {};  ///< By chance, up to so much sooner or later.
  std::chrono::nanoseconds leave_timeout = std::chrono::minutes(1);  ///< Then it ends anyway.
};

/// The connection of a program: [client].
struct client_options {
  std::string name = {};       ///< Empty: the program's name.
  std::string scheduler = {};  ///< Address or connection file to use when the program names none.
  std::string progress = "auto";  ///< "auto": on a terminal; "on"; "off".
};

/// Sockets: [network].
struct network_options {
  std::uint64_t frame_max = std::uint64_t{64} << 20;  ///< Largest frame accepted after the hello.
  std::uint64_t hello_max = std::uint64_t{1} << 20;   ///< Largest hello accepted.
  std::uint64_t value_max = std::uint64_t{64} << 30;  ///< Largest single value accepted.
  std::uint32_t handshakes_max = 256;  ///< Unfinished handshakes at one time; the oldest gives way.
  std::uint32_t connections_max = 10000;
  bool local_sockets = true;    ///< Unix sockets in place of TCP between processes of one machine.
  std::string congestion = {};  ///< Congestion control for TCP; empty: as the system has it.
  std::uint64_t recycle_max = std::uint64_t{512} << 20;  ///< Unused memory that is kept for values.
  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::nanoseconds handshake_timeout = std::chrono::seconds(5);
  std::chrono::nanoseconds heartbeat_interval = std::chrono::seconds(2);
  std::chrono::nanoseconds silence_max = std::chrono::seconds(30);  ///< After that a peer is lost.
};

/// Who may connect: [security].
struct security_options {
  std::string mode = "auto";     ///< "auto": TLS beyond loopback; "tls": always; "plain": never.
  bool allow_plaintext = false;  ///< With "auto" or "plain": listen in plain text beyond loopback.
  std::string ca = {};           ///< PEM files, made by `troupe cert create`.
  std::string certificate = {};
  std::string key = {};
  std::string peer_name = {};   ///< What certificates are for, in place of their hosts.
  std::string token = {};       ///< Shared secret; empty: from token_file. Never printed.
  std::string token_file = {};  ///< Empty: ~/.config/troupe/token, made at first use.
};

/// Logs: [log].
struct log_options {
  /// trace, debug, info, warn, error, off. The commands `troupe up`, `scheduler` and `worker` take
  /// "info" unless it is set.
  std::string level = "warn";
  std::string file = {};  ///< Empty: standard error.
};

/// Workers of one kind, where a cluster has several: [[cluster.group]]. What concerns the whole
/// cluster in `cluster` (name, scheduler, keep, plugins, idle_timeout) is not looked at.
struct worker_group {
  std::string name;  ///< Begins with a letter; the launches are called by it: "gpu-3".
  cluster_options cluster = {};
  worker_options worker = {};
};

/// Everything that can be set. The defaults are here, and nowhere else; config/troupe.toml has a
/// sentence about each key.
struct config {
  cluster_options cluster = {};
  scheduler_options scheduler = {};
  worker_options worker = {};
  client_options client = {};
  network_options network = {};
  security_options security = {};
  log_options log = {};
  std::vector<worker_group> groups = {};  ///< Empty: all workers are alike.

  /// Reads this file, then the environment: TROUPE_WORKER__THREADS sets worker.threads. Throws
  /// troupe::exception that lists all that is wrong, with file:line:column.
  static config load(const std::filesystem::path&);

  /// For main(): takes `--config FILE` and `--set worker.threads=4` out of the arguments. Without
  /// --config, the file is the first there is of $TROUPE_CONFIG, ./troupe.toml,
  /// ~/.config/troupe/troupe.toml and /etc/troupe/troupe.toml; none is fine. The environment wins
  /// over the file, and --set over both. What is after "--" is left alone. Throws
  /// troupe::exception.
  static config from_arguments(int& argc, char** argv);
};

}  // namespace troupe
