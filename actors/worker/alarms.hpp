#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include <troupe/error.hpp>

namespace troupe {

/// When a worker's shell has to do what.
struct alarms {
  using time_point = std::chrono::steady_clock::time_point;

  std::optional<time_point> report;
  std::optional<time_point> measure;
  std::optional<time_point> leave;    ///< Its life is over.
  std::optional<time_point> connect;  ///< The next attempt.
  std::optional<time_point> grace;    ///< Of functions that still run.

  std::optional<time_point> first(std::optional<time_point> other) const {
    for (const auto& at : {report, measure, leave, connect, grace})
      if (at && (!other || *at < *other)) other = at;
    return other;
  }
};

/// How long and how often somebody is called who does not answer.
class patience {
public:
  using time_point = alarms::time_point;

  void begin(time_point now, std::chrono::nanoseconds for_so_long) {
    until_ = now + for_so_long;
    pause_ = first_pause;
  }

  /// No call has failed since it began.
  bool fresh() const noexcept { return pause_ == first_pause; }

  /// A call has failed: when to try again, if that is still wanted.
  std::optional<time_point> next(time_point now, errc why) {
    const bool hopeless =
        why == errc::refused || why == errc::bad_config || why == errc::bad_argument;
    const auto at = now + pause_;
    if (hopeless || at > until_) return {};
    pause_ = std::min<std::chrono::nanoseconds>(pause_ * 2, longest_pause);
    return at;
  }

private:
  static constexpr std::chrono::nanoseconds first_pause = std::chrono::milliseconds(50);
  static constexpr std::chrono::nanoseconds longest_pause = std::chrono::seconds(2);

  time_point until_;
  std::chrono::nanoseconds pause_ = first_pause;
};

}  // namespace troupe
