#include "actors/cluster/cluster_actor.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "actors/cluster/core/scaling.hpp"
#include "actors/runtime/host.hpp"

namespace troupe {

namespace {

using namespace core::scaling;

const char* words_of(launch_failure failure) {
  switch (failure) {
    case launch_failure::none:
      break;
    case launch_failure::rejected:
      return "rejected";
    case launch_failure::never_scheduled:
      return "never scheduled";
    case launch_failure::failed_to_start:
      return "failed to start";
    case launch_failure::walltime:
      return "walltime reached";
    case launch_failure::preempted:
      return "preempted";
    case launch_failure::out_of_memory:
      return "out of memory";
    case launch_failure::node_failure:
      return "node failure";
    case launch_failure::cancelled:
      return "cancelled";
    case launch_failure::exit_code:
      return "ended by itself";
  }
  return "";
}

observation::phase phase_of(launch_status::phase at) {
  switch (at) {
    case launch_status::phase::pending:
      return observation::phase::pending;
    case launch_status::phase::starting:
      return observation::phase::starting;
    case launch_status::phase::running:
      return observation::phase::running;
    case launch_status::phase::gone:
      break;
  }
  return observation::phase::gone;
}

/// The place's clock is the wall's; the machine's is not.
std::optional<core::time_point> steady(const std::optional<launch_status::time_point>& at) {
  if (!at) return std::nullopt;
  return runtime::clock::now() + (*at - std::chrono::system_clock::now());
}

observation observe(launch_status&& from) {
  observation to;
  to.id = std::move(from.id);
  to.at = phase_of(from.at);
  to.detail = std::move(from.detail);
  to.in_order = from.in_order;
  to.launch = from.launch;
  to.reason = std::move(from.reason);
  to.impossible = from.impossible;
  to.estimate = steady(from.start_estimate);
  to.deadline = steady(from.deadline);
  to.failure = words_of(from.failure);
  return to;
}

class cluster_part final : public runtime::part {
public:
  cluster_part(runtime::self& me, runtime::node& node, cluster_settings settings,
               std::shared_ptr<staff> shared)
      : me_(me),
        settings_(std::move(settings)),
        staff_(std::move(shared)),
        log_(node.log().make("cluster")),
        machine_(settings_.options, settings_.launches) {}

  ~cluster_part() override { end(); }

  const char* name() const override { return "cluster"; }

  void start() override {
    services given;
    given.log = [log = log_](const std::string& line) { log->info("{}", line); };
    given.launch_here = settings_.launch_here;
    given.retire_here = settings_.retire_here;
    given.cluster = settings_.cluster;
    given.group = settings_.group;
    auto made = settings_.make_backend(given);
    if (!made) {
      staff_->opened(settings_.index, made.error());
      return;
    }
    backend_ = std::move(*made);
    staff_->opened(settings_.index, {});
    on_wake();
  }

  using runtime::part::on;

  void on(const transport::envelope&, const caf::actor_addr&) override {}

  void on_wake() override {
    for (auto& what : staff_->take(settings_.index))
      step(what);
  }

  void on_tick() override { step(clock_ticked{}); }

  void on_stop() override {
    end();
    me_.quit();
  }

private:
  /// An effect may answer with events at once, because backends block.
  void step(event first) {
    if (!backend_) return;
    answers_.push_back(std::move(first));
    while (!answers_.empty()) {
      std::vector<effect> effects;
      machine_.handle(answers_.front(), runtime::clock::now(), effects);
      answers_.pop_front();
      for (const auto& what : effects)
        std::visit([this](const auto& e) { carry_out(e); }, what);
    }
    const auto now = runtime::clock::now();
    staff_->show(settings_.index, {machine_.words(now), machine_.launches(now), 0, {}, {}},
                 machine_.inspect().wanted * settings_.launches.workers);
    me_.tick_at(machine_.deadline());
  }

  void carry_out(const make_launches& e) {
    const auto order = settings_.make_order(e.first, e.count);
    const auto ids = backend_->launch(order);
    const std::size_t accepted = ids ? ids->size() : 0;
    const error why = ids ? error{errc::system, "the place took " + std::to_string(accepted) +
                                                    " of " + std::to_string(e.count) + " launches"}
                          : ids.error();
    for (std::uint32_t i = 0; i < e.count; ++i) {
      const auto number = e.first + i;
      if (i >= accepted) {
        answers_.push_back(launch_refused{number, why});
        continue;
      }
      log_->info("launched name={} id={}", order.launch_name(number), (*ids)[i]);
      answers_.push_back(launch_accepted{number, (*ids)[i]});
    }
  }

  void carry_out(const drain_launch& e) {
    log_->info("launch drained launch={}", label(e.launch));
    settings_.drain(label(e.launch));
  }

  void carry_out(const retire_launches& e) {
    for (const auto& id : e.ids)
      log_->debug("launch retired id={}", id);
    if (auto done = backend_->retire(e.ids); !done)
      log_->warn("launches not retired count={} why=\"{}\"", e.ids.size(), done.error().message);
  }

  void carry_out(const take_survey& e) {
    settings_.ask_load();
    if (e.urgent) backend_->look_closely();
    auto all = backend_->survey();
    if (!all) {
      // The next survey is not far.
      log_->warn("survey failed why=\"{}\"", all.error().message);
      return;
    }
    surveyed answer;
    for (auto& one : *all)
      answer.all.push_back(observe(std::move(one)));
    answers_.push_back(std::move(answer));
  }

  void carry_out(const report_death& e) {
    log_->warn("launch ended launch={} why=\"{}\"", label(e.launch), e.detail);
    settings_.on_death(label(e.launch), e.detail);
  }

  void carry_out(const give_up& e) {
    log_->error("{}", e.why.message);
    staff_->gave_up(settings_.index, e.why);
  }

  std::string label(launch_number launch) const { return launch_label(settings_.group, launch); }

  void end() {
    if (std::exchange(ended_, true)) return;
    backend_.reset();
    staff_->ended(settings_.index);
  }

  runtime::self& me_;
  cluster_settings settings_;
  std::shared_ptr<staff> staff_;
  logger log_;
  core::scaler machine_;
  std::deque<event> answers_;
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
