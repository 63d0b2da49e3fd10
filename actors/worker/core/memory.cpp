#include <algorithm>
#include <utility>

#include "actors/worker/core/worker.hpp"

namespace troupe::core {

using namespace working;

namespace {

/// A disk that was full may have room again later.
constexpr auto after_failure = std::chrono::seconds(10);

}  // namespace

void worker::on(memory_measured& e) {
  const auto& marks = limits_.memory;
  used_bytes_ = e.used_bytes;
  to_free_bytes_ = 0;
  if (used_bytes_ > marks.spill) {
    const auto wanted = std::min(marks.target, marks.spill) + store_.writing_bytes();
    to_free_bytes_ = used_bytes_ - std::min(wanted, used_bytes_);
  }
  if (used_bytes_ > marks.end) out_->push_back(end_for_memory{used_bytes_});
  if (stopping_ || leaving_) return;
  if (!paused_ && used_bytes_ > marks.pause) return pause();
  if (!paused_ || used_bytes_ >= marks.resume) return;
  paused_ = false;
  tell(worker_changed{worker_state::running});
}

void worker::on(report_due&) {
  tell(worker_report{used_bytes_, store_.bytes(), store_.disk_bytes()});
}

void worker::pause() {
  paused_ = true;
  // So that the scheduler knows why, should this be the last that it hears of us.
  tell(worker_report{used_bytes_, store_.bytes(), store_.disk_bytes()});
  tell(worker_changed{worker_state::paused});
  return_runs();
}

/// Those that have not started: another worker may.
void worker::return_runs() {
  std::map<std::uint64_t, std::uint32_t> unstarted;
  for (std::uint32_t slot = 0; slot < runs_.end(); ++slot) {
    const auto& r = runs_[slot];
    if (r.id && r.at < phase::executing) unstarted.emplace(r.order, slot);
  }
  for (const auto& [order, slot] : unstarted)
    tell(run_returned{runs_[slot].task, runs_[slot].id});
  for (const auto& [order, slot] : unstarted)
    if (runs_[slot].id) abandon(slot);
}

void worker::spill_if_needed() {
  const auto& marks = limits_.memory;
  const auto too_much = [&] {
    return to_free_bytes_ > 0 || store_.memory_bytes() - store_.writing_bytes() > marks.target;
  };
  while (too_much() && now_ >= no_spilling_before_) {
    if (store_.disk_bytes() + store_.writing_bytes() >= marks.disk) return;
    auto next = store_.spill();
    if (!next) return;
    to_free_bytes_ -= std::min(to_free_bytes_, next->size);
    if (next->file != 0)
      out_->push_back(spill_result{next->task, next->file, std::move(next->content)});
  }
}

void worker::on(result_spilled& e) {
  if (!store_.written(e.task, e.file, e.disk_bytes)) out_->push_back(remove_file{e.file});
}

void worker::on(spill_failed& e) {
  store_.not_written(e.task, e.file);
  no_spilling_before_ = now_ + after_failure;
}

void worker::drop_from_store(task_id task) {
  // Who waits for it gets it, as from memory: it is read before the file is removed.
  if (const auto file = store_.on_disk(task)) issue_load(task, *file);
  if (const auto file = store_.drop(task).file; file != 0) out_->push_back(remove_file{file});
}

worker::fetch& worker::load_from_disk(task_id task, std::uint64_t file) {
  auto [at, fresh] = fetches_.try_emplace(task);
  if (!fresh) return at->second;
  auto& us = peers_[me_];
  us.known = true;
  us.fetching.insert(task);
  at->second.asking = me_;
  to_load_.emplace_back(task, file);
  return at->second;
}

/// At once: who asks may not depend on how long functions take here.
void worker::load_for(std::uint64_t asker, task_id task, std::uint64_t file) {
  load_from_disk(task, file).askers.push_back(asker);
  issue_load(task, file);
}

/// Not more than can be used soon: what runs have, they keep in memory until they have ended.
void worker::issue_loads() {
  while (!to_load_.empty() && loading_ < limits_.threads && ready_count_ < limits_.threads) {
    const auto [task, file] = to_load_.front();
    to_load_.pop_front();
    issue_load(task, file);
  }
}

void worker::issue_load(task_id task, std::uint64_t file) {
  auto at = fetches_.find(task);
  if (at == fetches_.end() || at->second.asking != me_) return;  // Not needed any more.
  if (std::exchange(at->second.loading, true)) return;
  ++loading_;
  out_->push_back(load_result{task, file});
}

/// Results come faster than they can be written, and nothing is measured that often.
bool worker::disk_must_catch_up() const {
  const auto target = limits_.memory.target;
  const auto now = store_.memory_bytes();
  return store_.writing_bytes() > 0 && now > target && now - target > target / 6;
}

void worker::finish_load(fetch& f, value_received& e) {
  if (f.keep) store_.loaded(e.task, e.content);
  input_here(e.task, e.content);
}

/// What was to be loaded cannot be read.
void worker::lose_file(task_id task) {
  drop_from_store(task);
  for (const auto asker : std::exchange(fetches_.at(task).askers, {}))
    out_->push_back(answer{asker, result_absent{task}});
}

}  // namespace troupe::core
