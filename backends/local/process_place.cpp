#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <unistd.h>
#include <utility>

#include "backends/local/local.hpp"
#include "backends/output_relay.hpp"
#include "backends/process.hpp"
#include "config/machine.hpp"

namespace troupe::backends::local {

namespace {

using clock = std::chrono::steady_clock;

/// For a worker to end by itself after SIGTERM.
constexpr auto grace = std::chrono::seconds(3);

/// Workers as child processes.
///
/// Three things end them with us, however we end: the destructor in the normal case; the lifeline,
/// a pipe whose only write end is ours, so that the kernel closes it even if we are killed; and
/// PR_SET_PDEATHSIG, which also works before the worker watches its lifeline. The latter is tied to
/// the thread that calls launch(), which by the contract of `backend` is the one that destroys us.
class process_place final : public backend {
public:
  explicit process_place(int errors) : relay_(errors) {}

  ~process_place() override;

  result<launch_id> launch(const worker_order&) override;
  result<void> retire(const launch_id&) override;
  result<std::vector<launch_status>> survey() override;

private:
  struct child {
    process running;
    std::uint64_t output = 0;
    std::uint64_t kills_before = 0;  ///< For want of memory, until it was started.
    std::optional<clock::time_point> asked_to_end = std::nullopt;
  };

  std::optional<pipe_ends> lifeline_;
  output_relay relay_;
  std::map<launch_id, child> children_;
};

process_place::~process_place() {
  for (auto& [id, one] : children_)
    one.running.terminate();
  const auto until = clock::now() + grace;
  for (auto& [id, one] : children_) {
    one.running.wait(std::max(until - clock::now(), clock::duration::zero()));
    one.running.kill();
  }
  for (auto& [id, one] : children_) {
    one.running.wait(grace);
    relay_.last_words(one.output);
  }
}

result<launch_id> process_place::launch(const worker_order& order) {
  if (!lifeline_) {
    auto made = make_pipe();
    if (!made) return made.error();
    lifeline_ = std::move(*made);
  }
  auto output = relay_.open();
  if (!output) return output.error();
  const auto kills_before = out_of_memory_kills();
  auto started = process::start(
      {order.command, order.environment, lifeline_->read.number(), output->write.number()});
  if (!started) {
    relay_.last_words(output->number);
    return started.error();
  }
  auto id = std::to_string(started->pid());
  children_.insert_or_assign(id, child{*started, output->number, kills_before});
  return id;
}

result<void> process_place::retire(const launch_id& id) {
  auto found = children_.find(id);
  if (found == children_.end()) return {};
  auto& [running, output, kills_before, asked_to_end] = found->second;
  if (!asked_to_end) {
    asked_to_end = clock::now();
    running.terminate();
  } else if (clock::now() - *asked_to_end > grace) {
    running.kill();
  }
  return {};
}

result<std::vector<launch_status>> process_place::survey() {
  std::vector<launch_status> all;
  for (auto at = children_.begin(); at != children_.end();) {
    auto& [id, one] = *at;
    if (const auto end = one.running.poll()) {
      const auto words = relay_.last_words(one.output);
      const bool killed = end->signal == SIGKILL && !one.asked_to_end;
      const auto verdict = killed && out_of_memory_kills() > one.kills_before
                               ? ", by the kernel, which is out of memory"
                               : "";
      all.push_back({id, launch_status::phase::gone,
                     "process " + id + " ended: " + describe(*end) + verdict +
                         (words.empty() ? ", without a word" : ", saying: " + words),
                     *end == process_end{}});
      at = children_.erase(at);
    } else {
      all.push_back({id, launch_status::phase::running});
      ++at;
    }
  }
  return all;
}

}  // namespace

std::unique_ptr<backend> make_process_place(int errors) {
  return std::make_unique<process_place>(errors);
}

}  // namespace troupe::backends::local
