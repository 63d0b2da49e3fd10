#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/scheduler/core/events.hpp"

namespace troupe::core {

/// Notices that nothing goes on although there is work.
class watchdog {
public:
  /// Zero: it sleeps.
  explicit watchdog(std::chrono::nanoseconds patience) : patience_(patience) {}

  /// After every event. `progress` changes when anything does. True when it is time to bark().
  bool look(std::uint64_t progress, bool work, time_point now) {
    if (progress == progress_ && work && patience_.count() > 0)
      return report_.empty() && now >= since_ + patience_;
    progress_ = progress;
    since_ = now;
    report_.clear();
    return false;
  }

  std::optional<time_point> deadline(bool work) const {
    if (!work || patience_.count() == 0 || !report_.empty()) return {};
    return since_ + patience_;
  }

  time_point since() const { return since_; }

  void bark(std::vector<std::string> report) { report_ = std::move(report); }

  /// Empty while something goes on.
  const std::vector<std::string>& report() const noexcept { return report_; }

private:
  std::chrono::nanoseconds patience_;
  std::uint64_t progress_ = 0;
  time_point since_{};
  std::vector<std::string> report_;
};

}  // namespace troupe::core
