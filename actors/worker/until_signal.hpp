#pragma once

#include <chrono>
#include <future>

#include "actors/worker/process_watch.hpp"

namespace troupe {

/// From its making on, a first INT or TERM signal is remembered, and a second one ends the process.
class until_signal {
public:
  until_signal() : came_(promise_.get_future()), watch_([this] { promise_.set_value(); }) {}

  void wait() const { came_.wait(); }

  bool came_within(std::chrono::nanoseconds limit) const {
    return came_.wait_for(limit) == std::future_status::ready;
  }

private:
  std::promise<void> promise_;
  std::future<void> came_;
  process_watch watch_;
};

}  // namespace troupe
