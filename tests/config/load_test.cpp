#include "config/load.hpp"

#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "config/keys.hpp"
#include "config/toml.hpp"
#include "test_paths.hpp"
#include "tests/config/temporary_folder.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

std::string problems_of(const std::string& text) {
  const auto loaded = parse_config(text, "t.toml");
  return loaded ? "" : loaded.error().message;
}

std::string mistakes_of(const load_request& request) {
  const auto loaded = load_config(request);
  return loaded ? "" : loaded.error().message;
}

std::string shipped_file() {
  std::ifstream in(TROUPE_SOURCE_DIR "/config/troupe.toml");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the shipped file has every key, with its default, and no other") {
  const auto root = read_toml(shipped_file(), "troupe.toml").value();
  std::map<std::string, std::string> documented;
  for (const auto& [section, keys] : root)
    for (const auto& [key, value] : std::get<setting::table>(keys.value))
      documented[section + "." + key] = write_toml(value);
  std::map<std::string, std::string> defaults;
  const config fresh;
  visit_keys(fresh, [&](const char* section, const char* key, const auto& member, const rule&) {
    defaults[std::string(section) + "." + key] = write_toml(written(member));
  });
  CHECK(documented == defaults);
}

TEST_CASE("every key of the shipped file has a sentence above it") {
  std::istringstream in(shipped_file());
  std::string before;
  for (std::string line; std::getline(in, line); before = line) {
    const bool key = line.find(" = ") != std::string::npos && line[0] != '#';
    // The three files of [security] share a sentence.
    const bool shared = line.starts_with("certificate") || line.starts_with("key");
    CAPTURE(line);
    if (key && !shared) CHECK(before.starts_with("# "));
  }
}

TEST_CASE("the shipped file loads as the defaults") {
  CHECK(problems_of(shipped_file()) == "");
}

TEST_CASE("the defaults themselves are in range, and fit each other") {
  CHECK(validate(config()).has_value());
  CHECK(validate(config{.network = {.silence_max = 1s}}).error().message ==
        "network.silence_max must be longer than network.heartbeat_interval (2s), found 1s");
  CHECK(validate(config{.worker = {.threads = 5000}}).error().message ==
        "worker.threads must be a whole number from 0 to 4096, found 5000");
}

TEST_CASE("a file sets values of every kind") {
  const auto c = parse_config(R"(
[cluster]
type = "mine"
plugins = ["libmine.so"]
[cluster.mine]
region = "north"
[cluster.jobqueue]
queue = "short"
[scheduler]
prefetch = "5ms"
[worker]
threads = 3
memory = "2GiB"
resources = { gpu = 2 }
[security]
allow_plaintext = true
)",
                              "t.toml")
                     .value()
                     .values;
  CHECK(c.cluster.type == "mine");
  CHECK(c.cluster.plugins == std::vector<std::string>{"libmine.so"});
  CHECK(c.cluster.place.name() == "cluster.mine");
  CHECK(c.cluster.place.has("region"));
  CHECK_FALSE(c.cluster.place.has("queue"));
  CHECK(c.scheduler.prefetch == 5ms);
  CHECK(c.worker.threads == 3);
  CHECK(c.worker.memory == std::uint64_t{2} << 30);
  CHECK(c.worker.resources == std::map<std::string, double>{{"gpu", 2}});
  CHECK(c.security.allow_plaintext);
}

TEST_CASE("all mistakes of a file are told at once, in its order, with their places") {
  CHECK(problems_of("[cluster]\nworkers = -3\n[worker]\nthraeds = 2\nlibraries = \"a.so\"\n"
                    "[netwrok]\n[client]\nprogress = \"yes\"\n") ==
        "t.toml:2:11: cluster.workers must be a whole number from 0 to 100000, found -3\n"
        "t.toml:4:1: unknown key worker.thraeds; did you mean threads?\n"
        "t.toml:5:13: worker.libraries must be a list of texts that are not empty, as in "
        "[\"a\", \"b\"], found \"a.so\"; put it in brackets: [\"a.so\"]\n"
        "t.toml:6:2: unknown section [netwrok]; did you mean network?\n"
        "t.toml:8:12: client.progress must be \"auto\", \"on\" or \"off\", found \"yes\"");
}

