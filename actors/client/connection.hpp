#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <caf/actor.hpp>

#include <troupe/client.hpp>

#include "actors/client/callbacks.hpp"
#include "actors/client/core/client.hpp"
#include "actors/client/credit.hpp"
#include "actors/client/future_state.hpp"
#include "actors/client/progress.hpp"
#include "actors/runtime/runtime.hpp"
#include "serialization/messages.hpp"

namespace troupe::detail {

using clock = std::chrono::steady_clock;

/// A call of a user's thread on its way to the client actor.
struct posted {
  enum class kind : std::uint8_t { submitted, scattered, wanted, dropped, cancelled, killed };
  kind what = kind::submitted;
  future_state* state = nullptr;
  spec_ptr spec;
  value content;  ///< The arguments, or what was scattered.
  std::vector<task_id> inputs;
};

/// Something to say to the scheduler besides calls.
struct inquiry {
  client_message what;
  std::promise<result<client_reply>> answer;  ///< Any reply, if nothing is answered to `what`.
};

inline bool has_answer(const client_message& what) {
  return std::holds_alternative<inspect_cluster>(what) ||
         std::holds_alternative<explain_task>(what) ||
         std::holds_alternative<retire_workers>(what) || std::holds_alternative<name_dataset>(what);
}

struct connection_settings {
  std::string address;  ///< Of the scheduler, for people.
  std::string name;
  std::string progress = "off";     ///< As client.progress.
  bool encode = true;               ///< Users' values, in their threads; else they stay typed.
  std::uint64_t arguments_max = 0;  ///< Bytes of encoded arguments of one task.
  /// Calls that the scheduler has not taken may hold so many bytes; then submit() waits.
  std::int64_t ahead_max = std::int64_t{128} << 20;
};

/// About how much memory a call takes on its way to the scheduler.
inline std::int64_t cost_of(const posted& call) {
  return static_cast<std::int64_t>(256 + call.content.size() +
                                   call.inputs.size() * sizeof(task_id));
}

/// What users' threads and the client actor share: calls go one way, in batches, results the other.
///
/// Futures keep it in memory, copies of the client keep it open. Thread-safe.
class client_connection : public std::enable_shared_from_this<client_connection> {
public:
  explicit client_connection(connection_settings);
  ~client_connection();

  const connection_settings& options() const noexcept { return settings_; }

  credit& ahead() const noexcept { return *ahead_; }

  // For users' threads.

  /// Waits for the scheduler's welcome; throws troupe::exception if none comes. `owned`, if any,
  /// carries the actor, and ends with the connection.
  void open(caf::actor, std::unique_ptr<runtime::node> owned, std::chrono::nanoseconds timeout);
  /// Ends the actor; what is not fetched by now fails. Not on an actor's thread.
  void close();

  /// The same pointer for equal options.
  const submit_options* intern(const submit_options&);
  future_state* submit(std::string_view function, std::string (*signature)(), const submit_options*,
                       value arguments, std::vector<task_id> inputs);
  future_state* scatter(value content);
  void want(future_state&);
  void want(std::span<future_state* const>);
  void drop(future_state&);
  void cancel(future_state&);
  void kill(future_state&);
  result<cluster_snapshot> inspect();
  /// Waits for the answer; for what is not answered, until the actor has it.
  result<client_reply> ask(client_message);

  template <class Answer>
  result<Answer> ask_for(client_message what) {
    auto answer = ask(std::move(what));
    if (!answer) return answer.error();
    if (auto* found = std::get_if<Answer>(&*answer)) return std::move(*found);
    return error{errc::bad_bytes, "the scheduler answered something else than it was asked"};
  }

  /// Until one of the flags is set, or the deadline: then false. Progress is shown once the wait
  /// that this is a part of is long.
  bool wait(const future_state&, std::uint8_t flags, wait_scope&,
            std::optional<clock::time_point> deadline = {});
  /// The same for something else.
  bool wait_on(std::condition_variable&, std::unique_lock<std::mutex>&, wait_scope&,
               std::optional<clock::time_point> deadline, const std::function<bool()>& over);
  /// Told at once if it is ready already.
  void listen(future_state&, std::unique_ptr<listener>);
  void call_later(std::function<void()>);

  // For the client actor.

  void welcome(client_id);
  /// All calls since the last time. The next one after that wakes the actor again.
  void take(std::vector<posted>& calls, std::vector<inquiry>& inquiries);
  /// Sets the flags, after what they stand for, and tells listeners. Waiters hear by announce().
  void finish(future_state&, std::uint8_t flags);
  void announce(const core::client::counts&);
  /// From now on all calls fail. Gives back those that were not taken.
  void shut(const error& why, std::vector<posted>& calls, std::vector<inquiry>& inquiries);
  /// The last that the actor does here.
  void ended();

private:
  using spec_key = std::tuple<const char*, std::string (*)(), const submit_options*>;

  template <class Spec>
  future_state* post_new(posted, Spec spec);
  void post(std::unique_lock<std::mutex>, posted);
  void refuse(const posted&, const error& why);
  spec_ptr spec_of(std::string_view function, std::string (*signature)(), const submit_options*);
  void tell_listeners(future_state&);
  progress_state measure();

  const connection_settings settings_;
  const std::shared_ptr<credit> ahead_;
  std::unique_ptr<runtime::node> node_;
  callback_queue callbacks_;

  std::mutex calls_mutex_;
  caf::actor actor_;
  client_id me_;
  std::uint64_t next_number_ = 1;
  std::optional<error> shut_;  ///< Why no calls are taken any more.
  std::vector<posted> calls_;
  std::vector<inquiry> inquiries_;
  std::map<spec_key, spec_ptr> specs_;  ///< By address: comparing names costs more.
  std::vector<std::unique_ptr<const submit_options>> options_;

  std::mutex waits_mutex_;
  std::condition_variable changed_;
  bool welcomed_ = false;
  bool ended_ = false;

  std::mutex counts_mutex_;
  core::client::counts counts_;
  core::client::counts quiet_;  ///< When all was finished last.
  clock::time_point quiet_until_;

  std::unique_ptr<progress_display> display_;  ///< Last: its thread measures.
};

}  // namespace troupe::detail
