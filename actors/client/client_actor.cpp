#include "actors/client/client_actor.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "actors/client/core/client.hpp"
#include "actors/client/data_links.hpp"
#include "actors/client/introduction.hpp"
#include "actors/runtime/host.hpp"
#include "actors/runtime/lean.hpp"
#include "actors/runtime/outbox.hpp"
#include "actors/transport/network.hpp"

namespace troupe {

namespace {

namespace asking = core::asking;
using detail::future_state;
using detail::posted;

using scheduler_outbox = runtime::outbox<client_message, wire::frame_kind::client_messages>;

constexpr std::uint64_t scheduler_request = 0;

/// Calls that are carried out before what has arrived meanwhile gets its turn. While a million are
/// submitted the first result comes after 7 ms in place of 32.
constexpr std::size_t calls_at_once = 4096;

class client_part final : public runtime::part {
public:
  client_part(runtime::self& me, runtime::node& node, std::string scheduler,
              std::shared_ptr<detail::client_connection> connection)
      : me_(me),
        net_(node.net()),
        log_(node.log().make("client")),
        scheduler_(std::move(scheduler)),
        connection_(std::move(connection)),
        workers_(me, node.net(), detail::introduce_client(connection_->options().name)) {}

  ~client_part() override {
    let_go({errc::scheduler_lost, "the client was ended with its actor system"});
  }

  using part::on;

  const char* name() const override { return "client"; }

  void start() override {
    net_.connect(scheduler_request, scheduler_,
                 detail::introduce_client(connection_->options().name), me_.handle());
  }

  void on(const transport::connected& e) override {
    if (e.request != scheduler_request) return workers_.connected(e);
    if (ended_) return transport::close(e.to);
    link_ = e.to;
    out_.emplace(e.to);
    me_.watch(e.to.actor);
    for (auto& [said, from] : std::exchange(early_, {}))
      on(said, from);
  }

  void on(const transport::connect_failed& e) override {
    if (e.request == scheduler_request) {
      lose_scheduler(e.why);
    } else if (auto worker = workers_.failed(e.request)) {
      log_->debug("cannot reach worker worker={} why={}", worker->value, e.why.message);
      step(asking::peer_lost{*worker});
      announce();
    }
  }

  void on(const transport::envelope& e, const caf::actor_addr& from) override {
    // A scheduler in this process may speak before the network says that we are connected.
    if (!link_ && !welcomed_) {
      if (e.local && !ended_) early_.emplace_back(e, from);
      return;
    }
    if (link_ && from == link_->actor.address()) {
      hear_scheduler(e);
    } else if (auto worker = workers_.find(from)) {
      if (auto bad = workers_.hear(*worker, e, [this](auto event) { step(std::move(event)); })) {
        log_->warn("bad frame from worker worker={} why={}", worker->value, bad->message);
        lose_worker(from);
      }
    }
    announce();
  }

  void on(const transport::value_arrived& e, const caf::actor_addr& from) override {
    if (auto worker = workers_.find(from))
      step(asking::value_received{*worker, e.task, value(e.content)});
    announce();
  }

  void on(const transport::link_failed& e, const caf::actor_addr& from) override {
    if (link_ && from == link_->actor.address()) why_lost_ = e.why;
  }

  void on_gone(const caf::actor_addr& who) override {
    if (link_ && who == link_->actor.address())
      lose_scheduler(std::exchange(why_lost_, {})
                         .value_or(error{errc::scheduler_lost, "it closed the connection"}));
    else
      lose_worker(who);
  }

  void on_tick() override {
    step(asking::clock_ticked{});
    announce();
  }

  void on_wake() override {
    if (carried_ == calls_.size()) {
      calls_.clear();
      inquiries_.clear();
      carried_ = 0;
      connection_->take(calls_, inquiries_);
    }
    const auto until = std::min(calls_.size(), carried_ + calls_at_once);
    while (carried_ < until)
      carry(calls_[carried_++]);
    if (carried_ < calls_.size()) {
      announce();
      return runtime::wake(me_.handle());
    }
    for (auto& asked : std::exchange(inquiries_, {})) {
      if (!out_) {
        asked.answer.set_value(away_);
        continue;
      }
      const bool answered = detail::has_answer(asked.what);
      tell(std::move(asked.what));
      if (answered)
        asked_.push_back(std::move(asked.answer));
      else
        asked.answer.set_value(client_reply());
    }
    announce();
  }

