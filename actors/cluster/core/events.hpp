#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <troupe/error.hpp>

namespace troupe::core {

using time_point = std::chrono::steady_clock::time_point;

namespace scaling {

/// The machine's own number for a launch; the worker says it in its hello.
using launch_number = std::uint64_t;

// What can happen to a place and its workers.

struct workers_wanted {
  std::uint32_t count = 0;
};

/// The place has accepted launch_worker, and calls it `id`.
struct launch_accepted {
  launch_number launch = 0;
  std::string id;
};

struct launch_refused {
  launch_number launch = 0;
  error why;
};

struct observation {
  std::string id;
  bool gone = false;
  std::string detail;     ///< How it ended, in words.
  bool in_order = false;  ///< It left, as at the end of its lifetime.
};

/// The answer to take_survey: all that the place knows. What is not listed is gone.
struct surveyed {
  std::vector<observation> all;
};

/// The scheduler has admitted the worker of this launch.
struct worker_joined {
  launch_number launch = 0;
};

/// The scheduler has lost it. The launch may still run.
struct worker_lost {
  launch_number launch = 0;
};

struct clock_ticked {};

using event = std::variant<workers_wanted, launch_accepted, launch_refused, surveyed, worker_joined,
                           worker_lost, clock_ticked>;

// What is to be done.

/// Answered by launch_accepted or launch_refused.
struct launch_worker {
  launch_number launch = 0;

  friend bool operator==(const launch_worker&, const launch_worker&) = default;
};

/// Needs no answer: surveys tell.
struct retire_launch {
  std::string id;

  friend bool operator==(const retire_launch&, const retire_launch&) = default;
};

struct take_survey {
  friend bool operator==(const take_survey&, const take_survey&) = default;
};

/// A launch has ended that was wanted. For the log.
struct report_death {
  launch_number launch = 0;
  std::string detail;

  friend bool operator==(const report_death&, const report_death&) = default;
};

/// No more launches until workers_wanted comes again.
struct give_up {
  error why;

  friend bool operator==(const give_up&, const give_up&) = default;
};

using effect = std::variant<launch_worker, retire_launch, take_survey, report_death, give_up>;

}  // namespace scaling

}  // namespace troupe::core