TEST_CASE("a key outside its section is told where it belongs") {
  CHECK(problems_of("threads = 4\n") ==
        "t.toml:1:1: unknown key threads; did you mean worker.threads?");
  CHECK(problems_of("[worker]\nmode = \"tls\"\n") ==
        "t.toml:2:1: unknown key worker.mode; did you mean security.mode?");
}

TEST_CASE("broken TOML is told with its place") {
  CHECK(problems_of("[worker]\nthreads = 1\nthreads = 2\n") ==
        "t.toml:3:11: 'threads' is there twice");
  CHECK(problems_of("[worker]\nname = \"abc\n") ==
        "t.toml:2:12: the closing quote is missing in this line");
  CHECK(problems_of("[worker]\nname = abc\n") ==
        "t.toml:2:8: this is no value; a text needs quotes");
  CHECK(problems_of("[worker\n").starts_with("t.toml:1:8: not TOML: "));
  CHECK(problems_of("[worker]\nname = \"\xff\"\n") ==
        "t.toml:2:9: is not UTF-8 text; save it as UTF-8");
  CHECK(problems_of("[worker]\nname = \u00e8\n") ==
        "t.toml:2:8: only ASCII letters may be without quotes");
  CHECK(problems_of("[worker]\nname = it's\n") == "t.toml:2:10: a quote in a wrong place");
  // Letters for which toml++ has no branch.
  CHECK(problems_of("g=0.'o\u0264K]g9wo").starts_with("t.toml:1:"));
  CHECK(problems_of("[worker]\n[$x]\n") == "t.toml:2:2: not TOML: no section's name starts so");
  CHECK(problems_of(std::string("[\0t]\n", 5)) ==
        "t.toml:1:2: has a control character; is it a text file?");
  CHECK(problems_of("[worker]\nname = 1979-05-27\n") ==
        "t.toml:2:8: no key takes a date or time; if it is a text, put it in quotes");
}

TEST_CASE("all of TOML's ways to write texts are understood") {
  const auto c = parse_config(
                     "\xEF\xBB\xBF[client]\r\n"
                     "'name' = \"\"\"\r\na \\\n  \u0264 \u00e8 '\"\"\"\"\" # it's\n"
                     "scheduler = 'C:\\x' # \"\n[\"log\"]\nfile = '''a'b'''\n",
                     "t.toml")
                     .value()
                     .values;
  CHECK(c.client.name == "a \u0264 \u00e8 '\"\"");
  CHECK(c.client.scheduler == "C:\\x");
  CHECK(c.log.file == "a'b");
}

