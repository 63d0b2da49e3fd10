// troupe_bench --scenario NAME [--params JSON] [--mode sep|processes|threads] [--reps N] [--out
// FILE] troupe_bench --smoke                         every scenario, tiny, in all modes: right or
// not
//
// Prints one JSON line a repetition, and appends it to FILE. A fresh cluster for every repetition.
// See README.md for the scenarios.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/scenarios.hpp"
#include "bench/tasks.hpp"

namespace {

struct arguments {
  std::string scenario;
  std::string params = "{}";
  std::string mode = "sep";
  int reps = 1;
  std::string out;
  bool smoke = false;
  bool first_result = false;
};

const std::map<std::string, bench::scenario>& scenarios() {
  static const auto all = [] {
    std::map<std::string, bench::scenario> made;
    bench::add_maps(made);
    bench::add_flows(made);
    bench::add_data(made);
    bench::add_life(made);
    bench::add_metg(made);
    bench::add_scheduler_scale(made);
    return made;
  }();
  return all;
}

/// By `--config FILE` and `--set KEY=VALUE`.
troupe::config configured(std::vector<std::string> settings) {
  std::vector<char*> words{nullptr};
  for (auto& word : settings)
    words.push_back(word.data());
  auto count = static_cast<int>(words.size());
  words.push_back(nullptr);
  auto options = troupe::config::from_arguments(count, words.data());
  options.log.level = "warn";
  return options;
}

void run(const arguments& a, bench::setup how) {
  const auto found = scenarios().find(a.scenario);
  if (found == scenarios().end()) throw std::runtime_error("unknown scenario " + a.scenario);
  if (!found->second.modes.contains(a.mode))
    throw std::runtime_error(a.scenario + " has no mode " + a.mode);
  how.mode = a.mode;
  const auto params = nlohmann::json::parse(a.params);
  // For all that is started, as if they were on the command line.
  const auto settings = params.value("settings", nlohmann::json::object());
  for (const auto& [key, value] : settings.items())
    how.settings.insert(how.settings.end(), {"--set", key + "=" + value.get<std::string>()});
  how.options = configured(how.settings);
  for (int rep = 0; rep < a.reps; ++rep) {
    const auto measured = found->second.run(how, params);
    const nlohmann::json line{
        {"peer", "troupe"},       {"mode", a.mode},   {"rep", rep},
        {"scenario", a.scenario}, {"params", params}, {"metrics", measured.values},
        {"noise", measured.noise}};
    std::cout << line.dump() << std::endl;
    if (!a.out.empty()) std::ofstream(a.out, std::ios::app) << line.dump() << "\n";
  }
}

void smoke(const bench::setup& how) {
  const std::pair<const char*, const char*> tiny[] = {
      {"map_noop", R"({"n":1000})"},
      {"map_grain", R"({"n":50,"us":100})"},
      {"roundtrip", R"({"n":20})"},
      {"chain", R"({"n":100})"},
      {"chain_submit", R"({"n":100})"},
      {"tree", R"({"leaves":64})"},
      {"merge", R"({"n":200})"},
      {"stencil", R"({"width":10,"steps":10})"},
      {"randomdag", R"({"n":200,"deps":3,"window":50,"seed":42})"},
      {"shuffle", R"({"parts":5,"bytes":20000})"},
      {"gather_big", R"({"bytes":1000000})"},
      {"scatter_big", R"({"bytes":1000000})"},
      {"scatter_small", R"({"n":200,"bytes":100})"},
      {"transfer_ww", R"({"bytes":1000000})"},
      {"ingest", R"({"n":1000})"},
      {"startup", "{}"},
      {"idle_cpu", R"({"seconds":0.1})"},
      {"worker_death", R"({"n":200,"ms":1,"workers":4})"},
      {"soak",
       R"({"seconds":0.2,"n":100,"bytes":100000,"settings":{"worker.report_interval":"1s"}})"},
      {"metg", R"({"pattern":"stencil_1d","width":4,"seconds":0.001,"coarsest_us":100})"},
      {"scheduler_scale", R"({"workers":10,"tasks":1000,"inputs":1})"}};
  std::set<std::string> seen;
  for (const auto& [scenario, params] : tiny) {
    seen.insert(scenario);
    for (const auto& mode : scenarios().at(scenario).modes) {
      arguments a;
      a.scenario = scenario;
      a.params = params;
      a.mode = mode;
      run(a, how);
    }
  }
  for (const auto& [name, scenario] : scenarios())
    if (!seen.contains(name)) throw std::runtime_error("no smoke run of " + name);
}

/// For the scenario `startup`: tells when the first result was there.
void tell_first_result(const bench::setup& how) {
  const bench::stage on(how, bench::usual_workers, bench::warmth::cold);
  bench::expect(on.client().submit(bench::increment_task, std::int64_t{1}).get() == 2, "increment");
  const std::chrono::nanoseconds now = bench::clock::now().time_since_epoch();
  std::printf("%lld\n", static_cast<long long>(now.count()));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) try {
  if (troupe::is_worker(argc, argv)) return troupe::worker_main(argc, argv, bench::register_tasks);
  bench::setup how;
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string(argv[i]) == "--set" || std::string(argv[i]) == "--config")
      how.settings.insert(how.settings.end(), {argv[i], argv[i + 1]});
  how.options = configured(how.settings);
  troupe::config::from_arguments(argc, argv);  // Takes them out of the arguments.
  arguments a;
  CLI::App app("Troupe on the shared scenarios. --config FILE and --set KEY=VALUE as everywhere");
  app.add_option("--scenario", a.scenario, "Name of the scenario");
  app.add_option("--params", a.params, "Its parameters, JSON");
  app.add_option("--mode", a.mode)->check(CLI::IsMember({"threads", "processes", "sep"}));
  app.add_option("--reps", a.reps, "Repetitions");
  app.add_option("--out", a.out, "Append the lines to this file too");
  app.add_flag("--smoke", a.smoke, "Every scenario once, tiny");
  app.add_flag("--first-result", a.first_result, "Only start, and tell when the first result came");
  CLI11_PARSE(app, argc, argv);
  how.mode = a.mode;
  if (a.first_result)
    tell_first_result(how);
  else if (a.smoke)
    smoke(how);
  else
    run(a, how);
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "troupe_bench: %s\n", e.what());
  return 1;
}
