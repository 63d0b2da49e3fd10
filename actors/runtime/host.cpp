#include "actors/runtime/host.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <caf/actor_system.hpp>

#include "actors/runtime/actor_settings.hpp"
#include "actors/runtime/handover.hpp"

namespace troupe::runtime {

namespace {

/// A message that CAF's clock holds back keeps its receiver alive. So a small actor waits instead,
/// and passes it on.
template <class Atom>
caf::actor relay(caf::event_based_actor& whom) {
  return whom.system().spawn([to = whom.address()](caf::event_based_actor*) {
    return caf::behavior{[to](Atom what) {
      if (auto alive = caf::actor_cast<caf::actor>(to)) caf::anon_send(alive, what);
    }};
  });
}

}  // namespace

caf::actor self::handle() const {
  return caf::actor_cast<caf::actor>(actor_);
}

void self::send(const caf::actor& to, transport::envelope message) const {
  hand_over(message);
  actor_->send(to, std::move(message));
}

void self::send(const caf::actor& to, transport::send_value value) const {
  hand_over(value);
  actor_->send(to, std::move(value));
}

void self::watch(const caf::actor& whom) const {
  actor_->monitor(whom);
}

void self::request_flush() {
  if (std::exchange(flush_requested_, true)) return;
  actor_->send(actor_, flush_atom::value);
}

void self::tick_at(std::optional<clock::time_point> when) {
  if (!when || (tick_at_ && *tick_at_ <= *when)) return;
  tick_at_ = when;
  if (!timer_) timer_ = relay<tick_atom>(*actor_);
  caf::delayed_anon_send(timer_, std::max(*when - clock::now(), clock::duration::zero()),
                         tick_atom::value);
}

void self::end_timer() {
  if (timer_) caf::anon_send_exit(timer_, caf::exit_reason::user_shutdown);
  timer_ = nullptr;
}

void self::quit() const {
  actor_->quit();
}

alarm::alarm(const self& me) : relay_(relay<wake_atom>(*me.actor_)) {}

alarm::~alarm() {
  caf::anon_send_exit(relay_, caf::exit_reason::user_shutdown);
}

void alarm::after(clock::duration wait) const {
  caf::delayed_anon_send(relay_, wait, wake_atom::value);
}

/// Carries a part: passes messages to it, and keeps it alive when it throws.
class host final : public caf::event_based_actor {
public:
  host(caf::actor_config& how, make_part make)
      : event_based_actor(how), make_(std::move(make)), me_(this), log_(log_of(system())) {}

  const char* name() const override { return part_ ? part_->name() : "part"; }

  caf::behavior make_behavior() override {
    // Only whoever has the handle of this process may end it, and then by kill.
    set_exit_handler([this](caf::exit_msg& message) {
      if (message.reason == caf::exit_reason::kill) quit(std::move(message.reason));
    });
    set_down_handler(
        [this](caf::down_msg& down) { guarded([&] { part_->on_gone(down.source); }); });
    set_default_handler([](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
      return caf::sec::unexpected_message;
    });
    guarded([this] {
      part_ = make_(me_);
      part_->start();
    });
    make_ = nullptr;
    if (!part_) {
      quit();
      return {};
    }
    return messages();
  }

  void on_exit() override {
    part_.reset();
    me_.end_timer();
  }

private:
  caf::behavior messages() {
    return {
        [this](const transport::envelope& message) {
          take_over(message);
          guarded([&] { part_->on(message, sender()); });
          flush_if_late();
        },
        [this](const transport::value_arrived& value) {
          take_over(value);
          guarded([&] { part_->on(value, sender()); });
        },
        [this](const transport::accepted& peer) { guarded([&] { part_->on(peer); }); },
        [this](const transport::connected& peer) { guarded([&] { part_->on(peer); }); },
        [this](const transport::connect_failed& why) { guarded([&] { part_->on(why); }); },
        [this](const transport::link_failed& why) { guarded([&] { part_->on(why, sender()); }); },
        [this](wake_atom) {
          guarded([this] { part_->on_wake(); });
          flush_if_late();
        },
        [this](tick_atom) { guarded([this] { tick(); }); },
        [this](flush_atom) { flush(); },
        [this](stop_atom) { guarded([this] { part_->on_stop(); }); },
    };
  }

  caf::actor_addr sender() { return caf::actor_cast<caf::actor_addr>(current_sender()); }

  void flush() {
    me_.flush_requested_ = false;
    turns_ = 0;
    guarded([this] { part_->on_flush(); });
  }

  /// Who is busy has an empty mailbox never, and peers wait.
  void flush_if_late() {
    if (me_.flush_requested_ && ++turns_ >= turns_max) flush();
  }

  void tick() {
    // A tick that was overtaken by an earlier one, whose turn set a new time.
    if (!me_.tick_at_ || clock::now() < *me_.tick_at_) return;
    me_.tick_at_.reset();
    part_->on_tick();
  }

  template <class Turn>
  void guarded(Turn turn) {
    try {
      turn();
    } catch (const std::exception& thrown) {
      if (log_) log_->error("message dropped part={} why=\"{}\"", name(), thrown.what());
    }
  }

  static constexpr int turns_max = 8;

  make_part make_;
  self me_;
  int turns_ = 0;  ///< Since the last flush, with something to flush.
  logger log_;
  std::unique_ptr<part> part_;
};

caf::actor spawn(caf::actor_system& actors, make_part make) {
  auto made = actors.spawn<host>(std::move(make));
  if (auto* settings = dynamic_cast<const actor_settings*>(&actors.config()))
    settings->hosts->add(made);
  return made;
}

void wake(const caf::actor& whom) {
  caf::anon_send(whom, wake_atom::value);
}

void stop(const caf::actor& whom) {
  caf::anon_send(whom, stop_atom::value);
}

}  // namespace troupe::runtime
