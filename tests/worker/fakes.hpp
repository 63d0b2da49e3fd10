#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/runtime/host.hpp"
#include "actors/runtime/outbox.hpp"
#include "actors/runtime/runtime.hpp"
#include "actors/transport/network.hpp"

namespace troupe::testing {

/// What a fake peer and the test's thread share.
template <class Heard, class Says>
struct desk {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<hello> who;
  std::vector<Heard> heard;
  std::vector<std::pair<task_id, bytes>> values;
  batch<Says> to_say;
  bool linked = false;
  bool gone = false;
  bool hang_up = false;

  template <class Change>
  void change(Change c) {
    std::lock_guard lock(mutex);
    c();
    changed.notify_all();
  }

  /// False if it does not become true in time.
  template <class Holds>
  bool wait(Holds holds) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), holds);
  }
};

/// One end of one connection to a worker: a scheduler that is connected to, or a client that
/// connects, and says what the test wants.
template <class Heard, class Says, wire::frame_kind Kind>
class fake_part final : public runtime::part {
public:
  using shared = std::shared_ptr<desk<Heard, Says>>;
  using runtime::part::on;

  fake_part(runtime::self& me, transport::network& net, shared d, std::string connect_to)
      : me_(me), net_(net), desk_(std::move(d)), connect_to_(std::move(connect_to)) {}

  const char* name() const override { return "fake"; }

  void start() override {
    if (connect_to_.empty()) return;
    hello who;
    who.as = role::client;
    who.name = "fake client";
    net_.connect(1, connect_to_, who, me_.handle());
  }

  void on(const transport::accepted& e) override {
    link(e.from);
    desk_->change([&] { desk_->who = *e.who; });
  }

  void on(const transport::connected& e) override {
    link(e.to);
    desk_->change([&] { desk_->linked = true; });
    on_wake();
  }

  void on(const transport::envelope& e, const caf::actor_addr&) override {
    if (e.local) return take(std::get<batch<Heard>>(*e.local));
    if constexpr (std::is_same_v<Heard, worker_message>)
      take(decoder_.worker_messages(e.body).value());
    else
      take(decoder_.data_messages(e.body).value());
  }

  void on(const transport::value_arrived& e, const caf::actor_addr&) override {
    desk_->change([&] { desk_->values.emplace_back(e.task, e.content); });
  }

  void on_gone(const caf::actor_addr&) override {
    desk_->change([&] { desk_->gone = true; });
  }

  void on_wake() override {
    if (!out_) return;
    batch<Says> messages;
    bool hang_up = false;
    desk_->change([&] {
      messages = std::exchange(desk_->to_say, {});
      hang_up = std::exchange(desk_->hang_up, false);
    });
    for (auto& m : messages)
      out_->push(std::move(m));
    out_->flush(me_);
    if (hang_up) transport::close(out_->to());
  }

  void on_stop() override { me_.quit(); }

private:
  void link(const transport::link& to) {
    out_.emplace(to);
    decoder_ = {};
    me_.watch(to.actor);
  }

  void take(const batch<Heard>& messages) {
    desk_->change(
        [&] { desk_->heard.insert(desk_->heard.end(), messages.begin(), messages.end()); });
  }

  runtime::self& me_;
  transport::network& net_;
  shared desk_;
  std::string connect_to_;
  std::optional<runtime::outbox<Says, Kind>> out_;
  wire::decoder decoder_;
};

/// A fake part and its desk, for the test's thread.
template <class Heard, class Says, wire::frame_kind Kind>
class fake {
public:
  explicit fake(runtime::node& node, const std::string& connect_to = {})
      : actor_(runtime::spawn(node.actors(), [&node, connect_to, d = desk_](runtime::self& me) {
          return std::make_unique<fake_part<Heard, Says, Kind>>(me, node.net(), d, connect_to);
        })) {}

  ~fake() { runtime::stop(actor_); }

  const caf::actor& actor() const { return actor_; }

  void say(Says m) {
    desk_->change([&] { desk_->to_say.push_back(std::move(m)); });
    runtime::wake(actor_);
  }

  void hang_up() {
    desk_->change([&] {
      desk_->hang_up = true;
      desk_->who.reset();  // Until somebody comes back.
    });
    runtime::wake(actor_);
  }

  bool wait_gone() {
    return desk_->wait([this] { return desk_->gone; });
  }

  std::optional<hello> wait_hello() {
    desk_->wait([this] { return desk_->who.has_value(); });
    return desk_->who;
  }

  /// The first message of this type that was heard since the last one asked for.
  template <class Message>
  std::optional<Message> wait_for() {
    std::optional<Message> found;
    desk_->wait([&] {
      auto& heard = desk_->heard;
      for (auto at = heard.begin(); at != heard.end(); ++at) {
        auto* m = std::get_if<Message>(&*at);
        if (!m) continue;
        found = std::move(*m);
        heard.erase(at);
        return true;
      }
      return false;
    });
    return found;
  }

  /// The first value that came in parts.
  std::optional<std::pair<task_id, bytes>> wait_value() {
    if (!desk_->wait([this] { return !desk_->values.empty(); })) return std::nullopt;
    return desk_->values.front();
  }

private:
  std::shared_ptr<desk<Heard, Says>> desk_ = std::make_shared<desk<Heard, Says>>();
  caf::actor actor_;
};

using fake_scheduler = fake<worker_message, worker_order_message, wire::frame_kind::worker_orders>;
using fake_client = fake<data_message, data_message, wire::frame_kind::data_messages>;

}  // namespace troupe::testing
