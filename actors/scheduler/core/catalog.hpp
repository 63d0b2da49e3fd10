#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "actors/core/slab.hpp"
#include "actors/scheduler/core/amounts.hpp"
#include "serialization/messages.hpp"

namespace troupe::core {

/// A name with a signature, as clients ask for it and workers offer it.
struct function {
  std::string name;
  std::string signature;
  std::uint64_t duration_ns = 0;  ///< Learned; 0: never ran.
  std::uint32_t workers = 0;      ///< That know it.
};

/// Names or hosts of the workers that may run a task.
struct restriction {
  std::vector<std::string> places = {};  ///< Sorted. Empty: all may.
  bool loose = false;                    ///< While none of those is here, all may.

  friend auto operator<=>(const restriction&, const restriction&) = default;
};

/// Tasks that the same workers can run for the same reasons; they wait in one line.
struct lane {
  std::uint32_t function = none;
  amounts needs;
  restriction where;
};

/// Workers that offer exactly the same functions, and are at the same of the places that tasks are
/// restricted to.
struct group {
  std::vector<std::uint32_t> functions;  ///< Sorted.
  std::vector<std::string> places;       ///< Sorted.
  std::uint32_t workers = 0;
};

/// A task_spec that tasks share, however many connections it came from.
struct spec {
  spec_ptr what;
  std::uint32_t lane = none;
  std::uint64_t tasks = 0;
  std::uint64_t serial = 0;  ///< Tells it from one that had the slot before.
};

/// What there is to run, and which kinds of workers can: strings become small numbers here.
class catalog {
public:
  explicit catalog(std::chrono::nanoseconds prefetch);

  /// Counts one more task of that spec.
  std::uint32_t use_spec(const spec_ptr&);
  void release_spec(std::uint32_t);

  const spec& spec_at(std::uint32_t i) const { return specs_[i]; }

  std::uint32_t lanes() const noexcept { return static_cast<std::uint32_t>(lanes_.size()); }

  const lane& lane_at(std::uint32_t i) const { return lanes_[i]; }

  const function& function_of(std::uint32_t lane) const {
    return functions_[lanes_[lane].function];
  }

  /// The group of a worker that offers this; new groups have the next number.
  std::uint32_t join_group(const hello&);
  void leave_group(std::uint32_t);

  /// True once after a task was restricted to a place that was not known as one: then workers may
  /// belong to other groups.
  bool places_changed() { return std::exchange(places_changed_, false); }

  /// Lanes whose groups change when workers come and go.
  const std::vector<std::uint32_t>& loose_lanes() const { return loose_lanes_; }

  std::uint32_t groups() const noexcept { return static_cast<std::uint32_t>(groups_.size()); }

  const group& group_at(std::uint32_t i) const { return groups_[i]; }

  /// Groups whose workers know the lane's function and may run its tasks, in order; also such as
  /// have no worker left.
  std::vector<std::uint32_t> groups_for(std::uint32_t lane) const;

  /// What a run of the lane's function will probably take. Before the first has ended: so much that
  /// no worker gets more of them than it has threads.
  std::uint32_t expected_ns(std::uint32_t lane) const;

  /// Known to take less than what is sent ahead.
  bool is_short(std::uint32_t lane) const;
  void learn(std::uint32_t lane, std::chrono::nanoseconds duration);

  /// Whether a worker that is here knows the lane's function and may run its tasks.
  bool served(std::uint32_t lane) const;

  /// Why no worker runs tasks of this lane, and what it may have been meant to be.
  std::string unknown_message(std::uint32_t lane) const;

private:
  using spec_key = std::tuple<std::uint32_t, std::int32_t, std::uint32_t, std::chrono::nanoseconds,
                              std::chrono::nanoseconds, std::vector<std::string>>;
  using lane_key = std::tuple<std::uint32_t, amounts, restriction>;

  static spec_key key_of(std::uint32_t lane, const task_spec&);

  struct recent_spec {
    spec_ptr what;
    std::uint32_t slot = 0;
    std::uint64_t serial = 0;
  };

  std::uint32_t function_number(const std::string& name, const std::string& signature);
  std::uint32_t lane_number(const task_spec&);

  static constexpr std::size_t idle_specs_max = 256;

  std::uint32_t unknown_ns_;
  std::vector<function> functions_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> function_numbers_;
  std::vector<lane> lanes_;
  std::map<lane_key, std::uint32_t> lane_numbers_;
  std::vector<std::uint32_t> loose_lanes_;
  std::set<std::string> places_;  ///< That tasks were restricted to.
  bool places_changed_ = false;
  std::vector<group> groups_;
  std::map<std::pair<std::vector<std::uint32_t>, std::vector<std::string>>, std::uint32_t>
      group_numbers_;
  slab<spec> specs_;
  std::map<spec_key, std::uint32_t> spec_numbers_;  ///< By key_of().
  // A client uses few specs at a time, and always the same object for each.
  std::array<recent_spec, 64> recent_{};
  std::uint64_t last_serial_ = 0;
};

}  // namespace troupe::core
