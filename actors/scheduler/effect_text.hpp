#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "actors/scheduler/core/events.hpp"

namespace troupe {

/// What people call tasks, workers and clients; without a name they are numbered.
struct names {
  std::map<task_id, std::string> tasks;
  std::map<worker_id, std::string> workers;
  std::map<client_id, std::string> clients;

  std::string of(task_id t) const {
    const auto at = tasks.find(t);
    return at != tasks.end() ? at->second : "task " + std::to_string(number_of(t));
  }

  std::string of(worker_id w) const {
    const auto at = workers.find(w);
    return at != workers.end() ? at->second : "worker " + std::to_string(w.value);
  }

  std::string of(client_id c) const {
    const auto at = clients.find(c);
    return at != clients.end() ? at->second : "client " + std::to_string(c.value);
  }
};

/// Effects of a scheduler as one line each: "worker <- run x (run 1) f(a@v, b)".
class effect_text {
public:
  explicit effect_text(const names& n) : names_(n) {}

  std::string operator()(const core::scheduling::effect& e) const { return std::visit(*this, e); }

  std::string operator()(const core::scheduling::admit_client& e) const {
    return "admit " + names_.of(e.client);
  }

  std::string operator()(const core::scheduling::admit_worker& e) const {
    return "admit " + names_.of(e.worker);
  }

  std::string operator()(const core::scheduling::dismiss_client& e) const {
    return "dismiss " + names_.of(e.client);
  }

  std::string operator()(const core::scheduling::dismiss_worker& e) const {
    return "dismiss " + names_.of(e.worker);
  }

  std::string operator()(const core::scheduling::keep_record& e) const {
    return "journal: " + record_text(e.record);
  }

  std::string operator()(const core::scheduling::tell_client& e) const {
    return names_.of(e.client) + " <- " + std::visit(*this, e.message);
  }

  std::string operator()(const core::scheduling::tell_worker& e) const {
    return names_.of(e.worker) + " <- " + std::visit(*this, e.message);
  }

  std::string operator()(const welcome_client&) const { return "welcome"; }

  std::string operator()(const welcome_worker&) const { return "welcome"; }

  std::string operator()(const introduce_worker& m) const { return "meet " + names_.of(m.worker); }

  std::string operator()(const task_done& m) const {
    return "done " + names_.of(m.task) + " at " + names_.of(m.holder) +
           (m.inlined ? ", value along" : "");
  }

  std::string operator()(const task_failed& m) const {
    auto line = "failed " + names_.of(m.task) + ": " + std::string(to_string(m.why.code)) + ": " +
                m.why.message;
    if (!m.why.task.empty()) line += " [task " + m.why.task + "]";
    if (!m.why.worker.empty()) line += " [worker " + m.why.worker + "]";
    for (const auto& name : m.why.chain)
      line += " -> " + name;
    return line;
  }

  std::string operator()(const place_data& m) const {
    return "place " + names_.of(m.task) + " on " + names_.of(m.worker);
  }

  std::string operator()(const task_story& m) const {
    auto text = "story of " + names_.of(m.task) + ": " + m.state;
    if (!m.reason.empty()) text += " (" + m.reason + ")";
    for (const auto& step : m.steps)
      text += "\n  " + step.what;
    return text;
  }

  std::string operator()(const dataset_reply& m) const {
    auto line = "dataset " + m.name;
    if (m.task) line += " is " + names_.of(m.task) + " (" + m.type + ")";
    if (!m.refused.empty()) line += " refused: " + m.refused;
    for (const auto& name : m.names)
      line += " " + name;
    return line;
  }

  std::string operator()(const snapshot_reply& m) const {
    const auto& s = *m.shown;
    return "status waiting=" + std::to_string(s.tasks_waiting) +
           " queued=" + std::to_string(s.tasks_queued) +
           " processing=" + std::to_string(s.tasks_processing) +
           " in_memory=" + std::to_string(s.tasks_in_memory) +
           " failed=" + std::to_string(s.tasks_failed) +
           (s.pending_reason.empty() ? "" : " pending: " + s.pending_reason);
  }

  std::string operator()(const scheduler_ends&) const { return "end"; }

  std::string operator()(const run_task& m) const {
    auto line = "run " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + ") " +
                (m.spec ? m.spec->function : "?") + "(";
    for (std::size_t i = 0; i < m.inputs.size(); ++i) {
      line += (i ? ", " : "") + names_.of(m.inputs[i].task);
      for (const auto holder : m.inputs[i].holders)
        line += "@" + names_.of(holder);
    }
    return line + ")";
  }

  std::string operator()(const drop_result& m) const { return "drop " + names_.of(m.task); }

  std::string operator()(const cancel_run& m) const {
    return "cancel " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + ")";
  }

  std::string operator()(const stop_worker&) const { return "stop"; }

  std::string operator()(const return_run& m) const {
    return "return " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + ")";
  }

  std::string operator()(const leave_cluster&) const { return "leave"; }

  std::string operator()(const replicate_results& m) const {
    std::string line = "replicate";
    for (const auto& result : m.results) {
      line += " " + names_.of(result.task);
      for (const auto holder : result.holders)
        line += "@" + names_.of(holder);
    }
    return line;
  }

  std::string record_text(const core::scheduling::journal_record& r) const {
    static constexpr const char* kinds[] = {"submit",      "scatter", "release",         "failed",
                                            "begun",       "client",  "client released", "worker",
                                            "worker gone", "runs"};
    return std::visit(
        [&](const auto& m) {
          std::string line = kinds[r.index()];
          if constexpr (requires { m.task; }) line += " " + names_.of(m.task);
          if constexpr (requires { m.client; }) line += " " + names_.of(m.client);
          if constexpr (requires { m.worker; }) line += " " + names_.of(m.worker);
          return line;
        },
        r);
  }

private:
  const names& names_;
};

}  // namespace troupe
