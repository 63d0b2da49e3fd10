#include <algorithm>
#include <chrono>
#include <csignal>
#include <iterator>
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

  result<std::vector<launch_id>> launch(const launch_order&) override;
  result<void> retire(const std::vector<launch_id>&) override;
  result<std::vector<launch_status>> survey() override;
  result<std::string> preview(const launch_order&) override;

private:
  struct child {
    process running;
    std::uint64_t output = 0;
    std::optional<launch_status> end = std::nullopt;
  };

  /// The processes of one launch; its id is the pid of the first.
  struct launched {
    std::uint64_t number = 0;
    std::vector<child> children;
    std::uint64_t kills_before = 0;  ///< For want of memory, until it was started.
    std::optional<clock::time_point> asked_to_end = std::nullopt;
  };

  result<launch_id> start(const launch_order&, std::uint64_t number);
  result<child> start_worker(const launch_order&, std::uint64_t number, std::uint32_t worker);
  launch_status end_of(const launched&, child&, const process_end&);
  void end(const std::vector<child*>&);
  launch_status look_at(launched&);

  std::optional<pipe_ends> lifeline_;
  output_relay relay_;
  std::map<launch_id, launched> launches_;
};

process_place::~process_place() {
  std::vector<child*> all;
  for (auto& [id, one] : launches_)
    for (auto& each : one.children)
      all.push_back(&each);
  end(all);
}

void process_place::end(const std::vector<child*>& all) {
  for (auto* one : all)
    one->running.terminate();
  const auto until = clock::now() + grace;
  for (auto* one : all) {
    one->running.wait(std::max(until - clock::now(), clock::duration::zero()));
    one->running.kill();
  }
  for (auto* one : all) {
    one->running.wait(grace);
    relay_.last_words(one->output);
  }
}

result<std::vector<launch_id>> process_place::launch(const launch_order& order) {
  if (!lifeline_) {
    auto made = make_pipe();
    if (!made) return made.error();
    lifeline_ = std::move(*made);
  }
  std::vector<launch_id> ids;
  for (std::uint32_t i = 0; i < order.count; ++i) {
    auto id = start(order, order.first + i);
    if (!id && ids.empty()) return id.error();
    if (!id) break;
    ids.push_back(std::move(*id));
  }
  return ids;
}

result<launch_id> process_place::start(const launch_order& order, std::uint64_t number) {
  launched made{number, {}, out_of_memory_kills()};
  for (std::uint32_t worker = 0; worker < order.workers; ++worker) {
    auto one = start_worker(order, number, worker);
    if (!one) {
      std::vector<child*> begun;
      for (auto& each : made.children)
        begun.push_back(&each);
      end(begun);
      return one.error();
    }
    made.children.push_back(std::move(*one));
  }
  if (made.children.empty()) return error{errc::bad_argument, "a launch needs a worker"};
  auto id = std::to_string(made.children.front().running.pid());
  launches_.insert_or_assign(id, std::move(made));
  return id;
}

result<process_place::child> process_place::start_worker(const launch_order& order,
                                                         std::uint64_t number,
                                                         std::uint32_t worker) {
  auto output = relay_.open();
  if (!output) return output.error();
  auto variables = order.identity(number, worker);
  variables.insert(order.environment.begin(), order.environment.end());
  auto started = process::start(
      {order.command, std::move(variables), lifeline_->read.number(), output->write.number()});
  if (!started) {
    relay_.last_words(output->number);
    return started.error();
  }
  return child{*started, output->number};
}

result<void> process_place::retire(const std::vector<launch_id>& ids) {
  for (const auto& id : ids) {
    auto found = launches_.find(id);
    if (found == launches_.end()) continue;
    auto& one = found->second;
    const bool late = one.asked_to_end && clock::now() - *one.asked_to_end > grace;
    for (auto& each : one.children) {
      if (!one.asked_to_end) each.running.terminate();
      if (late) each.running.kill();
    }
    if (!one.asked_to_end) one.asked_to_end = clock::now();
  }
  return {};
}

launch_status process_place::end_of(const launched& one, child& ended, const process_end& how) {
  const auto id = std::to_string(ended.running.pid());
  const auto words = relay_.last_words(ended.output);
  const bool killed = how.signal == SIGKILL && !one.asked_to_end;
  const bool no_memory = killed && out_of_memory_kills() > one.kills_before;
  launch_status status;
  status.at = launch_status::phase::gone;
  status.detail = "process " + id + " ended: " + describe(how) +
                  (no_memory ? ", by the kernel, which is out of memory" : "") +
                  (words.empty() ? ", without a word" : ", saying: " + words);
  status.in_order = how == process_end{};
  if (no_memory)
    status.failure = launch_failure::out_of_memory;
  else if (how.signal == SIGTERM || how.signal == SIGKILL)
    status.failure = launch_failure::cancelled;
  else if (!status.in_order)
    status.failure = launch_failure::exit_code;
  return status;
}

/// Gone when all of its processes are. What is told of its end is that of the first that did not
/// end in order, or else of the last.
launch_status process_place::look_at(launched& one) {
  launch_status ended;
  bool running = false;
  for (auto& each : one.children) {
    if (!each.end)
      if (const auto how = each.running.poll()) each.end = end_of(one, each, *how);
    if (!each.end)
      running = true;
    else if (ended.detail.empty() || ended.in_order)
      ended = *each.end;
  }
  if (running) return {{}, launch_status::phase::running};
  return ended;
}

result<std::vector<launch_status>> process_place::survey() {
  std::vector<launch_status> all;
  for (auto at = launches_.begin(); at != launches_.end();) {
    auto seen = look_at(at->second);
    seen.id = at->first;
    seen.launch = at->second.number;
    at = seen.at == launch_status::phase::gone ? launches_.erase(at) : std::next(at);
    all.push_back(std::move(seen));
  }
  return all;
}

result<std::string> process_place::preview(const launch_order& order) {
  auto text = "# " + std::to_string(order.count) + " times " + std::to_string(order.workers) +
              " processes of this machine, each:\n";
  for (const auto& [name, value] : order.identity(order.first, 0))
    text.append(name).append("=").append(value).append(" \\\n");
  for (const auto& [name, value] : order.environment)
    text.append(name).append("=... \\\n");
  return text + shell_words(order.command) + "\n";
}

}  // namespace

std::unique_ptr<backend> make_process_place(int errors) {
  return std::make_unique<process_place>(errors);
}

}  // namespace troupe::backends::local
