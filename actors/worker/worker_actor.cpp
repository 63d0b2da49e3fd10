#include "actors/worker/worker_actor.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "actors/runtime/host.hpp"
#include "actors/runtime/outbox.hpp"
#include "actors/transport/network.hpp"
#include "actors/worker/alarms.hpp"
#include "actors/worker/core/worker.hpp"
#include "actors/worker/data_address.hpp"
#include "actors/worker/data_links.hpp"
#include "actors/worker/disk.hpp"
#include "actors/worker/executor.hpp"
#include "actors/worker/introduction.hpp"

namespace troupe {

namespace {

using namespace core::working;
using runtime::clock;

constexpr std::uint64_t scheduler_request = 0;  ///< Worker ids, the other requests, start at 1.

class worker_part final : public runtime::part {
public:
  worker_part(runtime::self& me, runtime::node& node, worker_settings settings,
              result<std::string> listen_on)
      : me_(me),
        net_(node.net()),
        log_(node.log().make("worker")),
        settings_(std::move(settings)),
        listen_on_(std::move(listen_on)),
        who_(introduce_worker(settings_.options)),
        memory_(settings_.options),
        machine_(limits_of(settings_.options, settings_.kill != nullptr)),
        links_(me, node.net(), who_, log_),
        disk_(
            {local_directory(settings_.options), [actor = me.handle()] { runtime::wake(actor); }}),
        alarm_(me),
        executor_(*settings_.tasks, {settings_.options.name, settings_.options.threads,
                                     [actor = me.handle()] { runtime::wake(actor); },
                                     [home = settings_.home] { return home->get(); },
                                     [this](auto wait) { alarm_.after(wait); }}) {}

  const char* name() const override { return "worker"; }

  void start() override {
    if (!listen_on_) return end({worker_end::kind::unusable, listen_on_.error()});
    if (listen_on_->empty()) {
      listener_ = net_.listen_local(me_.handle());
    } else {
      auto made = net_.listen(*listen_on_, me_.handle());
      if (!made) return end({worker_end::kind::unusable, made.error()});
      listener_ = *made;
    }
    who_.address = listener_->address;
    who_.launch = settings_.launch;
    who_.tasks = settings_.tasks->signatures();
    add_means(settings_.options, who_);
    patience_.begin(clock::now(), settings_.connect_for);
    connect();
  }

  void on(const transport::connected& e) override {
    if (e.request != scheduler_request) return links_.connected(e);
    if (ending_) return transport::close(e.to);
    scheduler_.emplace(e.to);
    greeted_ = false;
    decoder_ = {};
    me_.watch(e.to.actor);
  }

  void on(const transport::connect_failed& e) override {
    if (e.request != scheduler_request) {
      links_.failed(e, heard_);
      return take_heard();
    }
    connect_again(e.why);
  }

  void on(const transport::accepted& e) override {
    if (ending_) return transport::close(e.from);
    links_.accepted(e);
  }

  void on(const transport::envelope& e, const caf::actor_addr& from) override {
    if (scheduler_ && from == scheduler_->to().actor.address()) {
      hear_scheduler(e);
      return hand_out();
    }
    links_.hear(e, from, heard_);
    take_heard();
  }

  void on(const transport::value_arrived& e, const caf::actor_addr& from) override {
    links_.hear(e, from, heard_);
    take_heard();
  }

  void on(const transport::link_failed& e, const caf::actor_addr& from) override {
    if (scheduler_ && from == scheduler_->to().actor.address()) why_lost_ = e.why;
  }

  void on_gone(const caf::actor_addr& who) override {
    if (scheduler_ && who == scheduler_->to().actor.address()) return lose_scheduler();
    links_.gone(who, heard_);
    take_heard();
  }

  void on_wake() override {
    executor_.take(executed_);
    if (ending_) return executor_.stop({}) ? finish(false) : void();
    for (auto& pause : executed_.pauses)
      std::visit([this](auto& p) { step(p); }, pause);
    for (auto& run : executed_.done)
      step(std::move(run));
    take_from_disk();
    hand_out();
  }

  void on_tick() override {
    const auto now = clock::now();
    if (alarms_.grace && now >= *alarms_.grace) return give_up_waiting();
    if (alarms_.leave && now >= *alarms_.leave) {
      log_->info("leaving after its lifetime name={}", settings_.options.name);
      leave(settings_.options.leave_timeout);
    }
    if (alarms_.connect && now >= *alarms_.connect) connect();
    if (alarms_.measure && now >= *alarms_.measure) {
      step(memory_measured{memory_.measure()});
      alarms_.measure = now + memory_.pause();
    }
    if (alarms_.report && now >= *alarms_.report) {
      alarms_.report = now + settings_.options.report_interval;
      step(report_due{});
    }
    step(clock_ticked{});
    hand_out();
  }

