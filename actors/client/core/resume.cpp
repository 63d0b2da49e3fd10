#include <algorithm>
#include <utility>

#include "actors/client/core/client.hpp"

namespace troupe::core {

using namespace asking;

namespace {

constexpr std::chrono::milliseconds first_pause{50};
constexpr std::chrono::seconds longest_pause{2};

std::string in_seconds(std::chrono::nanoseconds time) {
  auto text = std::to_string(std::chrono::duration<double>(time).count());
  text.resize(text.find('.') + 2);
  return text += " s";
}

}  // namespace

std::optional<time_point> client::deadline() const {
  if (!away_) return {};
  return away_->calling ? away_->give_up_at : std::min(away_->give_up_at, away_->call_at);
}

void client::hear(welcome_client& m) {
  if (!me_) {
    me_ = m.client;
    session_ = m.session;
    grace_ = m.grace;
    return;
  }
  if (!away_) return;  // Said twice.
  if (m.session != session_)
    return give_up(errc::scheduler_lost,
                   "it is another scheduler now: what this client had there is gone");
  if (m.client != me_)
    return give_up(errc::scheduler_lost, "this client was away for longer than " +
                                             in_seconds(grace_) +
                                             " (scheduler.client_grace), so its work was released");
  away_.reset();
  say_all_again();
}

void client::hear(scheduler_ends&) {
  give_up(errc::scheduler_lost, "it has ended");
}

void client::on(connection_lost& e) {
  if (lost_) return;
  if (!me_ || grace_.count() == 0) return give_up(e.why.code, e.why.message);
  if (!away_) {
    away_ = absence{now_ + grace_, now_, first_pause, false, {}};
  } else {
    away_->call_at = now_ + away_->pause;
    away_->pause = std::min<std::chrono::nanoseconds>(away_->pause * 2, longest_pause);
  }
  away_->calling = false;
  away_->why = std::move(e.why);
  if (away_->call_at <= now_) call();
}

void client::on(clock_ticked&) {
  if (!away_) return;
  if (now_ >= away_->give_up_at)
    return give_up(errc::scheduler_lost, "it did not come back within " + in_seconds(grace_) +
                                             " (scheduler.client_grace): " + away_->why.message);
  if (!away_->calling && now_ >= away_->call_at) call();
}

void client::call() {
  away_->calling = true;
  out_->push_back(call_scheduler{session_, me_});
}

void client::say_all_again() {
  // In the order of the numbers, because an input has to be known before what needs it.
  auto orphan = submissions_.orphans().begin();
  const auto orphans_end = submissions_.orphans().end();
  tasks_.for_each([&](std::uint64_t number, const task& t) {
    for (; orphan != orphans_end && number_of(orphan->first) < number; ++orphan)
      tell(submissions_.at(orphan->second + 1));
    say_again(make_task_id(me_, number), t);
  });
  for (; orphan != orphans_end; ++orphan)
    tell(submissions_.at(orphan->second + 1));
  for (const auto& [id, slot] : submissions_.orphans())
    tell(release_task{id});
  tell(end_claims{});
}

void client::say_again(task_id id, const task& t) {
  if (t.at == stage::waiting)
    tell(submissions_.at(static_cast<std::uint32_t>(t.peer)));
  else if (t.at == stage::scattering)
    ask_for_place(id);
  else
    tell(claim_task{id});
  if (t.cancelled && (t.at == stage::waiting || t.at == stage::scattering)) tell(cancel_task{id});
}

void client::give_up(errc code, const std::string& why) {
  const bool before = lost_.has_value();
  lose({code, why});
  if (!before) out_->push_back(end_client{*lost_});
}

void client::on(scheduler_lost& e) {
  lose(std::move(e.why));
}

void client::lose(error why) {
  if (lost_) return;
  away_.reset();
  lost_ = std::move(why);
  lost_->code = errc::scheduler_lost;
  std::vector<task_id> dropped;
  tasks_.for_each([&](std::uint64_t number, task& t) {
    if (t.dropped) {
      dropped.push_back(make_task_id(me_, number));
      return;
    }
    if (t.at != stage::delivered && t.at != stage::failed)
      fail(make_task_id(me_, number), t, *lost_);
  });
  for (const auto id : dropped) {
    scattered_.erase(id);
    move(id, *find(id), stage::absent);
  }
}

}  // namespace troupe::core
