#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <caf/actor.hpp>

#include <troupe/client.hpp>

#include "actors/runtime/runtime.hpp"
#include "actors/transport/network.hpp"
#include "serialization/messages.hpp"

namespace troupe::testing {

/// With a token, and nothing logged.
config test_config();

/// Where scheduler and worker listen; empty: within this process.
struct fake_places {
  std::string scheduler = {};
  std::string worker = {};
};

/// A scheduler and a worker in this process that do as the test says. Results of more than 64 bytes
/// have to be fetched from the worker.
class fake_cluster {
public:
  explicit fake_cluster(const fake_places& = {});
  ~fake_cluster();

  template <auto F>
  void add(task<F> t = {}) {
    add(t.entry());
  }

  void add(task_entry);

  /// From within this process.
  client connect(bool encode = true);

  /// From now on tasks wait for let_go().
  void hold();
  /// Runs the held task that was submitted as the n-th of those (from 0).
  void let_go(std::size_t n);
  void let_all_go();

  /// What clients said to the scheduler. Waits until there are as many of that kind, at most 10 s.
  template <class Message>
  std::vector<Message> said(std::size_t count);
  template <class Message>
  std::size_t count_said() const;

  /// Fetches are answered with result_absent so often before they are answered well.
  void lose_results(unsigned times);
  void stop_scheduler();

  const std::string& address() const noexcept { return scheduler_at_.address; }

  /// Batches of data messages that the worker got.
  std::size_t worker_batches() const;

  struct shared;

private:
  std::vector<client_message> wait_said(const std::function<bool(const client_message&)>& matches,
                                        std::size_t count) const;

  runtime::node node_;
  std::shared_ptr<shared> shared_;
  caf::actor worker_;
  caf::actor scheduler_;
  transport::listener worker_at_;
  transport::listener scheduler_at_;
};

template <class Message>
std::vector<Message> fake_cluster::said(std::size_t count) {
  std::vector<Message> all;
  for (auto& m : wait_said([](const auto& s) { return std::holds_alternative<Message>(s); }, count))
    all.push_back(std::get<Message>(std::move(m)));
  return all;
}

template <class Message>
std::size_t fake_cluster::count_said() const {
  return wait_said([](const auto& s) { return std::holds_alternative<Message>(s); }, 0).size();
}

}  // namespace troupe::testing