  void on_flush() override {
    if (scheduler_) scheduler_->flush(me_);
    links_.flush();
  }

  void on_stop() override {
    if (ending_ || alarms_.grace) return;
    if (!welcome_) return end({});
    leave(settings_.grace);
    executor_.interrupt();
  }

private:
  void leave(clock::duration grace) {
    alarms_.grace = clock::now() + grace;
    alarms_.leave.reset();
    step(leave_wanted{});
    hand_out();
    on_flush();
  }

  void connect() {
    alarms_.connect.reset();
    net_.connect(scheduler_request, settings_.scheduler, who_, me_.handle());
  }

  void connect_again(const error& why) {
    // Once for people, who would wonder what it waits for.
    const auto level = patience_.fresh() ? spdlog::level::info : spdlog::level::debug;
    alarms_.connect = patience_.next(clock::now(), why.code);
    if (!alarms_.connect)
      return end(
          {welcome_ ? worker_end::kind::scheduler_lost : worker_end::kind::not_connected, why});
    log_->log(level, "no scheduler yet address={} why=\"{}\"", settings_.scheduler, why.message);
    set_timer();
  }

  void lose_scheduler() {
    const bool was_local = scheduler_->to().local;
    scheduler_.reset();
    if (ending_) return;
    const auto why = std::exchange(why_lost_, error{errc::scheduler_lost, "it was closed"});
    const auto grace = settings_.options.scheduler_grace;
    // A scheduler of this process that has gone never comes back, and who leaves does not wait.
    if (welcome_ && (was_local || grace.count() == 0 || alarms_.grace))
      return end({worker_end::kind::scheduler_lost, why});
    if (std::exchange(greeted_, false)) {
      log_->warn("away from the scheduler name={} why=\"{}\"", settings_.options.name, why.message);
      patience_.begin(clock::now(), grace);
    }
    connect_again(why);
  }

  /// False if this is not the scheduler that we came back to.
  bool greet(const welcome_worker& hi) {
    if (welcome_ && hi.session != who_.session) {
      end({worker_end::kind::another_scheduler, {errc::scheduler_lost, "it is another one now"}});
      return false;
    }
    who_.session = hi.session;
    greeted_ = true;
    log_->info("{} scheduler={} name={} address={} threads={} tasks={}",
               welcome_ ? "came back" : "joined", settings_.scheduler, settings_.options.name,
               listener_->address, settings_.options.threads, settings_.tasks->size());
    if (std::exchange(welcome_, true)) return true;
    me_id_ = hi.worker;
    alarms_.leave = end_of_life(settings_.options, clock::now());
    alarms_.measure = alarms_.report = clock::now();
    set_timer();
    return true;
  }

  void hear_scheduler(const transport::envelope& e) {
    if (e.local) {
      if (auto* orders = std::get_if<batch<worker_order_message>>(e.local.get())) obey_all(*orders);
      return;
    }
    auto orders = e.kind == wire::frame_kind::worker_orders
                      ? decoder_.worker_orders(e.body)
                      : error{errc::bad_bytes, "a kind of frame that schedulers do not send"};
    if (!orders) {
      log_->error("bad frame from the scheduler why=\"{}\"", orders.error().message);
      return end({worker_end::kind::scheduler_lost, orders.error()});
    }
    obey_all(*orders);
  }

  void obey_all(batch<worker_order_message>& orders) {
    for (auto& order : orders)
      obey(std::move(order));
  }

  void obey(worker_order_message order) {
    if (const auto* hi = std::get_if<welcome_worker>(&order); hi && !greet(*hi)) return;
    if (const auto* drop = std::get_if<drop_result>(&order)) links_.forget(drop->task);
    step(scheduler_said{std::move(order)});
  }

  void take_from_disk() {
    disk::reports moved;
    disk_.take(moved);
    for (const auto& problem : moved.problems)
      log_->warn("disk: {}", problem);
    for (auto& e : moved.events)
      step(std::move(e));
  }

  void take_heard() {
    // By index: what is carried out may make peers say more.
    for (std::size_t i = 0; i < heard_.size(); ++i)
      step(std::move(heard_[i]));
    heard_.clear();
    hand_out();
  }

  void step(event what) {
    if (ending_) return;
    machine_.handle(std::move(what), clock::now(), effects_);
    auto effects = std::exchange(effects_, {});
    for (auto& e : effects)
      std::visit([this](auto& x) { carry_out(x); }, e);
    effects.clear();
    effects_ = std::move(effects);
  }

