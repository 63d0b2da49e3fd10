#pragma once

#include <string>
#include <variant>

#include "actors/scheduler/effect_text.hpp"

namespace troupe {

/// Events of a scheduler as one line each: "worker: finished x (run 1)".
class event_text {
public:
  explicit event_text(const names& n) : names_(n) {}

  std::string operator()(const core::scheduling::event& e) const { return std::visit(*this, e); }

  std::string operator()(const core::scheduling::client_joined&) const { return "client joined"; }

  std::string operator()(const core::scheduling::worker_joined& e) const {
    return "worker joined: " + e.who->name;
  }

  std::string operator()(const core::scheduling::client_said& e) const {
    return names_.of(e.client) + ": " + std::visit(*this, e.message);
  }

  std::string operator()(const core::scheduling::worker_said& e) const {
    return names_.of(e.worker) + ": " + std::visit(*this, e.message);
  }

  std::string operator()(const core::scheduling::client_lost& e) const {
    return names_.of(e.client) + " lost";
  }

  std::string operator()(const core::scheduling::worker_lost& e) const {
    return names_.of(e.worker) + " lost";
  }

  std::string operator()(const core::scheduling::clock_ticked&) const { return "clock ticked"; }

  std::string operator()(const core::scheduling::launch_ended& e) const {
    return "launch " + e.launch + " ended: " + e.how;
  }

  std::string operator()(const core::scheduling::journal_read& e) const {
    return "journal: " + effect_text(names_).record_text(e.record);
  }

  std::string operator()(const core::scheduling::journal_ended&) const { return "journal ended"; }

  std::string operator()(const core::scheduling::launch_unwanted& e) const {
    return "launch " + e.launch + " unwanted";
  }

  std::string operator()(const submit_task& m) const {
    auto line = "submit " + names_.of(m.task) + " = " + m.spec->function + "(";
    for (std::size_t i = 0; i < m.inputs.size(); ++i)
      line += (i ? ", " : "") + names_.of(m.inputs[i]);
    return line + ")";
  }

  std::string operator()(const scatter_data& m) const { return "scatter " + names_.of(m.task); }

  std::string operator()(const release_task& m) const { return "release " + names_.of(m.task); }

  std::string operator()(const cancel_task& m) const { return "cancel " + names_.of(m.task); }

  std::string operator()(const locate_result& m) const {
    return "locate " + names_.of(m.task) + ", not from " + names_.of(m.worker);
  }

  std::string operator()(const inspect_cluster&) const { return "inspect"; }

  std::string operator()(const claim_task& m) const { return "claim " + names_.of(m.task); }

  std::string operator()(const end_claims&) const { return "claims end"; }

  std::string operator()(const leave_scheduler&) const { return "leave"; }

  std::string operator()(const steer_cluster&) const { return "steer"; }

  std::string operator()(const replicate_result& m) const {
    return "replicate " + names_.of(m.task) + " to " + std::to_string(m.copies);
  }

  std::string operator()(const detach_task& m) const { return "detach " + names_.of(m.task); }

  std::string operator()(const name_dataset& m) const {
    constexpr const char* words[] = {"publish ", "republish ", "unpublish ", "find ", "list "};
    return words[static_cast<std::size_t>(m.what)] + (m.task ? names_.of(m.task) + " as " : "") +
           m.name;
  }

  std::string operator()(const rebalance_results&) const { return "rebalance"; }

  std::string operator()(const retire_workers& m) const {
    std::string line = "retire";
    for (const auto& name : m.names)
      line += " " + name;
    return line;
  }

  std::string operator()(const explain_task& m) const { return "explain " + names_.of(m.task); }

  std::string operator()(const run_finished& m) const {
    return "finished " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + ")";
  }

  std::string operator()(const run_failed& m) const {
    return "threw " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + ")";
  }

  std::string operator()(const inputs_missing& m) const {
    auto line = "missing for " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + "):";
    for (const auto& input : m.missing) {
      line += " " + names_.of(input.task);
      for (const auto holder : input.holders)
        line += "@" + names_.of(holder);
    }
    return line;
  }

  std::string operator()(const result_added& m) const { return "added " + names_.of(m.task); }

  std::string operator()(const worker_report&) const { return "report"; }

  std::string operator()(const run_seceded& m) const {
    return "seceded " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + ")";
  }

  std::string operator()(const run_returned& m) const {
    return "returned " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + ")";
  }

  std::string operator()(const worker_changed& m) const {
    return "changed " + std::to_string(static_cast<int>(m.state));
  }

  std::string operator()(const running_task& m) const {
    return "runs " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + ")";
  }

  std::string operator()(const registered&) const { return "registered"; }

  std::string operator()(const run_rejoined& m) const {
    return "rejoined " + names_.of(m.task) + " (run " + std::to_string(m.run.value) + ")";
  }

private:
  const names& names_;
};

}  // namespace troupe
