#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "test_paths.hpp"
#include "tests/scheduler/fixture.hpp"

using namespace troupe;
using namespace troupe::testing;

namespace {

/// Splits "submit alice x = f(a, b) retries=2" at blanks and punctuation, except '=' of options.
std::vector<std::string> words_of(const std::string& line) {
  std::string spaced;
  for (const char c : line)
    spaced += c == '(' || c == ')' || c == ',' || c == ':' ? ' ' : c;
  std::istringstream in(spaced);
  std::vector<std::string> words;
  for (std::string word; in >> word;)
    if (word != "=") words.push_back(word);
  return words;
}

/// A story told to a scheduler, line by line; see tests/scenarios/README.md for the words.
class story {
public:
  std::string tell(const std::string& line) {
    auto words = words_of(line);
    const auto verb = words.at(0);
    options_.clear();
    plain_.clear();
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto at = words[i].find('=');
      if (at == std::string::npos)
        plain_.push_back(words[i]);
      else
        options_[words[i].substr(0, at)] = words[i].substr(at + 1);
    }
    std::string trace;
    for (const auto& e : act(verb)) {
      if (const auto* order = std::get_if<tell_worker>(&e))
        if (const auto* r = std::get_if<run_task>(&order->message))
          runs_[{order->worker, r->task}] = r->run;
      trace += effect_text(names_)(e) + "\n";
    }
    return trace.empty() ? "nothing\n" : trace;
  }

private:
  effects act(const std::string& verb) {
    if (verb == "client" || verb == "worker") return join(verb == "worker");
    if (verb == "back" && clients_.contains(plain_.at(0))) return bench_.come_back(client());
    if (verb == "back") return join(true);
    if (verb == "lost") {
      if (clients_.contains(plain_.at(0))) return bench_.after(client_lost{client()});
      return bench_.after(worker_lost{workers_.at(plain_[0])});
    }
    if (verb == "wait") {
      bench_.now += std::chrono::milliseconds(std::llround(std::stod(plain_.at(0)) * 1000));
      return bench_.after(clock_ticked{});
    }
    if (verb == "status") return {tell_client{client_id{1}, snapshot_reply(bench_.snapshot())}};
    if (verb == "leave") return bench_.after(client(), leave_scheduler{});
    if (verb == "claimed") return bench_.after(client(), end_claims{});
    if (verb == "registered") return bench_.after(workers_.at(plain_.at(0)), registered{});
    return clients_.contains(plain_.at(0)) ? said_by_client(verb) : said_by_worker(verb);
  }

  effects join(bool is_worker) {
    const auto name = plain_.at(0);
    if (!is_worker) {
      const client_id id{clients_.size() + 1};
      names_.clients[id] = name;
      clients_[name] = id;
      return bench_.after(client_joined{0, std::make_shared<hello>()});
    }
    const auto from = workers_.contains(name) ? session : uuid{};
    const worker_id id{++last_worker_};
    names_.workers[id] = name;
    workers_[name] = id;
    std::vector<task_signature> tasks;
    for (auto& task : list("tasks"))
      tasks.push_back({std::move(task), "()"});
    if (!options_.contains("tasks")) tasks = {{"f", "()"}, {"g", "()"}};
    return bench_.worker(name, static_cast<std::uint32_t>(std::stoul(option("threads", "1"))),
                         resources(), std::move(tasks), from);
  }

  effects said_by_client(const std::string& verb) {
    const auto who = client();
    if (verb == "rebalance") return bench_.after(who, rebalance_results{});
    if (verb == "retire") return bench_.after(who, retire_workers{{plain_.at(1)}});
    const auto t = task(plain_.at(1), who);
    if (verb == "replicate")
      return bench_.after(who, replicate_result{t, std::stoull(plain_.at(2))});
    if (verb == "submit") {
      task_spec s;
      s.function = plain_.at(2);
      s.signature = "()";
      s.priority = std::stoi(option("priority", "0"));
      s.retries = static_cast<std::uint32_t>(std::stoul(option("retries", "0")));
      s.retry_delay = std::chrono::seconds(std::stoi(option("delay", "0")));
      s.retry_on = list("on");
      s.workers = list("workers");
      s.allow_other_workers = option("loose", "0") == "1";
      s.resources = resources();
      std::vector<task_id> inputs;
      for (std::size_t i = 3; i < plain_.size(); ++i)
        inputs.push_back(task(plain_[i], who));
      return bench_.after(who, submit_task{t, std::make_shared<const task_spec>(s), {}, inputs});
    }
    if (verb == "scatter") return bench_.after(who, scatter_data{t, std::stoull(plain_.at(2))});
    if (verb == "release") return bench_.after(who, release_task{t});
    if (verb == "cancel") return bench_.after(who, cancel_task{t});
    if (verb == "detach") return bench_.after(who, detach_task{t});
    if (verb == "explain") return bench_.after(who, explain_task{t});
    if (verb == "claim") return bench_.after(who, claim_task{t});
    REQUIRE_MESSAGE(verb == "locate", "no such command");
    return bench_.after(who, locate_result{t, workers_.at(plain_.at(2))});
  }

