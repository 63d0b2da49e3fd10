#include "actors/cluster/observer.hpp"

#include <algorithm>
#include <future>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "actors/client/introduction.hpp"
#include "actors/runtime/host.hpp"
#include "actors/runtime/outbox.hpp"
#include "actors/transport/network.hpp"
#include "config/nearest.hpp"
#include "serialization/wire.hpp"

namespace troupe {

namespace {

using answer = result<client_reply>;
using client_outbox = runtime::outbox<client_message, wire::frame_kind::client_messages>;

class observer_part final : public runtime::part {
public:
  observer_part(runtime::self& me, runtime::node& node, std::string scheduler,
                client_message question, std::shared_ptr<std::promise<answer>> promise)
      : me_(me),
        net_(node.net()),
        scheduler_(std::move(scheduler)),
        question_(std::move(question)),
        promise_(std::move(promise)) {}

  ~observer_part() override {
    if (promise_) promise_->set_value(error{errc::timeout, "no answer came"});
  }

  const char* name() const override { return "observer"; }

  void start() override {
    auto who = detail::introduce_client("troupe status");
    who.as = role::observer;
    net_.connect(0, scheduler_, std::move(who), me_.handle());
  }

  using runtime::part::on;

  void on(const transport::connected& e) override {
    to_ = e.to;
    me_.watch(e.to.actor);
    client_outbox out(e.to);
    out.push(std::move(question_));
    out.flush(me_);
  }

  void on(const transport::connect_failed& e) override { finish(e.why); }

  void on(const transport::link_failed& e, const caf::actor_addr&) override { finish(e.why); }

  void on(const transport::envelope& e, const caf::actor_addr&) override {
    auto replies = decoder_.client_replies(e.body);
    if (!replies) {
      finish(replies.error());
      return;
    }
    for (const auto& reply : *replies)
      if (std::holds_alternative<snapshot_reply>(reply) ||
          std::holds_alternative<task_story>(reply))
        finish(reply);
  }

  void on_gone(const caf::actor_addr&) override {
    finish(error{errc::connection_failed, "the scheduler closed the connection"});
  }

  void on_stop() override { finish(error{errc::timeout, "the scheduler does not answer"}); }

private:
  void finish(answer what) {
    if (!promise_) return;
    std::exchange(promise_, nullptr)->set_value(std::move(what));
    if (to_) transport::close(*to_);
    me_.quit();
  }

  runtime::self& me_;
  transport::network& net_;
  const std::string scheduler_;
  client_message question_;
  std::shared_ptr<std::promise<answer>> promise_;
  std::optional<transport::link> to_;
  wire::decoder decoder_;
};

template <class Answer>
result<Answer> ask(runtime::node& node, const std::string& scheduler,
                   const client_message& question, std::chrono::nanoseconds limit) {
  auto promise = std::make_shared<std::promise<answer>>();
  auto future = promise->get_future();
  auto actor =
      runtime::spawn(node.actors(), [&node, scheduler, question, promise](runtime::self& me) {
        return std::make_unique<observer_part>(me, node, scheduler, question, promise);
      });
  promise = nullptr;
  if (future.wait_for(limit) != std::future_status::ready) runtime::stop(actor);
  auto found = future.get();
  if (!found) return found.error();
  if (auto* right = std::get_if<Answer>(&*found)) return std::move(*right);
  return error{errc::bad_bytes, "the scheduler answered something else than it was asked"};
}

result<cluster_snapshot> ask_snapshot(runtime::node& node, const std::string& scheduler,
                                      const client_message& question,
                                      std::chrono::nanoseconds limit) {
  const auto found = ask<snapshot_reply>(node, scheduler, question, limit);
  if (!found) return found.error();
  return *found->shown;
}

}  // namespace

result<void> check_group(const std::string& wanted, const std::vector<std::string>& groups) {
  if (wanted.empty() && groups.empty()) return {};
  if (std::find(groups.begin(), groups.end(), wanted) != groups.end()) return {};
  if (groups.empty())
    return error{errc::bad_argument,
                 "there is no group \"" + wanted + "\": all workers of this cluster are alike"};
  const auto problem = wanted.empty() ? std::string("this cluster has several groups of workers")
                                      : "there is no group \"" + wanted + "\"";
  return error{errc::bad_argument, problem + "; say which: " + enumerated(groups)};
}

result<cluster_snapshot> observe(runtime::node& node, const std::string& scheduler,
                                 std::chrono::nanoseconds limit) {
  return ask_snapshot(node, scheduler, inspect_cluster{}, limit);
}

result<cluster_snapshot> steer(runtime::node& node, const std::string& scheduler,
                               const steer_cluster& order, std::chrono::nanoseconds limit) {
  auto seen = ask_snapshot(node, scheduler, order, limit);
  if (!seen || order.what == steer_cluster::order::end) return seen;
  if (auto good = check_group(order.group, seen->groups); !good) return good.error();
  return seen;
}

result<cluster_snapshot> retire(runtime::node& node, const std::string& scheduler,
                                const std::vector<std::string>& workers,
                                std::chrono::nanoseconds limit) {
  return ask_snapshot(node, scheduler, retire_workers{workers}, limit);
}

result<task_story> ask_story(runtime::node& node, const std::string& scheduler, task_id task,
                             std::chrono::nanoseconds limit) {
  return ask<task_story>(node, scheduler, explain_task{task}, limit);
}

}  // namespace troupe