  void carry_out(tell_scheduler& e) {
    // Before its welcome it would not know what we speak of; after that we tell all again.
    if (!scheduler_ || !greeted_) return;
    scheduler_->push(std::move(e.message));
    if (scheduler_->large())
      scheduler_->flush(me_);
    else
      me_.request_flush();
  }

  void carry_out(know_peer& e) { links_.know(e.peer, std::move(e.address)); }

  void carry_out(fetch_from& e) { links_.fetch(e.peer, e.task); }

  void carry_out(execute& e) { to_run_.push_back(std::move(e)); }

  void carry_out(pass_input& e) { to_pass_.push_back(std::move(e)); }

  void carry_out(skip_execution& e) {
    hand_out();
    executor_.skip(e.run);
  }

  void carry_out(spill_result& e) { disk_.write(std::move(e)); }

  void carry_out(load_result& e) { disk_.read(e, me_id_); }

  void carry_out(remove_file& e) { disk_.remove(e); }

  void carry_out(kill_process& e) {
    const auto task = std::to_string(number_of(e.task));
    if (settings_.kill) return settings_.kill(sudden_end::killed, "to stop task " + task);
    log_->warn("cannot end the thread of a task to be killed task={}", task);
  }

  void carry_out(end_for_memory& e) {
    settings_.kill(sudden_end::out_of_memory,
                   out_of_memory_words(e.used_bytes, settings_.options.memory));
  }

  void carry_out(answer& e) { links_.answer(e.connection, std::move(e.message)); }

  void carry_out(limit_leaving&) { alarms_.grace = clock::now() + settings_.options.leave_timeout; }

  void carry_out(end_worker&) { end({}); }

  /// At the end of each turn.
  void hand_out() {
    if (!to_run_.empty()) executor_.run(std::exchange(to_run_, {}));
    if (!to_pass_.empty()) executor_.pass(std::exchange(to_pass_, {}));
    set_timer();
  }

  /// Says good-bye. Then only functions that still run keep the actor.
  void end(worker_end how) {
    if (std::exchange(ending_, true)) return;
    end_ = std::move(how);
    alarms_ = {.grace = alarms_.grace};
    on_flush();
    if (scheduler_) transport::close(scheduler_->to());
    links_.close();
    if (listener_) net_.close(*listener_);
    if (executor_.stop({})) return finish(false);
    if (!alarms_.grace) alarms_.grace = clock::now() + settings_.grace;
    set_timer();
  }

  void give_up_waiting() {
    alarms_.grace = clock::now();
    if (!ending_) return end({});
    finish(true);
  }

  void finish(bool still_running) {
    if (std::exchange(finished_, true)) return;
    end_.still_running = still_running;
    if (end_.how == worker_end::kind::in_order)
      log_->info("left name={}", settings_.options.name);
    else
      log_->warn("left name={} why=\"{}\"", settings_.options.name, end_.why.message);
    if (settings_.on_end) settings_.on_end(end_);
    me_.quit();
  }

  void set_timer() { me_.tick_at(alarms_.first(machine_.deadline())); }

  runtime::self& me_;
  transport::network& net_;
  logger log_;
  const worker_settings settings_;
  const result<std::string> listen_on_;
  hello who_;
  memory_watch memory_;
  core::worker machine_;
  data_links links_;
  std::optional<transport::listener> listener_;
  std::optional<runtime::outbox<worker_message, wire::frame_kind::worker_messages>> scheduler_;
  wire::decoder decoder_;
  error why_lost_{errc::scheduler_lost, "it was closed"};
  bool welcome_ = false;  ///< Ever.
  bool greeted_ = false;  ///< On this connection.
  worker_id me_id_;       ///< As it was welcomed first; see core::worker.
  bool ending_ = false;
  bool finished_ = false;
  worker_end end_;
  std::vector<effect> effects_;
  std::vector<event> heard_;
  std::vector<execute> to_run_;
  std::vector<pass_input> to_pass_;
  executor::reports executed_;
  patience patience_;
  alarms alarms_;
  disk disk_;
  const runtime::alarm alarm_;
  executor executor_;  ///< Last, so that its threads end before what they report to.
};

}  // namespace

caf::actor spawn_worker(runtime::node& node, worker_settings settings) {
  fill_in(settings.options);
  auto listen_on = data_address(settings.options, settings.scheduler);
  return runtime::spawn(node.actors(), [&node, settings = std::move(settings),
                                        listen_on = std::move(listen_on)](runtime::self& me) {
    return std::make_unique<worker_part>(me, node, settings, listen_on);
  });
}

}  // namespace troupe
