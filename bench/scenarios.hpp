#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "bench/meter.hpp"
#include "bench/stage.hpp"

namespace bench {

using parameters = nlohmann::json;

/// How one scenario of the contract (README.md) is run.
struct scenario {
  /// One repetition. Throws if an answer is wrong: a fast wrong answer is no result.
  measurement (*run)(const setup&, const parameters&);
  std::set<std::string> modes = {"threads", "processes", "sep"};
};

// By where they are: maps.cpp, flows.cpp, data.cpp, life.cpp, metg.cpp, scheduler_scale.cpp.
void add_maps(std::map<std::string, scenario>&);
void add_flows(std::map<std::string, scenario>&);
void add_data(std::map<std::string, scenario>&);
void add_life(std::map<std::string, scenario>&);
void add_metg(std::map<std::string, scenario>&);
void add_scheduler_scale(std::map<std::string, scenario>&);

/// Most scenarios run on two workers.
inline constexpr std::uint32_t usual_workers = 2;

inline std::int64_t integer(const parameters& p, const char* key) {
  return p.at(key).get<std::int64_t>();
}

/// Throws std::runtime_error if the answer is wrong.
void expect(bool holds, const std::string& what);

/// `p50_us`, `p99_us` and `max_us` of so many microseconds, with a prefix.
void add_percentiles(metrics&, std::vector<double> times_us, const std::string& prefix = {});

}  // namespace bench