  void on_flush() override {
    flush_scheduler();
    workers_.flush();
  }

  void on_stop() override {
    tell(leave_scheduler{});
    flush_scheduler();
    end({errc::scheduler_lost,
         "the client is closed: the last copy of it has to live until the results are fetched"});
  }

private:
  /// A user's call.
  void carry(posted& call) {
    auto& state = *call.state;
    const auto task = state.task;
    switch (call.what) {
      case posted::kind::submitted:
        states_.insert(number_of(task), &state);
        spent_ += detail::cost_of(call);
        return step(asking::task_submitted{
            {task, std::move(call.spec), std::move(call.content), std::move(call.inputs)}});
      case posted::kind::scattered:
        states_.insert(number_of(task), &state);
        return step(asking::data_scattered{task, std::move(call.content)});
      case posted::kind::wanted:
        return step(asking::value_wanted{task});
      case posted::kind::cancelled:
        return step(asking::cancel_wanted{task});
      case posted::kind::killed:
        return step(asking::cancel_wanted{task, true});
      case posted::kind::dropped:
        step(asking::future_dropped{task});
        states_.erase(number_of(task));
        delete &state;
    }
  }

  void hear_scheduler(const transport::envelope& e) {
    if (e.local) {
      if (auto* replies = std::get_if<batch<client_reply>>(e.local.get()))
        for (auto& reply : *replies)
          hear(std::move(reply));
      return;
    }
    auto replies = e.kind == wire::frame_kind::client_replies
                       ? decoder_.client_replies(e.body)
                       : error{errc::bad_bytes, "a frame that schedulers do not send to clients"};
    if (!replies) {
      end({errc::bad_bytes, "it sent a bad frame: " + replies.error().message});
      return;
    }
    for (auto& reply : *replies) {
      if (auto* done = std::get_if<task_done>(&reply))
        done->small = runtime::lean(std::move(done->small), e.body.size());
      hear(std::move(reply));
    }
  }

  void hear(client_reply reply) {
    if (std::holds_alternative<snapshot_reply>(reply) ||
        std::holds_alternative<task_story>(reply) || std::holds_alternative<dataset_reply>(reply)) {
      if (asked_.empty()) return;
      asked_.front().set_value(std::move(reply));
      asked_.pop_front();
      return;
    }
    auto* welcome = std::get_if<welcome_client>(&reply);
    // A scheduler of this process is here, or gone for good: nothing has to be kept for a return.
    if (welcome && link_->local) welcome->grace = {};
    const auto me = welcome ? welcome->client : client_id{};
    step(asking::scheduler_said{std::move(reply)});
    if (me && !std::exchange(welcomed_, true)) connection_->welcome(me);
  }

  void step(asking::event what) {
    std::vector<asking::effect> effects;
    std::swap(effects, effects_);
    effects.clear();
    machine_.handle(std::move(what), runtime::clock::now(), effects);
    for (auto& effect : effects)
      std::visit([this](auto& e) { carry_out(e); }, effect);
    std::swap(effects, effects_);
    if (!ended_) me_.tick_at(machine_.deadline());
  }

  void carry_out(asking::call_scheduler& e) {
    auto who = detail::introduce_client(connection_->options().name);
    who.session = e.session;
    who.client = e.client;
    net_.connect(scheduler_request, scheduler_, std::move(who), me_.handle());
  }

  void carry_out(asking::end_client& e) { end(e.why); }

  void carry_out(asking::tell_scheduler& e) { tell(std::move(e.message)); }

  void carry_out(asking::know_peer& e) { workers_.know(e.peer, e.address); }

  void carry_out(asking::fetch_from& e) { workers_.say(e.peer, fetch_result{e.task}); }

  void carry_out(asking::push_to& e) {
    workers_.say(e.peer, store_result{e.task, std::move(e.content)});
  }

  void carry_out(asking::mark_done& e) {
    if (auto* s = state_of(e.task)) connection_->finish(*s, future_state::ready);
  }

  void carry_out(asking::deliver& e) {
    auto* s = state_of(e.task);
    if (!s) return;
    s->content = std::move(e.content);
    connection_->finish(*s, future_state::ready | future_state::here);
  }

