#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "actors/client/core/events.hpp"
#include "actors/client/core/submissions.hpp"
#include "actors/client/core/table.hpp"

namespace troupe::core {

/// Knows what became of each task of one client, and asks scheduler and workers on its behalf.
///
///                        task_done           value_wanted
///     task_submitted -> waiting -----> done -----> fetching -----> delivered
///     data_scattered -> scattering ---> ^            |  absent, or its holder lost
///                                       +- locating <+
///
/// From everywhere but `delivered` a task can become `failed`; future_dropped erases it everywhere.
/// Where a result lies may be wrong by the time it is fetched, so a failed fetch asks the scheduler
/// again, as often as that answers.
///
/// When the connection to the scheduler breaks, nothing fails: the client calls again, at growing
/// intervals, for as long as the scheduler keeps its tasks. Until then it goes on as if the
/// scheduler were only slow. Back in the same session it says everything again that it wants, for
/// any of what was on the way may be lost; so each submission is kept until its task is done
/// (unless the scheduler gives no grace).
///
/// A pure machine: no I/O, no clock, no threads. Late, double and unknown events are ignored.
class client {
public:
  /// Of all tasks so far.
  struct counts {
    std::uint64_t submitted = 0;  ///< Scattered values do not count here.
    std::uint64_t finished = 0;   ///< Done, failed, or dropped before that.
    std::uint64_t failed = 0;

    friend bool operator==(const counts&, const counts&) = default;
  };

  /// The only way to change a client. Appends what has to be done to `out`.
  void handle(asking::event what, time_point now, std::vector<asking::effect>& out);

  /// When clock_ticked should come; asked again after each event.
  std::optional<time_point> deadline() const;

  /// Stops the process if any two parts of the state disagree.
  void check_invariants() const;

  counts inspect() const { return counts_; }

  /// Of futures that are not dropped.
  std::size_t size() const noexcept { return tasks_.size(); }

private:
  enum class stage : std::uint8_t {
    absent,
    waiting,     ///< For the scheduler to say where the result is; `peer` is its submission, or 0.
    scattering,  ///< Its value is in scattered_; `peer` is where it was pushed to, if anywhere.
    done,        ///< `peer` holds the result.
    fetching,    ///< From `peer`; it is in that peer's `tasks`.
    locating,    ///< As waiting, but it was done before, and somebody wants the value.
    delivered,
    failed,
  };

  /// A million futures are nothing unusual, so this is one word.
  struct task {
    stage at : 4 = stage::absent;
    bool wanted : 1 = false;      ///< Somebody waits for the value.
    bool is_data : 1 = false;     ///< Scattered, not submitted.
    bool dropped : 1 = false;     ///< While scattering: forgotten once a worker has it.
    bool cancelled : 1 = false;   ///< While waiting.
    std::uint64_t peer : 56 = 0;  ///< A worker_id.

    explicit operator bool() const noexcept { return at != stage::absent; }
  };

  static_assert(sizeof(task) == 8);

  struct peer {
    std::string address;
    bool told = false;        ///< know_peer was said.
    std::set<task_id> tasks;  ///< Being fetched from it or pushed to it.
  };

  /// While there is no connection.
  struct absence {
    time_point give_up_at;
    time_point call_at;
    std::chrono::nanoseconds pause{};
    bool calling = false;
    error why;
  };

  void on(asking::scheduler_said&);
  void on(asking::connection_lost&);
  void on(asking::scheduler_lost&);
  void on(asking::clock_ticked&);
  void on(asking::task_submitted&);
  void on(asking::data_scattered&);
  void on(asking::value_wanted&);
  void on(asking::future_dropped&);
  void on(asking::cancel_wanted&);
  void on(asking::value_received&);
  void on(asking::value_absent&);
  void on(asking::peer_lost&);

  void hear(welcome_client&);
  void hear(introduce_worker&);
  void hear(task_done&);
  void hear(task_failed&);
  void hear(place_data&);

  void hear(scheduler_ends&);

  void hear(snapshot_reply&) {}

  void hear(task_story&) {}

  void hear(dataset_reply&) {}

  // Coming back: resume.cpp.
  void call();
  void say_all_again();
  void say_again(task_id, const task&);
  void lose(error why);
  void give_up(errc, const std::string& why);

  /// For submissions.
  auto waiting_submission() {
    return [this](task_id id) {
      const auto* t = find(id);
      return t && t->at == stage::waiting ? static_cast<std::uint32_t>(t->peer) : 0;
    };
  }

  task* find(task_id);
  /// The one place where a task changes its stage; keeps peers' tasks and the counts in step.
  void move(task_id, task&, stage to, worker_id with = {});
  void count(const task&, stage to);
  peer* reach(worker_id);
  void fetch(task_id, task&, worker_id holder);
  void locate(task_id, task&);
  void fail(task_id, task&, error why);
  void ask_for_place(task_id);

  /// Lost while there is no connection: say_all_again() makes up for it.
  void tell(client_message m) {
    if (!lost_ && !away_) out_->push_back(asking::tell_scheduler{std::move(m)});
  }

  client_id me_;
  uuid session_{};
  std::chrono::nanoseconds grace_{};
  time_point now_{};
  std::optional<absence> away_;
  std::optional<error> lost_;  ///< Why there is no scheduler any more.
  submissions submissions_;    ///< Of waiting tasks, and what those need of dropped ones.
  number_table<task> tasks_;
  std::map<worker_id, peer> peers_;
  std::map<task_id, value> scattered_;  ///< Kept until a worker has them.
  counts counts_;
  std::vector<asking::effect>* out_ = nullptr;
};

}  // namespace troupe::core
