#include "backends/jobqueue/jobqueue.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <pwd.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <troupe/settings.hpp>

#include "backends/command.hpp"
#include "backends/jobqueue/allocation.hpp"
#include "backends/jobqueue/dialect.hpp"
#include "backends/jobqueue/job_book.hpp"
#include "backends/jobqueue/job_folder.hpp"
#include "backends/jobqueue/job_settings.hpp"
#include "backends/jobqueue/owner_guard.hpp"
#include "backends/jobqueue/queue_commands.hpp"

namespace troupe::backends::jobqueue {

namespace {

using clock = std::chrono::system_clock;
using phase = launch_status::phase;

/// After so many queries have failed one after the other, the survey fails as well.
constexpr int failures_max = 10;
/// An estimate is asked for that much less often than the list of jobs: it costs the system more.
constexpr int estimate_every = 5;
/// However many workers are lost, the queue is not asked again before that.
constexpr auto closely = std::chrono::seconds(1);
/// So many times: a job that is ending is listed as running for some seconds.
constexpr int close_looks = 3;
/// Ids on one command line.
constexpr std::size_t batch_max = 500;
/// Between submissions one after the other.
constexpr auto submit_pause = std::chrono::milliseconds(50);
/// Before a command is tried again; then twice as long each time, 8 s in all.
constexpr auto first_pause = std::chrono::milliseconds(250);
constexpr auto last_pause = std::chrono::seconds(4);

bool is_here(const std::string& program) {
  return find_program(program).has_value();
}

std::string user_name() {
  const auto* entry = getpwuid(geteuid());
  return entry ? entry->pw_name : std::to_string(geteuid());
}

/// Runs it again, later and later, while the system is only away for a moment. A submission that
/// was taken although its command failed is found by its name and ended: job_book::take_doubles().
result<command_outcome> run_patiently(const command_order& command) {
  for (auto pause = first_pause;; pause *= 2) {
    auto outcome = run_command(command);
    const bool again = outcome && !(outcome->end == process_end{}) &&
                       is_passing(outcome->errors + outcome->output);
    if (!again || pause > last_pause) return outcome;
    std::this_thread::sleep_for(pause);
  }
}

class jobqueue_place final : public backend {
public:
  jobqueue_place(job_settings job, services from, job_folder folder);
  jobqueue_place(jobqueue_place&&) = delete;
  ~jobqueue_place() override;

  result<std::vector<launch_id>> launch(const launch_order&) override;
  result<void> retire(const std::vector<launch_id>&) override;
  result<std::vector<launch_status>> survey() override;
  result<std::string> preview(const launch_order&) override;
  void look_closely() override;
  result<void> keep() override;

private:
  job_order order_of(const launch_order&) const;
  result<std::vector<launch_id>> submit(const job_order&);
  result<void> guard();
  result<void> cancel(const std::vector<std::string>& ids);
  result<std::vector<job_report>> ask();
  void ask_about_missing(clock::time_point now);
  void ask_when(clock::time_point now);
  result<void> look(clock::time_point now);
  std::vector<launch_status> tell(clock::time_point now, bool asked);