  effects said_by_worker(const std::string& verb) {
    const auto who = workers_.at(plain_.at(0));
    const auto t = task(plain_.at(1), client_id{1});
    const run_id run{options_.contains("run") ? std::stoull(options_["run"])
                                              : runs_[{who, t}].value};
    const auto size = std::stoull(option("size", "100"));
    if (verb == "finished") {
      const bool along = options_.contains("along");
      const auto small = along ? value(bytes::copy(std::string(size, '7'))) : value();
      const auto took = std::chrono::milliseconds(std::stoi(option("ms", "1000")));
      return bench_.after(who, run_finished{t, run, size, took, along, small});
    }
    if (verb == "returned") return bench_.after(who, run_returned{t, run});
    if (verb == "threw")
      return bench_.after(who, run_failed{t, run, {errc::task_failed, plain_.at(2), "oops"}});
    if (verb == "added") return bench_.after(who, result_added{t, size});
    if (verb == "runs") return bench_.after(who, running_task{t, run});
    REQUIRE_MESSAGE(verb == "missing", "no such command");
    inputs_missing m{t, run, {}};
    for (std::size_t i = 2; i < plain_.size(); ++i) {
      const auto at = plain_[i].find('@');
      input_location l{task(plain_[i].substr(0, at), client_id{1}), 0, {}};
      if (at != std::string::npos) l.holders.push_back(workers_.at(plain_[i].substr(at + 1)));
      m.missing.push_back(l);
    }
    return bench_.after(who, m);
  }

  client_id client() { return clients_.at(plain_.at(0)); }

  task_id task(const std::string& name, client_id owner) {
    const auto [at, added] = tasks_.try_emplace(name);
    if (added) {
      at->second = make_task_id(owner, tasks_.size());
      names_.tasks[at->second] = name;
    }
    return at->second;
  }

  std::string option(const std::string& name, const std::string& otherwise) {
    return options_.contains(name) ? options_[name] : otherwise;
  }

  /// "a+b" in words.
  std::vector<std::string> list(const std::string& name) {
    std::vector<std::string> all;
    std::istringstream text(option(name, ""));
    for (std::string one; std::getline(text, one, '+');)
      all.push_back(std::move(one));
    return all;
  }

  std::map<std::string, double> resources() {
    static const std::set<std::string> ours{"threads", "tasks", "priority", "retries",
                                            "run",     "size",  "delay",    "on",
                                            "workers", "loose", "along",    "ms"};
    std::map<std::string, double> all;
    for (const auto& [name, amount] : options_)
      if (!ours.contains(name)) all[name] = std::stod(amount);
    return all;
  }

  bench bench_;
  names names_;
  std::map<std::string, client_id> clients_;
  std::map<std::string, worker_id> workers_;
  std::map<std::string, task_id> tasks_;
  std::map<std::pair<worker_id, task_id>, run_id> runs_;
  std::uint64_t last_worker_ = 0;
  std::map<std::string, std::string> options_;
  std::vector<std::string> plain_;
};

/// The file as it should be: the commands of `path` with what the scheduler does.
std::string retell(const std::filesystem::path& path) {
  std::ifstream in(path);
  story s;
  std::string text;
  std::string trace;
  bool expected = false;
  for (std::string line; std::getline(in, line);) {
    if (expected && !line.empty()) continue;  // What was recorded before.
    if (line.empty() && !expected && !trace.empty()) {
      text += "----\n" + std::exchange(trace, {});  // A command without anything recorded yet.
      text += "\n";
      continue;
    }
    expected = false;
    if (line == "----") {
      text += "----\n" + std::exchange(trace, {});
      expected = true;
      continue;
    }
    text += line + "\n";
    if (line.empty() || line[0] == '#') continue;
    INFO(path.filename().string(), ": ", line);
    trace += s.tell(line);
  }
  if (!trace.empty()) text += "----\n" + trace;
  return text;
}

}  // namespace

TEST_CASE("every scenario goes as it is told") {
  const std::filesystem::path folder = TROUPE_SOURCE_DIR "/tests/scenarios";
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".txt") files.insert(entry.path());
  REQUIRE(files.size() >= 12);
  for (const auto& path : files) {
    CAPTURE(path.filename().string());
    std::ifstream in(path);
    const std::string recorded(std::istreambuf_iterator<char>(in), {});
    const auto told = retell(path);
    if (const auto* bless = std::getenv("TROUPE_BLESS"); bless && std::string(bless) == "1")
      std::ofstream(path) << told;
    else
      CHECK(told == recorded);
  }
}