  void carry_out(asking::mark_failed& e) {
    auto* s = state_of(e.task);
    if (!s) return;
    s->why = std::make_unique<const error>(std::move(e.why));
    connection_->finish(*s, future_state::ready | future_state::failed);
  }

  future_state* state_of(task_id task) {
    auto* found = states_.find(number_of(task));
    return found ? *found : nullptr;
  }

  void tell(client_message m) {
    if (!out_) return;
    out_->push(std::move(m));
    if (out_->large())
      flush_scheduler();
    else
      me_.request_flush();
  }

  void flush_scheduler() {
    // Of nothing to send, too: what the machine kept to itself needs no room on the way.
    const auto spent = std::exchange(spent_, 0);
    const auto receipt = spent > 0 ? connection_->ahead().receipt(spent) : nullptr;
    if (out_) out_->flush(me_, receipt);
  }

  void lose_scheduler(const error& why) {
    const bool was_local = link_ && link_->local;
    link_.reset();
    out_.reset();
    decoder_ = {};
    if (ended_) return;
    // A scheduler of this process that has gone never comes back, and one that refuses us will do
    // it again.
    if (!welcomed_ || was_local || why.code == errc::refused || why.code == errc::bad_config)
      return end(why);
    away_ = {errc::scheduler_lost, "no connection to the scheduler at " +
                                       connection_->options().address +
                                       " just now: " + why.message};
    log_->debug("away from the scheduler address={} why=\"{}\"", scheduler_, why.message);
    for (auto& asked : std::exchange(asked_, {}))
      asked.set_value(away_);
    step(asking::connection_lost{why});
    announce();
  }

  void lose_worker(const caf::actor_addr& link) {
    if (auto worker = workers_.lost(link)) step(asking::peer_lost{*worker});
    announce();
  }

  /// Who waits hears of what has finished, if anything has or may have.
  void announce() {
    if (!ended_) connection_->announce(machine_.inspect());
  }

  void end(const error& why) {
    if (ended_) return;
    workers_.close();
    if (link_) transport::close(*link_);
    let_go(why);
    me_.quit();
  }

  /// Nothing can be asked any more: fails what is not here yet.
  void let_go(const error& why) {
    if (std::exchange(ended_, true)) return;
    const error told{why.code, "no connection to the scheduler at " +
                                   connection_->options().address + ": " + why.message};
    out_.reset();
    std::vector<posted> rest;
    std::vector<detail::inquiry> unasked;
    connection_->shut(told, rest, unasked);
    step(asking::scheduler_lost{told});
    while (carried_ < calls_.size())
      carry(calls_[carried_++]);
    for (auto& call : rest)
      carry(call);
    for (auto& asked : inquiries_)
      asked.answer.set_value(told);
    for (auto& asked : unasked)
      asked.answer.set_value(told);
    for (auto& asked : asked_)
      asked.set_value(told);
    connection_->announce(machine_.inspect());
    connection_->ended();
  }

  runtime::self& me_;
  transport::network& net_;
  logger log_;
  const std::string scheduler_;
  const std::shared_ptr<detail::client_connection> connection_;
  detail::data_links workers_;

  std::optional<transport::link> link_;
  std::vector<std::pair<transport::envelope, caf::actor_addr>> early_;  ///< Before link_.
  std::optional<scheduler_outbox> out_;
  std::int64_t spent_ = 0;  ///< Of connection_->ahead(), for what is in out_.
  wire::decoder decoder_;
  std::optional<error> why_lost_;
  error away_;  ///< Why there is no connection just now.
  bool welcomed_ = false;
  bool ended_ = false;

  core::client machine_;
  core::number_table<future_state*> states_;
  std::vector<asking::effect> effects_;
  std::vector<posted> calls_;
  std::size_t carried_ = 0;  ///< Of calls_.
  std::vector<detail::inquiry> inquiries_;
  /// In the order in which answers will come.
  std::deque<std::promise<result<client_reply>>> asked_;
};

}  // namespace

caf::actor spawn_client(runtime::node& node, const std::string& scheduler,
                        std::shared_ptr<detail::client_connection> connection) {
  return runtime::spawn(node.actors(), [&node, scheduler, connection](runtime::self& me) {
    return std::make_unique<client_part>(me, node, scheduler, connection);
  });
}

}  // namespace troupe
