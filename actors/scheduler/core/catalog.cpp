#include "actors/scheduler/core/catalog.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

#include "serialization/check.hpp"

namespace troupe::core {

namespace {

/// A run costs its worker at least so much, however short the function is.
constexpr std::uint64_t run_overhead_ns = 2000;

/// Insertions, deletions and replacements that make one of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string count_of_workers(std::uint32_t n) {
  return std::to_string(n) + (n == 1 ? " worker" : " workers");
}

}  // namespace

amounts to_amounts(const std::map<std::string, double>& resources) {
  amounts all;
  for (const auto& [name, amount] : resources)
    if (std::isfinite(amount) && amount > 0)
      all[name] =
          amount < 1e12 ? std::llround(amount * 1e6) : std::int64_t{1'000'000'000'000'000'000};
  return all;
}

catalog::catalog(std::chrono::nanoseconds prefetch)
    : unknown_ns_(static_cast<std::uint32_t>(std::clamp<std::int64_t>(
          prefetch.count(), run_overhead_ns, std::numeric_limits<std::uint32_t>::max()))) {}

std::uint32_t catalog::function_number(const std::string& name, const std::string& signature) {
  const auto next = static_cast<std::uint32_t>(functions_.size());
  const auto [at, added] = function_numbers_.try_emplace({name, signature}, next);
  if (added) functions_.push_back(function{name, signature, 0, 0});
  return at->second;
}

std::uint32_t catalog::lane_number(const task_spec& what) {
  const auto f = function_number(what.function, what.signature);
  auto needs = to_amounts(what.resources);
  const auto next = static_cast<std::uint32_t>(lanes_.size());
  restriction where{what.workers, !what.workers.empty() && what.allow_other_workers};
  std::sort(where.places.begin(), where.places.end());
  const auto [at, added] = lane_numbers_.try_emplace({f, needs, where}, next);
  if (!added) return at->second;
  for (const auto& place : where.places)
    places_changed_ |= places_.insert(place).second;
  if (where.loose) loose_lanes_.push_back(next);
  lanes_.push_back(lane{f, std::move(needs), std::move(where)});
  return next;
}

catalog::spec_key catalog::key_of(std::uint32_t lane, const task_spec& what) {
  return {lane, what.priority, what.retries, what.timeout, what.retry_delay, what.retry_on};
}

std::uint32_t catalog::use_spec(const spec_ptr& what) {
  const auto place = std::hash<const void*>()(what.get()) / alignof(std::max_align_t);
  auto& recent = recent_[place % recent_.size()];
  if (recent.what == what && specs_[recent.slot].serial == recent.serial) {
    ++specs_[recent.slot].tasks;
    return recent.slot;
  }
  const auto lane = lane_number(*what);
  const auto [at, added] = spec_numbers_.try_emplace(key_of(lane, *what), none);
  if (added) {
    at->second = specs_.add();
    specs_[at->second] = {what, lane, 0, ++last_serial_};
  }
  ++specs_[at->second].tasks;
  recent = {what, at->second, specs_[at->second].serial};
  return at->second;
}

void catalog::release_spec(std::uint32_t i) {
  auto& s = specs_[i];
  if (--s.tasks > 0 || specs_.size() <= idle_specs_max) return;
  spec_numbers_.erase(key_of(s.lane, *s.what));
  specs_.remove(i);
}

std::uint32_t catalog::join_group(const hello& who) {
  std::vector<std::uint32_t> numbers;
  for (const auto& t : who.tasks)
    numbers.push_back(function_number(t.name, t.signature));
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  std::vector<std::string> places;
  for (const auto* place : {&who.name, &who.host})
    if (places_.contains(*place) && (places.empty() || places.front() != *place))
      places.push_back(*place);
  std::sort(places.begin(), places.end());
  const auto [at, added] = group_numbers_.try_emplace({numbers, places}, groups());
  if (added) groups_.push_back(group{std::move(numbers), std::move(places), 0});
  auto& g = groups_[at->second];
  ++g.workers;
  for (const auto f : g.functions)
    ++functions_[f].workers;
  return at->second;
}

void catalog::leave_group(std::uint32_t i) {
  auto& g = groups_[i];
  check(g.workers > 0, "who leaves a group was in it");
  --g.workers;
  for (const auto f : g.functions)
    --functions_[f].workers;
}

std::vector<std::uint32_t> catalog::groups_for(std::uint32_t lane) const {
  const auto& where = lanes_[lane].where;
  std::vector<std::uint32_t> all;
  std::vector<std::uint32_t> right;
  std::uint32_t here = 0;
  for (std::uint32_t g = 0; g < groups(); ++g) {
    const auto& one = groups_[g];
    if (!std::binary_search(one.functions.begin(), one.functions.end(), lanes_[lane].function))
      continue;
    all.push_back(g);
    if (std::none_of(one.places.begin(), one.places.end(), [&](const std::string& place) {
          return std::binary_search(where.places.begin(), where.places.end(), place);
        }))
      continue;
    right.push_back(g);
    here += one.workers;
  }
  return where.places.empty() || (where.loose && here == 0) ? all : right;
}

bool catalog::served(std::uint32_t lane) const {
  const auto able = groups_for(lane);
  return std::any_of(able.begin(), able.end(),
                     [&](std::uint32_t g) { return groups_[g].workers > 0; });
}

std::uint32_t catalog::expected_ns(std::uint32_t lane) const {
  const auto learned = function_of(lane).duration_ns;
  if (learned == 0) return unknown_ns_;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(learned, std::numeric_limits<std::uint32_t>::max()));
}

bool catalog::is_short(std::uint32_t lane) const {
  return expected_ns(lane) < unknown_ns_;
}

void catalog::learn(std::uint32_t lane, std::chrono::nanoseconds duration) {
  auto& known = functions_[lanes_[lane].function].duration_ns;
  const auto took =
      static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)) + run_overhead_ns;
  // Up fast and down slowly: too much work on one worker costs more than too little.
  if (known == 0)
    known = took;
  else if (took > known)
    known += (took - known + 1) / 2;
  else
    known -= (known - took) / 8;
}

std::string catalog::unknown_message(std::uint32_t lane) const {
  const auto& asked = function_of(lane);
  const function* nearest = nullptr;
  std::size_t nearest_distance = 0;
  for (const auto& [key, number] : function_numbers_) {
    const auto& f = functions_[number];
    if (f.workers == 0 || f.name.starts_with("troupe.")) continue;
    if (f.name == asked.name)
      return "'" + f.name + "' takes " + f.signature + " on " + count_of_workers(f.workers) +
             "; got " + asked.signature;
    const auto d = distance(asked.name, f.name);
    if (nearest && d >= nearest_distance) continue;
    nearest = &f;
    nearest_distance = d;
  }
  auto message = "no worker knows '" + asked.name + "'";
  if (!nearest) return message + "; the workers have no tasks, see worker.libraries";
  return message + "; nearest: " + nearest->name + " (" + count_of_workers(nearest->workers) + ")";
}

}  // namespace troupe::core
