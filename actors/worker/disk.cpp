#include "actors/worker/disk.hpp"

#include <utility>

namespace troupe {

using namespace core::working;

disk::disk(settings s) : settings_(std::move(s)), thread_([this] { work(); }) {}

disk::~disk() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void disk::write(spill_result e) {
  add(std::move(e));
}

void disk::read(load_result e, worker_id me) {
  add(reading{e, me});
}

void disk::remove(remove_file e) {
  add(e);
}

void disk::add(job what) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(what));
  }
  changed_.notify_one();
}

void disk::take(reports& to) {
  to = {};
  const std::lock_guard lock(mutex_);
  reported_ = false;
  std::swap(to, reports_);
}

void disk::work() {
  spill_folder::clean(settings_.base);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
    if (closed_) return;
    std::optional<job> next(std::move(jobs_.front()));
    jobs_.pop_front();
    lock.unlock();
    std::visit([this](const auto& e) { carry_out(e); }, *next);
    next.reset();
    lock.lock();
  }
}

void disk::carry_out(const spill_result& e) {
  if (!folder_) {
    auto made = spill_folder::make(settings_.base);
    if (!made)
      return report([&](reports& r) {
        r.events.emplace_back(spill_failed{e.task, e.file});
        r.problems.push_back(made.error().message);
      });
    folder_.emplace(std::move(*made));
  }
  const auto size = folder_->write(e.file, e.content);
  report([&](reports& r) {
    if (size) {
      r.events.emplace_back(result_spilled{e.task, e.file, *size});
    } else {
      r.events.emplace_back(spill_failed{e.task, e.file});
      r.problems.push_back(size.error().message);
    }
  });
}

void disk::carry_out(const reading& e) {
  const auto task = e.what.task;
  auto content =
      folder_ ? folder_->read(e.what.file) : error{errc::resource, "there is no spill folder"};
  report([&](reports& r) {
    if (content) {
      r.events.emplace_back(value_received{e.me, task, value(std::move(*content))});
    } else {
      r.events.emplace_back(value_absent{e.me, task});
      r.problems.push_back(content.error().message);
    }
  });
}

void disk::carry_out(const remove_file& e) {
  if (folder_) folder_->remove(e.file);
}

template <class Change>
void disk::report(Change change) {
  std::unique_lock lock(mutex_);
  change(reports_);
  const bool first = !std::exchange(reported_, true);
  lock.unlock();
  if (first) settings_.wake();
}

}  // namespace troupe
