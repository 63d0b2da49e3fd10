#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "tests/simulation/checker.hpp"
#include "tests/simulation/nodes.hpp"

namespace troupe::simulation {

// What tasks compute: a number, from a number and those of the inputs. "mix" and "sum" always
// succeed, "throw" never does, and "flaky" does at times.

std::uint64_t right_value(const std::string& function, std::uint64_t argument,
                          std::span<const std::uint64_t> inputs);

/// The number in so many bytes that results of all kinds occur: inlined and fetched.
value make_value(std::uint64_t);
std::uint64_t read_value(const value&);

/// Runs a task as a worker's pool would.
core::working::run_executed run_task_function(dice&, const core::working::execute&);

/// What users have published, and what is known about it without asking.
struct library {
  struct dataset {
    std::uint64_t value = 0;
    bool seen = false;       ///< The scheduler has said that it is there.
    bool withdrawn = false;  ///< Or about to be.
  };

  std::map<std::string, dataset> datasets;
};

/// A user with a client: submits a random graph, wants some values, drops and cancels some futures,
/// and in the end wants all values that are left, and drops them.
class user {
public:
  user(timeline&, network&, dice&, node_id scheduler, library&, std::uint64_t actions);

  node_id node() const noexcept { return client_->id(); }

  const core::client& machine() const noexcept { return client_->machine(); }

  const checker& answers() const noexcept { return checker_; }

  /// All is answered and dropped, or the connection is gone.
  bool finished() const noexcept { return finished_; }

  /// Though it is finished, and neither it nor the scheduler has gone.
  bool keeps_something() const {
    return !leaves_ && !checker_.is_disconnected() && client_->machine().size() > 0;
  }

  /// Of what it still waits for; for messages.
  std::string waits_for() const;

private:
  void plan_next();
  void act();
  void submit();
  void scatter();
  /// Asks for what changes where results are, and nothing else.
  void steer();
  /// Publishes, withdraws, or opens what anybody has published.
  void share();
  void named(const dataset_reply&);
  void drop(task_id);
  void end_if_answered();
  task_id any_held();

  timeline& timeline_;
  dice& dice_;
  library& library_;
  checker checker_;
  client_id me_;
  std::uint64_t actions_;
  std::set<std::string> opening_;
  bool leaves_;  ///< Says good-bye; else its connection stays.
  std::uint64_t last_number_ = 0;
  std::vector<task_id> held_;
  std::vector<spec_ptr> specs_;
  bool closing_ = false;
  bool finished_ = false;
  std::unique_ptr<client_node> client_;
  // Actions on the timeline hold it weakly: they outlive a user that crashes.
  std::shared_ptr<user*> self_;
};

}  // namespace troupe::simulation
