// troupe_bench --scenario NAME [--params JSON] [--mode threads|processes] [--reps N] [--out FILE]
// troupe_bench --smoke                         every scenario, tiny, both modes: right or not
//
// Prints one JSON line a repetition, and appends it to FILE. A fresh cluster of two workers with
// one thread each for every repetition, warmed up with 200 tasks. The scenario `startup` measures
// just that: from the start to the first result.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "bench/scenarios.hpp"

namespace {

struct arguments {
  std::string scenario;
  std::string params = "{}";
  std::string mode = "processes";
  int reps = 3;
  std::string out;
  bool smoke = false;
};

troupe::config configure(const std::string& mode) {
  troupe::config c;
  c.cluster.workers = 2;
  c.cluster.place.set("isolation", mode == "threads" ? "thread" : "process");
  c.worker.threads = 1;
  c.log.level = "warn";
  return c;
}

bench::metrics run_once(const arguments& a, const nlohmann::json& params) {
  const auto start = std::chrono::steady_clock::now();
  troupe::cluster cluster(configure(a.mode), bench::register_tasks);
  auto client = cluster.connect();
  bench::stage stage{client, cluster};
  if (a.scenario == "startup") {
    bench::scenarios().at("chain")(stage, {{"n", 1}});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return {{"first_result_s", took.count()}};
  }
  cluster.wait_for_workers(2, std::chrono::seconds(30));
  bench::scenarios().at("map_noop")(stage, {{"n", 200}});
  return bench::scenarios().at(a.scenario)(stage, params);
}

void run(const arguments& a) {
  if (a.scenario != "startup" && !bench::scenarios().count(a.scenario))
    throw std::runtime_error("unknown scenario " + a.scenario);
  const auto params = nlohmann::json::parse(a.params);
  for (int rep = 0; rep < a.reps; ++rep) {
    const nlohmann::json line{{"peer", "troupe"},
                              {"mode", a.mode},
                              {"rep", rep},
                              {"scenario", a.scenario},
                              {"params", params},
                              {"metrics", run_once(a, params)},
                              {"noise", nlohmann::json::object()}};
    std::cout << line.dump() << std::endl;
    if (!a.out.empty()) std::ofstream(a.out, std::ios::app) << line.dump() << "\n";
  }
}

void smoke() {
  const std::pair<const char*, const char*> tiny[] = {{"startup", "{}"},
                                                      {"map_noop", R"({"n":1000})"},
                                                      {"roundtrip", R"({"n":20})"},
                                                      {"chain", R"({"n":100})"},
                                                      {"tree", R"({"leaves":64})"},
                                                      {"map_grain", R"({"n":50,"us":100})"},
                                                      {"idle_cpu", R"({"seconds":0.1})"}};
  for (const char* mode : {"threads", "processes"})
    for (const auto& [scenario, params] : tiny)
      run({.scenario = scenario,
           .params = params,
           .mode = mode,
           .reps = 1,
           .out = {},
           .smoke = false});
}

}  // namespace

int main(int argc, char** argv) try {
  if (troupe::is_worker(argc, argv)) return troupe::worker_main(argc, argv, bench::register_tasks);
  arguments a;
  CLI::App app("Troupe on the shared scenarios");
  app.add_option("--scenario", a.scenario, "Name of the scenario");
  app.add_option("--params", a.params, "Its parameters, JSON");
  app.add_option("--mode", a.mode)->check(CLI::IsMember({"threads", "processes"}));
  app.add_option("--reps", a.reps, "Repetitions");
  app.add_option("--out", a.out, "Append the lines to this file too");
  app.add_flag("--smoke", a.smoke, "Every scenario once, tiny");
  CLI11_PARSE(app, argc, argv);
  if (a.smoke)
    smoke();
  else
    run(a);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "troupe_bench: %s\n", e.what());
  return 1;
}
