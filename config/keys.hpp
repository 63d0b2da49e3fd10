#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <troupe/config.hpp>

namespace troupe {

/// Which values of a key are good. Limits are for counts, bytes and nanoseconds.
struct rule {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  bool or_zero = false;                   ///< 0 is good too, and means something else.
  std::vector<std::string> allowed = {};  ///< Texts; empty: all that `fits`.
  bool (*fits)(const std::string&) = nullptr;
  const char* wanted = nullptr;  ///< What `fits` wants, in words.
  bool secret = false;
};

rule count_from(std::uint32_t least, std::uint32_t most);
rule bytes_from(std::uint64_t least, std::uint64_t most);
rule time_from(std::chrono::nanoseconds least, std::chrono::nanoseconds most);
rule one_of(std::vector<std::string> allowed);
rule or_zero(rule);
rule any();
rule one_word();
rule word_or_empty();  ///< A type's name.
rule group_name();
rule one_line();      ///< Anything without control characters.
rule filled_items();  ///< Of a list: none is empty.
rule address();       ///< Where one can listen.
rule address_or_empty();
rule secret_text();

/// The part of visit_keys() for [scheduler].
template <class Config, class Visitor>
void visit_scheduler_keys(Config& c, Visitor& visit) {
  using namespace std::chrono_literals;
  constexpr auto mib = std::uint64_t{1} << 20;

  visit("scheduler", "listen", c.scheduler.listen, address());
  visit("scheduler", "interface", c.scheduler.interface, one_line());
  visit("scheduler", "connection_file", c.scheduler.connection_file, one_line());
  visit("scheduler", "worker_losses_max", c.scheduler.worker_losses_max, count_from(1, 1000));
  visit("scheduler", "unknown_task_timeout", c.scheduler.unknown_task_timeout, time_from(0s, 24h));
  visit("scheduler", "no_worker_timeout", c.scheduler.no_worker_timeout, time_from(0s, 24h));
  visit("scheduler", "copies_kept", c.scheduler.copies_kept, time_from(1ms, 24h));
  visit("scheduler", "stuck_after", c.scheduler.stuck_after, time_from(0s, 24h));
  visit("scheduler", "prefetch", c.scheduler.prefetch, time_from(0s, 1min));
  visit("scheduler", "client_grace", c.scheduler.client_grace, time_from(0s, 240h));
  visit("scheduler", "journal", c.scheduler.journal, one_line());
  visit("scheduler", "journal_sync", c.scheduler.journal_sync,
        one_of({"none", "interval", "always"}));
  visit("scheduler", "journal_compact_at", c.scheduler.journal_compact_at,
        bytes_from(4096, mib << 30));
  visit("scheduler", "worker_grace", c.scheduler.worker_grace, time_from(0s, 1h));
  visit("scheduler", "record", c.scheduler.record, one_line());
  visit("scheduler", "record_max", c.scheduler.record_max, bytes_from(mib, mib << 20));
}

template <class Config, class Visitor>
void visit_cluster_keys(Config& c, Visitor& visit) {
  using namespace std::chrono_literals;

  visit("cluster", "type", c.cluster.type, one_word());
  visit("cluster", "name", c.cluster.name, one_line());
  visit("cluster", "scheduler", c.cluster.scheduler, one_of({"owner", "process", "job"}));
  visit("cluster", "keep", c.cluster.keep, any());
  visit("cluster", "workers", c.cluster.workers, count_from(0, 100'000));
  visit("cluster", "workers_per_launch", c.cluster.workers_per_launch, count_from(1, 4096));
  visit("cluster", "adapt_min", c.cluster.adapt_min, count_from(0, 1'000'000));
  visit("cluster", "adapt_max", c.cluster.adapt_max, count_from(0, 1'000'000));
  visit("cluster", "adapt_target", c.cluster.adapt_target, time_from(1ms, 24h * 365));
  visit("cluster", "adapt_idle", c.cluster.adapt_idle, time_from(0s, 24h * 365));
  visit("cluster", "plugins", c.cluster.plugins, filled_items());
  visit("cluster", "survey_interval", c.cluster.survey_interval, time_from(10ms, 1h));
  visit("cluster", "start_timeout", c.cluster.start_timeout, time_from(1ms, 24h));
  visit("cluster", "idle_timeout", c.cluster.idle_timeout, or_zero(time_from(100ms, 24h * 365)));
}

/// Shows every key there is: section, name, member of `c`, rule. Loading, checking, showing and the
/// documentation's test all go through here, so that no key can be forgotten in one of them.
template <class Config, class Visitor>
void visit_keys(Config& c, Visitor&& visit) {
  using namespace std::chrono_literals;
  constexpr auto mib = std::uint64_t{1} << 20;

  visit_cluster_keys(c, visit);

  visit_scheduler_keys(c, visit);

  visit("worker", "name", c.worker.name, one_line());
  visit("worker", "listen", c.worker.listen, address_or_empty());
  visit("worker", "interface", c.worker.interface, one_line());
  visit("worker", "threads", c.worker.threads, count_from(0, 4096));
  visit("worker", "memory", c.worker.memory, or_zero(bytes_from(mib, mib << 30)));
  visit("worker", "memory_target", c.worker.memory_target, any());
  visit("worker", "memory_spill", c.worker.memory_spill, any());
  visit("worker", "memory_pause", c.worker.memory_pause, any());
  visit("worker", "memory_terminate", c.worker.memory_terminate, any());
  visit("worker", "local_directory", c.worker.local_directory, one_line());
  visit("worker", "disk_max", c.worker.disk_max, bytes_from(0, mib << 30));
  visit("worker", "libraries", c.worker.libraries, filled_items());
  visit("worker", "resources", c.worker.resources, any());
  visit("worker", "inline_result_max", c.worker.inline_result_max, bytes_from(0, mib));
  visit("worker", "fetch_max", c.worker.fetch_max, bytes_from(mib, mib << 20));
  visit("worker", "fetch_peer_max", c.worker.fetch_peer_max, bytes_from(mib, mib << 20));
  visit("worker", "report_interval", c.worker.report_interval, time_from(10ms, 1h));
  visit("worker", "scheduler_grace", c.worker.scheduler_grace, time_from(0s, 240h));
  visit("worker", "lifetime", c.worker.lifetime, or_zero(time_from(100ms, 24h * 365)));
  visit("worker", "lifetime_stagger", c.worker.lifetime_stagger, time_from(0s, 24h * 365));
  visit("worker", "leave_timeout", c.worker.leave_timeout, time_from(0s, 24h * 365));

  visit("client", "name", c.client.name, one_line());
  visit("client", "scheduler", c.client.scheduler, one_line());
  visit("client", "progress", c.client.progress, one_of({"auto", "on", "off"}));

  visit("network", "frame_max", c.network.frame_max, bytes_from(mib, mib << 10));
  visit("network", "hello_max", c.network.hello_max, bytes_from(mib >> 8, mib << 6));
  visit("network", "value_max", c.network.value_max, bytes_from(mib, mib << 30));
  visit("network", "handshakes_max", c.network.handshakes_max, count_from(1, 65'536));
  visit("network", "connections_max", c.network.connections_max, count_from(1, 1'000'000));
  visit("network", "local_sockets", c.network.local_sockets, any());
  visit("network", "congestion", c.network.congestion, word_or_empty());
  visit("network", "recycle_max", c.network.recycle_max, or_zero(bytes_from(mib, mib << 20)));
  visit("network", "connect_timeout", c.network.connect_timeout, time_from(1ms, 1h));
  visit("network", "handshake_timeout", c.network.handshake_timeout, time_from(1ms, 1h));
  visit("network", "heartbeat_interval", c.network.heartbeat_interval, time_from(10ms, 1h));
  visit("network", "silence_max", c.network.silence_max, time_from(20ms, 24h));

  visit("security", "mode", c.security.mode, one_of({"auto", "tls", "plain"}));
  visit("security", "allow_plaintext", c.security.allow_plaintext, any());
  visit("security", "ca", c.security.ca, one_line());
  visit("security", "certificate", c.security.certificate, one_line());
  visit("security", "key", c.security.key, one_line());
  visit("security", "peer_name", c.security.peer_name, one_line());
  visit("security", "token", c.security.token, secret_text());
  visit("security", "token_file", c.security.token_file, one_line());

  visit("log", "level", c.log.level, one_of({"trace", "debug", "info", "warn", "error", "off"}));
  visit("log", "file", c.log.file, one_line());
}

// Is the value good, and what would be?
bool fits(const rule&, bool);
bool fits(const rule&, std::uint32_t);
bool fits(const rule&, std::uint64_t);
bool fits(const rule&, std::chrono::nanoseconds);
bool fits(const rule&, double);  ///< All that there are are shares of a whole.
bool fits(const rule&, const std::string&);
bool fits(const rule&, const std::vector<std::string>&);
bool fits(const rule&, const std::map<std::string, double>&);

std::string wanted(const rule&, bool);
std::string wanted(const rule&, std::uint32_t);
std::string wanted(const rule&, std::uint64_t);
std::string wanted(const rule&, std::chrono::nanoseconds);
std::string wanted(const rule&, double);
std::string wanted(const rule&, const std::string&);
std::string wanted(const rule&, const std::vector<std::string>&);
std::string wanted(const rule&, const std::map<std::string, double>&);

// A value as one would write it.
setting written(bool);
setting written(std::uint32_t);
setting written(std::uint64_t size_bytes);
setting written(std::chrono::nanoseconds);
setting written(double);
setting written(const std::string&);
setting written(const std::vector<std::string>&);
setting written(const std::map<std::string, double>&);

}  // namespace troupe
