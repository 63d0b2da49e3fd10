#include "actors/cluster/cluster_actor.hpp"

#include <deque>
#include <utility>
#include <variant>
#include <vector>

#include "actors/cluster/core/scaling.hpp"
#include "actors/runtime/host.hpp"

namespace troupe {

namespace {

using core::scaling::clock_ticked;
using core::scaling::effect;
using core::scaling::event;
using core::scaling::give_up;
using core::scaling::launch_accepted;
using core::scaling::launch_refused;
using core::scaling::launch_worker;
using core::scaling::report_death;
using core::scaling::retire_launch;
using core::scaling::surveyed;
using core::scaling::take_survey;

class cluster_part final : public runtime::part {
public:
  cluster_part(runtime::self& me, runtime::node& node, cluster_settings settings,
               std::shared_ptr<staff> shared)
      : me_(me),
        settings_(std::move(settings)),
        staff_(std::move(shared)),
        log_(node.log().make("cluster")),
        machine_(node.options().cluster) {}

  ~cluster_part() override { end(); }

  const char* name() const override { return "cluster"; }

  void start() override {
    services given;
    given.log = [log = log_](const std::string& line) { log->info("{}", line); };
    given.launch_here = settings_.launch_here;
    given.retire_here = settings_.retire_here;
    given.cluster = settings_.cluster;
    auto made = settings_.make_backend(given);
    if (!made) {
      staff_->opened(made.error());
      return;
    }
    backend_ = std::move(*made);
    staff_->opened({});
    on_wake();
  }

  using runtime::part::on;

  void on(const transport::envelope&, const caf::actor_addr&) override {}

  void on_wake() override {
    for (auto& what : staff_->take())
      step(what);
  }

  void on_tick() override { step(clock_ticked{}); }

  void on_stop() override {
    end();
    me_.quit();
  }

private:
  /// An effect may answer with an event at once, because backends block.
  void step(event first) {
    if (!backend_) return;
    std::deque<event> events{std::move(first)};
    while (!events.empty()) {
      std::vector<effect> effects;
      machine_.handle(events.front(), runtime::clock::now(), effects);
      events.pop_front();
      for (const auto& what : effects) {
        auto answer = std::visit([this](const auto& e) { return carry_out(e); }, what);
        if (answer) events.push_back(std::move(*answer));
      }
    }
    me_.tick_at(machine_.deadline());
  }

  std::optional<event> carry_out(const launch_worker& e) {
    const auto order = settings_.make_order(e.launch);
    auto ids = backend_->launch(order);
    if (!ids) return launch_refused{e.launch, ids.error()};
    if (ids->empty())
      return launch_refused{e.launch, {errc::system, "the place took the order, and made nothing"}};
    log_->info("launched name={} id={}", order.launch_name(e.launch), ids->front());
    return launch_accepted{e.launch, ids->front()};
  }

  std::optional<event> carry_out(const retire_launch& e) {
    log_->debug("worker retired id={}", e.id);
    if (auto done = backend_->retire({e.id}); !done)
      log_->warn("worker not retired id={} why=\"{}\"", e.id, done.error().message);
    return std::nullopt;
  }

  std::optional<event> carry_out(const take_survey&) {
    auto all = backend_->survey();
    if (!all) {
      // The next survey is not far.
      log_->warn("survey failed why=\"{}\"", all.error().message);
      return std::nullopt;
    }
    surveyed answer;
    for (auto& one : *all)
      answer.all.push_back({std::move(one.id), one.at == launch_status::phase::gone,
                            std::move(one.detail), one.in_order});
    return answer;
  }

  std::optional<event> carry_out(const report_death& e) {
    log_->warn("worker ended launch={} why=\"{}\"", e.launch, e.detail);
    settings_.on_death(e.launch, e.detail);
    return std::nullopt;
  }

  std::optional<event> carry_out(const give_up& e) {
    log_->error("{}", e.why.message);
    staff_->gave_up(e.why);
    return std::nullopt;
  }

  void end() {
    if (std::exchange(ended_, true)) return;
    backend_.reset();
    staff_->ended();
  }

  runtime::self& me_;
  cluster_settings settings_;
  std::shared_ptr<staff> staff_;
  logger log_;
  core::scaler machine_;
  std::unique_ptr<backend> backend_;
  bool ended_ = false;
};

}  // namespace

caf::actor spawn_cluster(runtime::node& node, cluster_settings settings,
                         std::shared_ptr<staff> shared) {
  return runtime::spawn(node.actors(),
                        [&node, settings = std::move(settings), shared](runtime::self& me) {
                          return std::make_unique<cluster_part>(me, node, settings, shared);
                        });
}

}  // namespace troupe
