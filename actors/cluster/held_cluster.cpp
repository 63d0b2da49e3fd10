#include "actors/cluster/held_cluster.hpp"

#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "actors/cluster/attached_cluster.hpp"
#include "actors/cluster/places.hpp"
#include "actors/cluster/worker_program.hpp"
#include "backends/process.hpp"
#include "config/connection_file.hpp"
#include "config/file.hpp"
#include "config/load.hpp"
#include "config/log.hpp"
#include "config/units.hpp"

namespace troupe {

namespace {

namespace fs = std::filesystem;
using backends::descriptor;
using clock = std::chrono::steady_clock;

constexpr auto beat = std::chrono::milliseconds(50);
/// For a cluster to end its workers and itself.
constexpr auto patience = std::chrono::seconds(20);
constexpr auto wait_told_every = std::chrono::seconds(10);
/// A scheduler needs no more: results do not pass through it.
constexpr std::uint64_t memory_bytes = std::uint64_t{1} << 30;
constexpr std::size_t words_max = 2000;

exception cannot_start(const std::string& why) {
  return exception({errc::system, "the process of the cluster did not start: " + why});
}

std::vector<std::string> program_of(bool self_hosted) {
  if (self_hosted) return {self_hosted_program().value().front(), "--troupe-cluster"};
  return {troupe_program().value().front(), "hold"};
}

std::string last_words_in(const fs::path& log) {
  std::ifstream in(log);
  std::string all{std::istreambuf_iterator<char>(in), {}};
  while (!all.empty() && all.back() == '\n')
    all.pop_back();
  if (all.size() > words_max) all.erase(0, all.size() - words_max);
  return all.empty() ? "it ended without a word" : all;
}

}  // namespace

struct held_cluster::state {
  state(const config& from, bool self_hosted)
      : options(from), id(new_cluster_id()), folder(clusters_folder()) {
    if (folder.empty())
      throw exception({errc::bad_config,
                       "a scheduler of its own is found by a file in the home, and there is none"});
    auto& wanted = options.cluster;
    if (wanted.name.empty()) wanted.name = wanted.type + id.substr(id.find('-'));
    if (fs::exists(listed()) && !owner_is_gone(read_connection_file(listed()).value()))
      throw exception({errc::bad_config, "there is a cluster '" + wanted.name +
                                             "' already; `troupe down " + wanted.name +
                                             "` ends it, or choose another cluster.name"});
    write_file();
    auto command = program_of(self_hosted);
    command.push_back(file().string());
    if (wanted.scheduler == "job")
      submit(std::move(command));
    else
      start(std::move(command));
  }

  state(const state&) = delete;
  state& operator=(const state&) = delete;

  /// Also after a constructor that threw half-way: what was started is ended, and files removed.
  ~state() {
    if (reached && options.cluster.keep) {
      if (place) static_cast<void>(place->keep());  // Of jobs it is always possible.
      return;
    }
    lifeline = {};
    if (reached && place) end_in_order();
    if (running && !running->wait(patience)) running->kill();
    place.reset();
    std::error_code ignored;
    for (const auto& path : {file(), log()})
      fs::remove(path, ignored);
  }

  fs::path file() const { return folder / (id + ".toml"); }

  fs::path log() const { return folder / (id + ".log"); }

  fs::path listed() const { return folder / (options.cluster.name + ".json"); }

  bool is_listed() const {
    const auto found = read_connection_file(listed());
    return found && found->cluster == id;
  }

  void write_file() const {
    auto inside = options;
    inside.cluster.scheduler = "owner";
    inside.cluster.keep = false;
    // The same for both, wherever it came from.
    inside.security.token = cluster_token(options.security).value().reveal();
    fs::create_directories(folder);
    replace_private_file(file(), to_toml(inside)).value();
  }

  void start(std::vector<std::string> command) {
    auto ends = backends::make_pipe().value();
    const descriptor out(open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!out) throw cannot_start(log().string() + ": " + std::strerror(errno));
    backends::process_order order;
    order.command = std::move(command);
    order.errors = out.number();
    order.output = out.number();
    order.outlives_us = true;
    if (!options.cluster.keep) order.lifeline = ends.read.number();
    running = backends::process::start(order).value();
    lifeline = std::move(ends.write);
  }

  void submit(std::vector<std::string> command) {
    const auto where = find_place(options).value();
    if (!where.remote)
      throw exception({errc::bad_config,
                       "cluster.scheduler = \"job\" needs a place that runs jobs; "
                       "cluster.type is \"" +
                           options.cluster.type + "\""});
    services given;
    given.log = [](const std::string&) {};
    given.cluster = id;
    given.group = scheduler_group;
    place = make_backend(options, where, given).value();
    launch_order order;
    order.cluster = id;
    order.group = scheduler_group;
    order.name = scheduler_group;
    order.memory_bytes = memory_bytes;
    order.command = std::move(command);
    place->launch(order).value();
  }

  /// Of a job: whether it runs. Why not is told now and then, as a queue may take hours.
  bool look_at_job() {
    const auto all = place->survey().value();
    if (all.empty()) throw cannot_start("its job is gone, and nothing is known of its end");
    const auto& job = all.front();
    if (job.at == launch_status::phase::gone) throw cannot_start(job.detail);
    if (job.impossible) throw cannot_start("its job can never start: " + job.reason);
    if (job.at == launch_status::phase::running) return true;
    if (clock::now() < tell_wait) return false;
    tell_wait = clock::now() + wait_told_every;
    std::string why = job.reason.empty() ? "the queue does not say why" : job.reason;
    if (job.start_estimate) {
      const auto left = *job.start_estimate - launch_status::time_point::clock::now();
      why += ", may start in " + format_duration(std::chrono::ceil<std::chrono::minutes>(left));
    }
    log_sink(options.log)
        .make("cluster")
        ->warn("the scheduler's job waits job={} why=\"{}\"", job.id, why);
    return false;
  }

  /// However long the queue is; then as long as workers get.
  void wait_until_reached() {
    const auto limit = options.cluster.start_timeout;
    std::optional<clock::time_point> since;
    while (!is_listed()) {
      if (running && running->poll()) throw cannot_start(last_words_in(log()));
      if (!since && (!place || look_at_job())) since = clock::now();
      if (since && clock::now() - *since > limit)
        throw cannot_start("it cannot be reached within cluster.start_timeout; see " +
                           (place ? std::string("the job's log") : log().string()));
      std::this_thread::sleep_for(beat);
    }
    reached = true;
  }

  void end_in_order() const {
    attached_cluster(options.cluster.name, options).end();
    const auto until = clock::now() + patience;
    while (is_listed() && clock::now() < until)
      std::this_thread::sleep_for(beat);
  }

  config options;
  const std::string id;
  const fs::path folder;
  descriptor lifeline;
  std::optional<backends::process> running;
  std::unique_ptr<backend> place;
  bool reached = false;
  clock::time_point tell_wait = clock::now() + wait_told_every;
};

held_cluster::held_cluster(const config& options, bool self_hosted)
    : state_(std::make_unique<state>(options, self_hosted)) {
  state_->wait_until_reached();
}

held_cluster::~held_cluster() = default;

const std::string& held_cluster::name() const noexcept {
  return state_->options.cluster.name;
}

}  // namespace troupe
