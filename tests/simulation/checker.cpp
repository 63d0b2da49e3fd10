#include "tests/simulation/checker.hpp"

#include "tests/simulation/workload.hpp"

namespace troupe::simulation {

using core::asking::deliver;
using core::asking::mark_done;
using core::asking::mark_failed;

void checker::promised(task_id t, expectation e) {
  tasks_[t] = {std::move(e), false, {}, {}};
}

void checker::heard(const core::asking::effect& e) {
  const auto complain = [&](task_id t, const char* what) {
    if (!complaint_) complaint_ = "task " + std::to_string(number_of(t)) + ": " + what;
  };
  if (const auto* d = std::get_if<mark_done>(&e)) {
    auto& r = tasks_.at(d->task);
    if (r.expected.dropped) complain(d->task, "done after it was dropped");
    if (r.done) complain(d->task, "done twice");
    r.done = true;
  } else if (const auto* v = std::get_if<deliver>(&e)) {
    auto& r = tasks_.at(v->task);
    if (r.expected.dropped) complain(v->task, "delivered after it was dropped");
    if (r.delivered || r.failed) complain(v->task, "answered twice");
    if (!r.done) complain(v->task, "delivered before it was done");
    r.delivered = read_value(v->content);
  } else if (const auto* f = std::get_if<mark_failed>(&e)) {
    auto& r = tasks_.at(f->task);
    if (r.expected.dropped) complain(f->task, "failed after it was dropped");
    if (r.delivered || r.failed) complain(f->task, "answered twice");
    r.failed = f->why;
  }
}

bool checker::answered(task_id t) const {
  const auto& r = tasks_.at(t);
  return r.delivered || r.failed;
}

std::optional<std::string> checker::complaint(const troubles& t) const {
  if (complaint_) return complaint_;
  std::map<task_id, std::set<errc>> possible;
  std::map<task_id, bool> doomed;
  for (const auto& [id, r] : tasks_) {
    auto& errors = possible[id];
    const auto& e = r.expected;
    bool must_fail = e.function == "throw";
    for (const auto input : e.inputs) {
      errors.insert(possible[input].begin(), possible[input].end());
      must_fail |= doomed[input];
    }
    doomed[id] = must_fail;
    if (e.timed) errors.insert(errc::timeout);
    if (e.cancelled) errors.insert(errc::cancelled);
    if (e.function == "throw" || e.function == "flaky") errors.insert(errc::task_failed);
    if (e.function.empty() && t.worker_crashes > 0) errors.insert(errc::worker_lost);
    if (t.worker_crashes > t.worker_losses_max) errors.insert(errc::worker_lost);
    // Of another user's task anything may have become, and it may have been withdrawn.
    if (e.function == "troupe.dataset")
      errors.insert({errc::timeout, errc::cancelled, errc::task_failed, errc::worker_lost,
                     errc::unknown_input});
    const auto who = "task " + std::to_string(number_of(id)) + " (" + e.function + "): ";
    if (r.delivered && must_fail) return who + "has a value although an input threw";
    if (r.delivered && *r.delivered != e.value) return who + "has the wrong value";
    const bool excused =
        disconnected_ && t.scheduler_lost && r.failed && r.failed->code == errc::scheduler_lost;
    if (r.failed && !excused && !errors.contains(r.failed->code))
      return who + "failed for no good reason: " + describe(*r.failed);
  }
  return {};
}

}  // namespace troupe::simulation
