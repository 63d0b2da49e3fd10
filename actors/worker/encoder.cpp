#include "actors/worker/encoder.hpp"

#include <array>
#include <exception>
#include <utility>

#include <caf/send.hpp>

#include "actors/runtime/handover.hpp"
#include "actors/transport/envelope.hpp"

namespace troupe {

encoder::~encoder() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void encoder::send(task_id task, std::shared_ptr<once_encoded> content, caf::actor to) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back({task, std::move(content), std::move(to)});
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  changed_.notify_one();
}

void encoder::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (ending_) return;
    const auto next = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    carry_out(next);
    lock.lock();
  }
}

void encoder::carry_out(const job& next) const {
  try {
    transport::send_value whole{next.task, next.content->get(), false};
    runtime::hand_over(whole);
    caf::anon_send(next.to, std::move(whole));
  } catch (const std::exception& thrown) {
    log_->error("cannot encode a result task={} why=\"{}\"", next.task.value, thrown.what());
    const std::array<data_message, 1> absent{result_absent{next.task}};
    transport::envelope said{wire::frame_kind::data_messages, wire::encoder().encode(absent),
                             nullptr};
    runtime::hand_over(said);
    caf::anon_send(next.to, std::move(said));
  }
}

}  // namespace troupe
