#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <troupe/error.hpp>

namespace troupe::core {

using time_point = std::chrono::steady_clock::time_point;

namespace scaling {

/// The machine's own number for a launch; its workers say it in their hellos.
using launch_number = std::uint64_t;

// What can happen to a place and its workers.

/// What somebody has asked for: kept until the next one.
struct launches_wanted {
  std::uint32_t count = 0;
};

/// As many as the load needs, between two limits, until the next one or launches_wanted.
struct adapt_wanted {
  std::uint32_t minimum = 0;          ///< Launches.
  std::uint32_t maximum = 0;          ///< Launches.
  std::chrono::nanoseconds target{};  ///< What is to be done should be done within this time.
  std::chrono::nanoseconds idle{};    ///< What was not needed for so long goes.
};

/// The place has accepted a launch, and calls it `id`.
struct launch_accepted {
  launch_number launch = 0;
  std::string id;
};

struct launch_refused {
  launch_number launch = 0;
  error why;
};

/// How the place sees one launch.
struct observation {
  enum class phase { pending, starting, running, gone };
  std::string id;
  phase at = phase::running;
  std::string detail = {};                            ///< How it ended, in words.
  bool in_order = false;                              ///< It left, as at the end of its lifetime.
  launch_number launch = 0;                           ///< 0: the place does not know.
  std::string reason = {};                            ///< Why it waits.
  bool impossible = false;                            ///< It can never start.
  std::optional<time_point> estimate = std::nullopt;  ///< Of its start.
  std::optional<time_point> deadline = std::nullopt;  ///< Then the place ends it.
  std::string failure = {};  ///< Of which kind its end was: "walltime", "out of memory".
};

/// The answer to take_survey: all that the place knows. What is not listed is gone.
struct surveyed {
  std::vector<observation> all;
};

/// The scheduler has admitted a worker of this launch.
struct worker_joined {
  launch_number launch = 0;
};

/// The scheduler has lost one. The launch may still run.
struct worker_lost {
  launch_number launch = 0;
};

/// What there is to do, and what launches have of it.
struct load_seen {
  std::uint64_t runs = 0;           ///< That run or could, if there were a thread.
  std::uint64_t work_ns = 0;        ///< What they take, on one thread.
  std::uint64_t results_bytes = 0;  ///< That workers keep.
  /// What it would cost to do without a launch: bytes that it has, and work that it has begun.
  /// Those that are not named cost nothing.
  std::map<launch_number, std::uint64_t> costs = {};
};

struct clock_ticked {};

using event = std::variant<launches_wanted, adapt_wanted, launch_accepted, launch_refused, surveyed,
                           worker_joined, worker_lost, load_seen, clock_ticked>;

// What is to be done.

/// Each launch is answered by launch_accepted or launch_refused.
struct make_launches {
  launch_number first = 0;
  std::uint32_t count = 0;

  friend bool operator==(const make_launches&, const make_launches&) = default;
};

/// Its workers are to leave, through the scheduler. Needs no answer: they are lost one by one.
struct drain_launch {
  launch_number launch = 0;

  friend bool operator==(const drain_launch&, const drain_launch&) = default;
};

/// Needs no answer: surveys tell.
struct retire_launches {
  std::vector<std::string> ids;

  friend bool operator==(const retire_launches&, const retire_launches&) = default;
};

/// Answered by surveyed, and by load_seen.
struct take_survey {
  bool urgent = false;  ///< Something has happened: of what is so now.

  friend bool operator==(const take_survey&, const take_survey&) = default;
};

/// A launch has ended that was wanted. For the log, and for the errors of its tasks.
struct report_death {
  launch_number launch = 0;
  std::string detail;

  friend bool operator==(const report_death&, const report_death&) = default;
};

/// No more launches until launches_wanted comes again.
struct give_up {
  error why;

  friend bool operator==(const give_up&, const give_up&) = default;
};

using effect =
    std::variant<make_launches, drain_launch, retire_launches, take_survey, report_death, give_up>;

}  // namespace scaling

}  // namespace troupe::core
