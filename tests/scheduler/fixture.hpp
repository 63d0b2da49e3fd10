#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "actors/scheduler/core/scheduler.hpp"
#include "actors/scheduler/event_text.hpp"
#include "serialization/wire.hpp"

namespace troupe::testing {

using namespace core::scheduling;
using effects = std::vector<effect>;

// The people and things of these tests. Workers and clients are numbered in order of joining.
inline constexpr client_id alice{1};
inline constexpr client_id bob{2};
inline constexpr worker_id v{1};
inline constexpr worker_id w{2};
inline constexpr worker_id u{3};
inline constexpr task_id x = make_task_id(alice, 1);
inline constexpr task_id y = make_task_id(alice, 2);
inline constexpr task_id z = make_task_id(alice, 3);

inline task_id number(std::uint64_t n) {
  return make_task_id(alice, n);
}

inline spec_ptr spec(std::string function = "f") {
  task_spec s;
  s.function = std::move(function);
  s.signature = "()";
  return std::make_shared<const task_spec>(std::move(s));
}

/// Of the scheduler in these tests.
inline constexpr uuid session{7};

inline effect welcome(client_id who) {
  return tell_client{who, welcome_client{who, "s", session, scheduler_options().client_grace}};
}

inline effect welcome(worker_id who) {
  return tell_worker{who, welcome_worker{who, session}};
}

/// A machine, and what goes in and out of it. All that it says goes through the wire.
class bench {
public:
  explicit bench(scheduler_options options = {})
      : machine(without_watchdog(std::move(options)), "s", session) {}

  effects after(const event& e) {
    effects out;
    machine.handle(e, now, out);
    machine.check_invariants();
    for (auto& said : out)
      std::visit([this](auto& one) { pass(one); }, said);
    return out;
  }

  effects after(client_id who, client_message m) { return after(client_said{who, std::move(m)}); }

  effects after(worker_id who, worker_message m) { return after(worker_said{who, std::move(m)}); }

  /// A client, not looking at the answer.
  void join() { after(client_joined{0, std::make_shared<hello>()}); }

  /// A client, on a new connection.
  effects come_back(client_id id) {
    hello who;
    who.session = session;
    who.client = id;
    return after(client_joined{9, std::make_shared<hello>(who)});
  }

  effects worker(std::string name, std::uint32_t threads = 1,
                 std::map<std::string, double> resources = {},
                 std::vector<task_signature> tasks = {{"f", "()"}, {"g", "()"}},
                 uuid from_session = {}) {
    auto who = std::make_shared<hello>();
    who->as = role::worker;
    who->session = from_session;
    // As many processes as names.
    for (std::size_t i = 0; i < name.size() && i < who->process.size(); ++i)
      who->process[i] = static_cast<std::uint8_t>(name[i]);
    who->name = name;
    who->address = name + ":1";
    who->threads = threads;
    who->resources = std::move(resources);
    who->tasks = std::move(tasks);
    return after(worker_joined{0, std::move(who)});
  }

  /// Alice submits; `function` is its name.
  effects submit(task_id task, std::vector<task_id> inputs = {}, spec_ptr what = spec()) {
    return after(alice,
                 submit_task{task, std::move(what), value(bytes::copy("args")), std::move(inputs)});
  }

  effects finish(worker_id who, task_id task, std::uint64_t run, std::uint64_t size = 100,
                 std::chrono::nanoseconds took = std::chrono::seconds(1)) {
    return after(who, run_finished{task, {run}, size, took, false, {}});
  }

  cluster_snapshot snapshot() const { return machine.inspect(); }

  core::scheduler machine;
  core::time_point now{std::chrono::hours(1)};

private:
  /// Few tests are about it; in the others it only makes deadlines.
  static scheduler_options without_watchdog(scheduler_options options) {
    if (options.stuck_after == scheduler_options().stuck_after) options.stuck_after = {};
    return options;
  }

  template <class Peer>
  void pass(Peer&) {}

  void pass(tell_client& e) {
    auto& link = clients_[e.client];
    auto decoded = link.second.client_replies(link.first.encode(std::span(&e.message, 1)));
    REQUIRE(decoded);
    REQUIRE(decoded->size() == 1);
    CHECK(decoded->front() == e.message);
    e.message = std::move(decoded->front());
  }

  void pass(tell_worker& e) {
    auto& link = workers_[e.worker];
    auto decoded = link.second.worker_orders(link.first.encode(std::span(&e.message, 1)));
    REQUIRE(decoded);
    REQUIRE(decoded->size() == 1);
    CHECK(decoded->front() == e.message);
    e.message = std::move(decoded->front());
  }

  std::map<client_id, std::pair<wire::encoder, wire::decoder>> clients_;
  std::map<worker_id, std::pair<wire::encoder, wire::decoder>> workers_;
};

// What is expected, in few words.

inline effect run(worker_id who, task_id task, std::uint64_t number,
                  std::vector<input_location> inputs = {}, spec_ptr what = spec()) {
  return tell_worker{
      who,
      run_task{task, {number}, std::move(what), value(bytes::copy("args")), std::move(inputs)}};
}

inline effect done(task_id task, worker_id holder, std::uint64_t size = 100) {
  return tell_client{client_of(task), task_done{task, holder, size, false, {}}};
}

inline effect failed(task_id task, error why) {
  return tell_client{client_of(task), task_failed{task, std::move(why)}};
}

inline effect drop(worker_id who, task_id task) {
  return tell_worker{who, drop_result{task}};
}

inline effect cancel(worker_id who, task_id task, std::uint64_t number) {
  return tell_worker{who, cancel_run{task, {number}}};
}

inline effect meet(client_id who, worker_id whom, const std::string& name) {
  return tell_client{who, introduce_worker{whom, name, name + ":1"}};
}

inline effect meet(worker_id who, worker_id whom, const std::string& name) {
  return tell_worker{who, introduce_worker{whom, name, name + ":1"}};
}

}  // namespace troupe::testing

namespace doctest {

template <>
struct StringMaker<std::vector<troupe::core::scheduling::effect>> {
  static String convert(const std::vector<troupe::core::scheduling::effect>& all) {
    const troupe::names nobody;
    std::string text = "\n";
    for (const auto& e : all)
      text += "    " + troupe::effect_text(nobody)(e) + "\n";
    return text.c_str();
  }
};

}  // namespace doctest
