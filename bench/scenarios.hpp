#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include <troupe/troupe.hpp>

namespace bench {

using metrics = std::map<std::string, double>;

/// What a scenario runs on: a started cluster of two workers, warmed up, and its client.
struct stage {
  troupe::client& client;
  troupe::cluster& cluster;
};

/// One repetition. Throws if an answer is wrong: a fast wrong answer is no result.
using scenario = std::function<metrics(stage&, const nlohmann::json& params)>;

/// By the names of the contract in the peers' scenario list.
const std::map<std::string, scenario>& scenarios();

void register_tasks(troupe::task_registry&);

}  // namespace bench
