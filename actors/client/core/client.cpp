#include "actors/client/core/client.hpp"

#include <utility>

#include "serialization/check.hpp"

namespace troupe::core {

using namespace asking;

void client::handle(event what, time_point now, std::vector<effect>& out) {
  out_ = &out;
  now_ = now;
  std::visit([this](auto& e) { on(e); }, what);
  out_ = nullptr;
}

// --- What the scheduler says ------------------------------------------------------------------

void client::on(scheduler_said& e) {
  std::visit([this](auto& m) { hear(m); }, e.message);
}

void client::hear(introduce_worker& m) {
  auto& p = peers_[m.worker];
  // While it is in use, the address it was reached at stays.
  if (!p.told) p.address = std::move(m.address);
}

void client::hear(task_done& m) {
  auto* t = find(m.task);
  if (!t) return;  // Dropped meanwhile.
  const auto at = t->at;
  if (at == stage::delivered || at == stage::failed) return;
  if (at == stage::fetching && !m.inlined) return;  // If this fetch fails, we will ask again.
  scattered_.erase(m.task);
  if (t->dropped) {
    move(m.task, *t, stage::absent);
    tell(release_task{m.task});
    return;
  }
  if (at == stage::waiting || at == stage::scattering) out_->push_back(mark_done{m.task});
  if (m.inlined) {
    move(m.task, *t, stage::delivered);
    out_->push_back(deliver{m.task, std::move(m.small)});
  } else if (t->wanted) {
    fetch(m.task, *t, m.holder);
  } else {
    move(m.task, *t, stage::done, m.holder);
  }
}

void client::hear(task_failed& m) {
  auto* t = find(m.task);
  if (!t || t->at == stage::delivered || t->at == stage::failed) return;
  if (t->dropped) {
    scattered_.erase(m.task);
    move(m.task, *t, stage::absent);
    tell(release_task{m.task});
    return;
  }
  fail(m.task, *t, std::move(m.why));
}

void client::hear(place_data& m) {
  auto* t = find(m.task);
  if (!t || t->at != stage::scattering) return;  // It is somewhere already.
  move(m.task, *t, stage::scattering, m.worker);
  if (reach(m.worker)) {
    out_->push_back(push_to{m.worker, m.task, scattered_.at(m.task)});
  } else {
    move(m.task, *t, stage::scattering);
    ask_for_place(m.task);
  }
}

// --- What the user does -----------------------------------------------------------------------

void client::on(task_submitted& e) {
  const auto id = e.task.task;
  check(me_ && client_of(id) == me_, "tasks are numbered for this client, after its welcome");
  task fresh;
  fresh.at = stage::waiting;
  if (!tasks_.insert(number_of(id), fresh)) return;
  ++counts_.submitted;
  auto& t = *find(id);
  // The task itself has no submission yet, so that it cannot be taken for an input of its own.
  if (grace_.count() > 0) t.peer = submissions_.keep(e.task, waiting_submission());
  if (lost_)
    fail(id, t, *lost_);
  else
    tell(std::move(e.task));
}

void client::on(data_scattered& e) {
  check(me_ && client_of(e.task) == me_, "data is numbered for this client, after its welcome");
  task fresh;
  fresh.at = stage::scattering;
  fresh.is_data = true;
  if (!tasks_.insert(number_of(e.task), fresh)) return;
  scattered_.emplace(e.task, std::move(e.content));
  if (lost_)
    fail(e.task, *find(e.task), *lost_);
  else
    ask_for_place(e.task);
}

void client::on(value_wanted& e) {
  auto* t = find(e.task);
  if (!t || t->wanted) return;
  t->wanted = true;
  if (t->at == stage::done) fetch(e.task, *t, {t->peer});
}

void client::on(future_dropped& e) {
  auto* t = find(e.task);
  if (!t) return;
  if (t->at == stage::scattering) {
    // Tasks that were given it still need it, and only we have it.
    t->dropped = true;
    return;
  }
  move(e.task, *t, stage::absent);
  tell(release_task{e.task});
}

void client::on(cancel_wanted& e) {
  auto* t = find(e.task);
  if (!t) return;
  if (t->at != stage::waiting && t->at != stage::scattering && t->at != stage::locating) return;
  t->cancelled = true;
  tell(cancel_task{e.task, e.kill});
}

// --- What workers say -------------------------------------------------------------------------

void client::on(value_received& e) {
  auto* t = find(e.task);
  // While locating, an answer that was thought lost is as good as any other.
  if (!t || (t->at != stage::fetching && t->at != stage::locating)) return;
  move(e.task, *t, stage::delivered);
  out_->push_back(deliver{e.task, std::move(e.content)});
}

void client::on(value_absent& e) {
  auto* t = find(e.task);
  if (t && t->at == stage::fetching && t->peer == e.peer.value) locate(e.task, *t);
}

void client::on(peer_lost& e) {
  auto found = peers_.find(e.peer);
  if (found == peers_.end()) return;
  found->second.told = false;
  const auto affected = found->second.tasks;  // A copy: moving tasks takes them out of the set.
  for (auto id : affected) {
    auto& t = *find(id);
    if (t.at == stage::fetching) {
      locate(id, t);
    } else {
      move(id, t, stage::scattering);
      ask_for_place(id);
    }
  }
}

// --- State ------------------------------------------------------------------------------------

client::task* client::find(task_id id) {
  return me_ && client_of(id) == me_ ? tasks_.find(number_of(id)) : nullptr;
}

void client::move(task_id id, task& t, stage to, worker_id with) {
  if (t.at == stage::fetching || t.at == stage::scattering)
    if (auto old = peers_.find({t.peer}); old != peers_.end()) old->second.tasks.erase(id);
  if (t.at == stage::waiting) {
    const auto slot = static_cast<std::uint32_t>(t.peer);
    // Its own slot is not to be found any more; an input of a task is never the task.
    t.peer = 0;
    if (slot != 0 && to == stage::absent)
      submissions_.drop(slot, waiting_submission());
    else if (slot != 0)
      submissions_.forget(slot, waiting_submission());
  }
  count(t, to);
  if (to == stage::absent) return tasks_.erase(number_of(id));
  t.at = to;
  t.peer = with.value & ((std::uint64_t{1} << 56) - 1);
  if (with && (to == stage::fetching || to == stage::scattering)) peers_[with].tasks.insert(id);
}

void client::count(const task& t, stage to) {
  if (t.is_data) return;
  if (t.at == stage::waiting && to != stage::waiting) ++counts_.finished;
  if (to == stage::failed) ++counts_.failed;
}

/// The peer, told about; nullptr if the scheduler never introduced it.
client::peer* client::reach(worker_id worker) {
  auto found = peers_.find(worker);
  if (found == peers_.end() || found->second.address.empty()) return nullptr;
  auto& p = found->second;
  if (!p.told) out_->push_back(know_peer{worker, p.address});
  p.told = true;
  return &p;
}

void client::fetch(task_id id, task& t, worker_id holder) {
  move(id, t, stage::fetching, holder);
  if (reach(holder))
    out_->push_back(fetch_from{holder, id});
  else
    locate(id, t);
}

void client::locate(task_id id, task& t) {
  const worker_id asked_in_vain{t.peer};
  move(id, t, stage::locating);
  tell(locate_result{id, asked_in_vain});
}

void client::fail(task_id id, task& t, error why) {
  scattered_.erase(id);
  move(id, t, stage::failed);
  out_->push_back(mark_failed{id, std::move(why)});
}

void client::ask_for_place(task_id id) {
  tell(scatter_data{id, scattered_.at(id).size()});
}

void client::check_invariants() const {
  std::size_t with_peer = 0;
  std::size_t data = 0;
  std::uint64_t unfinished = 0;
  std::size_t entries = 0;
  tasks_.for_each([&](std::uint64_t number, const task& t) {
    const auto id = make_task_id(me_, number);
    ++entries;
    if (t.at == stage::waiting) {
      ++unfinished;
      check(t.peer == 0 || submissions_.at(static_cast<std::uint32_t>(t.peer)).task == id,
            "the submission of a task that waits is kept");
    }
    if (t.at == stage::scattering) {
      ++data;
      check(t.is_data && scattered_.contains(id), "data that is not placed yet is kept");
    }
    if (t.at == stage::fetching) check(t.wanted && t.peer != 0, "only wanted values are fetched");
    if (t.at == stage::locating) check(t.wanted && t.peer == 0, "only wanted results are sought");
    if (t.peer == 0 || (t.at != stage::fetching && t.at != stage::scattering)) return;
    ++with_peer;
    const auto p = peers_.find({t.peer});
    check(p != peers_.end() && p->second.tasks.contains(id), "a peer knows what it is asked for");
    check(p->second.told, "peers are introduced before they are asked");
    check(!lost_, "nothing is under way without a scheduler");
  });
  check(entries == tasks_.size(), "the table counts its entries");
  check(data == scattered_.size(), "data is kept only until it is placed");
  check(counts_.submitted == counts_.finished + unfinished, "each task is finished or waits");
  check(counts_.failed <= counts_.finished, "failed tasks are finished");
  for (const auto& [worker, p] : peers_)
    with_peer -= p.tasks.size();
  check(with_peer == 0, "a peer is asked for nothing but what tasks say");
  check(
      submissions_.size() == 0 || unfinished + submissions_.orphans().size() == submissions_.size(),
      "submissions are kept only as long as they may be said again");
}

}  // namespace troupe::core