  const job_settings job_;
  const services services_;
  const job_folder folder_;
  job_book book_;
  owner_guard guard_;
  std::vector<query> queries_;
  std::size_t query_ = 0;  ///< The first that this system knows, once it was `asked_` with success.
  bool asked_ = false;
  std::chrono::nanoseconds interval_;
  clock::time_point next_query_;
  clock::time_point last_query_{};
  int close_looks_ = 0;
  clock::time_point next_estimate_{};
  std::string last_script_;  ///< That was submitted.
  int failures_ = 0;
  bool kept_ = false;
};

jobqueue_place::jobqueue_place(job_settings job, services from, job_folder folder)
    : job_(std::move(job)),
      services_(std::move(from)),
      folder_(std::move(folder)),
      book_({job_.system, job_name_start(job_, services_.cluster, services_.group),
             dialect_of(job_.system).index_base, job_.walltime}),
      queries_(job_queries(job_.system, user_name())),
      interval_(job_.query_interval_min),
      next_query_(clock::now()) {}

jobqueue_place::~jobqueue_place() {
  if (kept_) return;
  const auto ended = cancel(book_.alive());
  if (!ended) {
    // The guard tries again when we are gone.
    services_.log("jobqueue: " + ended.error().message);
    return;
  }
  guard_.dismiss();
  folder_.remove();
}

job_order jobqueue_place::order_of(const launch_order& from) const {
  job_order order;
  static_cast<launch_order&>(order) = from;
  order.folder = folder_.path();
  return order;
}

result<std::vector<launch_id>> jobqueue_place::launch(const launch_order& order) {
  if (order.workers % job_.nodes_per_job != 0)
    return error{errc::bad_config, "the " + std::to_string(order.workers) +
                                       " workers of a job cannot be shared evenly among its nodes: "
                                       "cluster.jobqueue.nodes_per_job is " +
                                       std::to_string(job_.nodes_per_job)};
  if (job_.job_array || order.count <= 1) return submit(order_of(order));
  std::vector<launch_id> ids;
  for (std::uint32_t i = 0; i < order.count; ++i) {
    if (i > 0) std::this_thread::sleep_for(submit_pause);
    auto one = order_of(order);
    one.first = order.first + i;
    one.count = 1;
    auto submitted = submit(one);
    if (!submitted && ids.empty()) return submitted.error();
    if (!submitted) {
      services_.log("jobqueue: " + submitted.error().message);
      break;
    }
    ids.insert(ids.end(), submitted->begin(), submitted->end());
  }
  return ids;
}

result<std::vector<launch_id>> jobqueue_place::submit(const job_order& order) {
  if (auto written = folder_.write(job_, order, write_job(job_, order)); !written)
    return written.error();
  if (auto guarded = guard(); !guarded) return guarded.error();
  const auto command = submit_command(job_, order);
  const auto outcome = run_patiently(command);
  if (!outcome) return outcome.error();
  if (!(outcome->end == process_end{})) return failure_of(command, *outcome);
  auto ids = parse_submitted(job_.system, outcome->output, order.count);
  if (!ids) return ids.error();
  const auto now = clock::now();
  book_.submitted(*ids, order.first, now);
  last_script_ = script_file(order);
  if (auto noted = folder_.remember(*ids); !noted)
    services_.log("jobqueue: " + noted.error().message);
  interval_ = job_.query_interval_min;
  next_query_ = now + interval_;
  return ids;
}

result<void> jobqueue_place::guard() {
  if (guard_) return {};
  auto started =
      owner_guard::start(cancel_command(job_, {}).words, folder_.ids_file(), folder_.path());
  if (!started) return started.error();
  guard_ = std::move(*started);
  return {};
}

result<void> jobqueue_place::cancel(const std::vector<std::string>& ids) {
  for (std::size_t begin = 0; begin < ids.size(); begin += batch_max) {
    const auto end = std::min(begin + batch_max, ids.size());
    const std::vector<std::string> some(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                                        ids.begin() + static_cast<std::ptrdiff_t>(end));
    const auto command = cancel_command(job_, some);
    auto outcome = run_patiently(command);
    if (!outcome) return outcome.error();
    // Most systems complain about what is already gone; the next list of jobs tells whether it is.
    if (!(outcome->end == process_end{}))
      services_.log("jobqueue: " + failure_of(command, *outcome).message);
  }
  return {};
}

result<void> jobqueue_place::retire(const std::vector<launch_id>& ids) {
  for (const auto& id : ids)
    book_.retired(id);
  interval_ = job_.query_interval_min;
  next_query_ = std::min(next_query_, clock::now() + interval_);
  return cancel(ids);
}

result<std::vector<job_report>> jobqueue_place::ask() {
  for (;;) {
    const auto& [command, parse] = queries_[query_];
    auto outcome = run_command(command);
    if (!outcome) return outcome.error();
    if (outcome->end == process_end{}) {
      asked_ = true;
      return parse(outcome->output);
    }
    const auto failure = failure_of(command, *outcome);
    // A system that does not know this way to ask may know the next one.
    if (asked_ || is_passing(failure.message)) return failure;
    if (query_ + 1 == queries_.size()) {
      query_ = 0;
      return failure;
    }
    ++query_;
  }
}

void jobqueue_place::ask_about_missing(clock::time_point now) {
  const auto ids = book_.missing();
  if (ids.empty()) return;
  const auto wanted = ended_query(job_.system, ids);
  if (!wanted || !is_here(wanted->command.words.front())) return;
  // Not every site keeps accounts: that it cannot tell is no failure.
  const auto printed = output_of(wanted->command);
  if (!printed) return;
  auto ended = wanted->parse(*printed);
  if (!ended) return;
  // Systems reuse numbers, and accounts go back for years.
  ended->erase(std::remove_if(ended->begin(), ended->end(),
                              [&](const job_report& job) {
                                return std::find(ids.begin(), ids.end(), job.id) == ids.end() ||
                                       job.at != phase::gone;
                              }),
               ended->end());
  book_.listed(*ended, now, false);
}

void jobqueue_place::ask_when(clock::time_point now) {
  if (last_script_.empty() || now < next_estimate_ || !book_.wants_estimate()) return;
  next_estimate_ = now + estimate_every * interval_;
  const auto command = estimate_command(job_, last_script_);
  if (!command) return;
  const auto outcome = run_command(*command);
  if (!outcome) return;  // An estimate is nothing that anybody depends on.
  if (const auto start = parse_start_estimate(outcome->errors + outcome->output))
    book_.estimated(*start);
}

result<void> jobqueue_place::look(clock::time_point now) {
  auto listed = ask();
  if (!listed) return listed.error();
  book_.listed(*listed, now, true);
  ask_about_missing(now);
  ask_when(now);
  const auto doubles = book_.take_doubles();
  const auto again = book_.retired_but_alive();
  if (auto ended = cancel(doubles); !ended) return ended;
  return again.empty() ? result<void>() : cancel(again);
}

std::vector<launch_status> jobqueue_place::tell(clock::time_point now, bool asked) {
  bool changed = false;
  auto all = book_.take(now, changed);
  for (auto& one : all)
    if (one.at == phase::gone && !one.in_order)
      if (const auto words = last_words(log_folder(job_, order_of({})), one.id); !words.empty())
        one.detail += ", saying: " + words;
  if (asked)
    interval_ =
        changed ? job_.query_interval_min : std::min(interval_ * 3 / 2, job_.query_interval_max);
  return all;
}

result<std::vector<launch_status>> jobqueue_place::survey() {
  const auto now = clock::now();
  if (now < next_query_) return tell(now, false);
  last_query_ = now;
  auto looked = look(now);
  if (!looked) {
    // A queue that does not answer is not an empty one: what was known still holds.
    if (++failures_ == 1) services_.log("jobqueue: " + looked.error().message);
    interval_ = std::min(interval_ * 2, job_.query_interval_max);
    next_query_ = now + interval_;
    if (failures_ > failures_max) return looked.error();
    return tell(now, false);
  }
  failures_ = 0;
  auto all = tell(now, true);
  const bool close = close_looks_ > 0 && --close_looks_ > 0;
  next_query_ = now + (close ? std::min<clock::duration>(interval_, closely) : interval_);
  return all;
}

void jobqueue_place::look_closely() {
  close_looks_ = close_looks;
  interval_ = job_.query_interval_min;
  next_query_ = std::min(next_query_, last_query_ + std::min<clock::duration>(interval_, closely));
}

result<std::string> jobqueue_place::preview(const launch_order& order) {
  const auto job = order_of(order);
  const auto texts = write_job(job_, job);
  const auto command = submit_command(job_, job);
  // The script comes first: systems look at its first line, if somebody gives them this text.
  std::string text = texts.script + "# That is " + script_file(job) +
                     ", submitted by: " + shell_words(command.words) +
                     (command.input_file.empty() ? "" : " < " + command.input_file) + "\n";
  if (!texts.node_script.empty()) text += "# " + node_script_file(job) + ":\n" + texts.node_script;
  if (!texts.description.empty()) text += "# " + description_file(job) + ":\n" + texts.description;
  return text;
}

result<void> jobqueue_place::keep() {
  kept_ = true;
  guard_.dismiss();
  return {};
}

}  // namespace

result<std::unique_ptr<backend>> make(settings& section, const services& from) {
  if (section.choice("mode", "jobs", {"jobs", "allocation"}) == "allocation") {
    const auto rank = find_rank(process_environment());
    if (!rank || rank->size < 2)
      return error{errc::bad_config,
                   "mode = \"allocation\" is for programs that srun or mpiexec starts, two "
                   "processes at least: `srun -n 4 PROGRAM`"};
    // What jobs are like does not matter: none is submitted.
    section = settings(section.name(), {});
    return make_allocation(*rank);
  }
  section = for_group(section, from.group);
  auto job = read_job_settings(section, is_here);
  if (!job) return job.error();
  auto name = job_name_start(*job, from.cluster, from.group);
  name.pop_back();
  auto folder = job_folder::at(job->shared_directory, name);
  if (!folder) return folder.error();
  return std::unique_ptr<backend>(
      std::make_unique<jobqueue_place>(std::move(*job), from, std::move(*folder)));
}

}  // namespace troupe::backends::jobqueue