TEST_CASE("depth that would exhaust the stack is refused") {
  std::string dots = "a";
  for (int i = 0; i < 100'000; ++i)
    dots += ".a";
  CHECK(problems_of(dots + " = 1\n") == "t.toml:1:34: a key has more than 16 dots");
  CHECK(problems_of("[" + dots + "]\n") == "t.toml:1:35: a key has more than 16 dots");
  CHECK(problems_of("a = " + std::string(100'000, '[')).find("brackets") != std::string::npos);
  // Dots in texts and comments are no depth.
  CHECK(problems_of("[client]\nname = \"" + dots + "\" # " + dots + "\n") == "");
}

TEST_CASE("values that are good alone and not together are refused") {
  CHECK(problems_of("[cluster]\nadapt_min = 4\nadapt_max = 3\n") ==
        "t.toml:3:13: cluster.adapt_max must not be less than cluster.adapt_min (4), found 3");
  CHECK(problems_of("[network]\nheartbeat_interval = \"40s\"\n") ==
        "t.toml:2:22: network.silence_max must be longer than network.heartbeat_interval (40s), "
        "found 30s");
  CHECK(problems_of("[security]\nkey = \"k.pem\"\n") ==
        "t.toml:2:7: security.key is of no use alone; set security.certificate too");
}

TEST_CASE("a token is never told") {
  CHECK(problems_of("[security]\ntoken = 123456\n").find("123456") == std::string::npos);
  const auto loaded = load_config({.variables = {{"TROUPE_SECURITY__TOKEN", "hush"}}}).value();
  CHECK(loaded.values.security.token == "hush");
  const auto shown = show(loaded);
  CHECK(shown.find("hush") == std::string::npos);
  CHECK(shown.find("token = \"(set)\"") != std::string::npos);
  // So that a shown configuration is not used as one by mistake.
  CHECK(problems_of("[security]\ntoken = \"(set)\"\n") != "");
}

TEST_CASE("the environment wins over the file, and the command line over both") {
  const temporary_folder folder;
  load_request request;
  request.file =
      folder.write("a.toml", "[worker]\nthreads = 1\nname = \"one\"\nmemory = 1048576\n");
  request.variables = {{"TROUPE_WORKER__THREADS", "2"}, {"TROUPE_WORKER__NAME", "two"}};
  request.assignments = {"worker.threads=3", "worker.threads=4", "worker.resources.gpu=2"};
  const auto loaded = load_config(request).value();
  CHECK(loaded.values.worker.threads == 4);
  CHECK(loaded.values.worker.name == "two");
  CHECK(loaded.values.worker.memory == 1u << 20);
  CHECK(loaded.values.worker.resources == std::map<std::string, double>{{"gpu", 2}});
  CHECK(loaded.file == request.file);
  CHECK(loaded.origins.at("worker.threads").from == origin::kind::command_line);
  CHECK(loaded.origins.at("worker.name").name == "TROUPE_WORKER__NAME");
  CHECK(loaded.origins.at("worker.memory").line == 4);
  CHECK_FALSE(loaded.origins.contains("worker.listen"));
}

TEST_CASE("variables that are no keys are left alone, unless they look like one") {
  CHECK(mistakes_of({.variables = {{"TROUPE_CONFIG", ""},
                                   {"TROUPE_SCHEDULER", "tcp://a:1"},
                                   {"TROUPE_LIFELINE_FD", "3"},
                                   {"TROUPER__A", "1"}}}) == "");
  CHECK(mistakes_of({.variables = {{"TROUPE_WORKR__THREADS", "1"}}}) ==
        "environment TROUPE_WORKR__THREADS: there is no key workr.threads; did you mean "
        "TROUPE_WORKER__THREADS?");
  CHECK(mistakes_of({.variables = {{"TROUPE_WORKER_THREADS", "1"}}}) ==
        "environment TROUPE_WORKER_THREADS: is no key; did you mean TROUPE_WORKER__THREADS?");
  CHECK(mistakes_of({.variables = {{"TROUPE_WORKER__THREADS", "many"}}}) ==
        "environment TROUPE_WORKER__THREADS: worker.threads must be a whole number from 0 to 4096, "
        "found \"many\"");
}

TEST_CASE("wrong assignments are told") {
  CHECK(mistakes_of({.assignments = {"worker.thread=2"}}) ==
        "--set worker.thread: there is no key worker.thread; did you mean worker.threads?");
  CHECK(mistakes_of({.assignments = {"worker.threads"}}) ==
        "--set worker.threads: has no value; write --set section.key=value");
  CHECK(mistakes_of({.assignments = {"worker.libraries=a\xff"}}) ==
        "--set worker.libraries: is not UTF-8 text");
}

TEST_CASE("the first file there is is taken, and one that is asked for must be there") {
  const temporary_folder folder;
  const auto first = folder.write("first.toml", "[worker]\nthreads = 1\n");
  const auto second = folder.write("second.toml", "[worker]\nthreads = 2\n");
  CHECK(load_config({.search = {folder / "no.toml", second, first}}).value().file == second);
  CHECK(load_config({.search = {folder / "no.toml"}}).value().file == "");
  const environment named{{"TROUPE_CONFIG", second.string()}};
  CHECK(load_config({.search = {first}, .variables = named}).value().file == second);
  CHECK(load_config({.file = first, .variables = named}).value().file == first);
  const auto missing = (folder / "no.toml").string();
  CHECK(mistakes_of({.file = missing}) == missing + ": cannot be read: No such file or directory");
  CHECK(mistakes_of({.variables = {{"TROUPE_CONFIG", missing}}}) ==
        missing + ": cannot be read: No such file or directory (named by TROUPE_CONFIG)");
  CHECK(mistakes_of({.file = folder.path()}) ==
        folder.path().string() + ": is a folder, not a file");
  const auto large = folder.write("large.toml", std::string((1 << 20) + 1, '#'));
  CHECK(mistakes_of({.file = large}).find("is larger than 1048576 bytes") != std::string::npos);
}

TEST_CASE("the search follows XDG_CONFIG_HOME, then HOME") {
  using list = std::vector<std::filesystem::path>;
  CHECK(search_list({{"HOME", "/home/ana"}}) ==
        list{"troupe.toml", "/home/ana/.config/troupe/troupe.toml", "/etc/troupe/troupe.toml"});
  CHECK(search_list({{"HOME", "/home/ana"}, {"XDG_CONFIG_HOME", "/x"}}) ==
        list{"troupe.toml", "/x/troupe/troupe.toml", "/etc/troupe/troupe.toml"});
  CHECK(search_list({{"XDG_CONFIG_HOME", "relative"}}) ==
        list{"troupe.toml", "/etc/troupe/troupe.toml"});
}

TEST_CASE("options of the configuration are taken out of the arguments, others stay") {
  std::string words[] = {"program",
                         "--config=a.toml",
                         "run",
                         "--set",
                         "worker.threads=4",
                         "--set=client.name=x",
                         "--setter",
                         "--",
                         "--set",
                         "y"};
  char* argv[11] = {};
  int argc = 0;
  for (auto& word : words)
    argv[argc++] = word.data();
  const auto request = take_arguments(argc, argv, {}).value();
  CHECK(request.file == "a.toml");
  CHECK(request.assignments == std::vector<std::string>{"worker.threads=4", "client.name=x"});
  CHECK(std::vector<std::string>(argv, argv + argc) ==
        std::vector<std::string>{"program", "run", "--setter", "--", "--set", "y"});
  CHECK(argv[argc] == nullptr);
  std::string lonely[] = {"program", "--set"};
  char* last[] = {lonely[0].data(), lonely[1].data(), nullptr};
  int two = 2;
  CHECK(take_arguments(two, last, {}).error().message ==
        "--set needs a value, as in --set worker.threads=4");
}

TEST_CASE("what is shown is TOML, says where each value is from, and loads as the same again") {
  const temporary_folder folder;
  load_request request;
  request.file = folder.write("a.toml",
                              "[worker]\nresources = { gpu = 2, \"odd key\" = 0.5 }\n"
                              "[cluster.local]\nisolation = \"thread\"\n"
                              "[client]\nname = \"tab\\u00e9 \\\"x\\\"\"\n");
  request.variables = {{"TROUPE_WORKER__THREADS", "2"}};
  request.assignments = {"worker.memory=2GiB"};
  const auto shown = show(load_config(request).value());
  CAPTURE(shown);
  const auto has = [&shown](const std::string& part) {
    return shown.find(part) != std::string::npos;
  };
  CHECK(has("# environment TROUPE_WORKER__THREADS\n"));
  CHECK(has("# command line\n"));
  CHECK(has("# default\n"));
  CHECK(has("# " + request.file.string() + ":2\n"));
  CHECK(has("isolation = \"thread\"  # " + request.file.string() + ":4\n"));
  auto again = parse_config(shown, "shown").value();
  again.origins.clear();
  again.file.clear();
  CHECK(again.values.worker.threads == 2);
  CHECK(again.values.worker.memory == std::uint64_t{2} << 30);
  CHECK(again.values.worker.resources ==
        std::map<std::string, double>{{"gpu", 2}, {"odd key", 0.5}});
  CHECK(again.values.client.name == "tab\u00e9 \"x\"");
  CHECK(again.values.cluster.place.text("isolation", "") == "thread");
}
