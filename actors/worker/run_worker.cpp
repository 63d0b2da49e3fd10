#include "actors/worker/run_worker.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <troupe/config.hpp>

#include "actors/runtime/host.hpp"
#include "actors/runtime/runtime.hpp"
#include "actors/transport/network.hpp"
#include "actors/worker/builtin_tasks.hpp"
#include "actors/worker/libraries.hpp"
#include "actors/worker/process_watch.hpp"
#include "actors/worker/worker_actor.hpp"
#include "config/connection_file.hpp"
#include "config/environment.hpp"
#include "config/load.hpp"
#include "config/units.hpp"

namespace troupe {

namespace {

constexpr int exit_unusable = 1;
constexpr int exit_not_connected = 2;
constexpr int exit_killed = 3;
constexpr int exit_out_of_memory = 4;

/// What the command line says, as text. Unset: as the configuration has it.
struct arguments {
  std::string address;
  std::string launch;
  std::optional<std::string> name, memory, listen, interface;
  std::optional<std::uint32_t> threads;
  std::vector<std::string> libraries, resources;
};

void declare(CLI::App& app, arguments& a) {
  app.add_option("address", a.address,
                 "Scheduler: tcp://host:port, unix:///path, or the connection file that it wrote "
                 "(default: $TROUPE_SCHEDULER)");
  app.add_option("--name", a.name, "For people (default: host and process id)");
  app.add_option("--threads", a.threads, "Functions that run at one time")
      ->check(CLI::Range(1, 65536));
  app.add_option("--memory", a.memory, "As \"2GiB\"");
  app.add_option("--library", a.libraries, "Task library to load; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--listen", a.listen, "Where results are served, as tcp://host:port");
  app.add_option("--interface", a.interface, "Serve results on this interface, as ib0");
  app.add_option("--resource", a.resources, "As GPU=2; may be repeated")->allow_extra_args(false);
  app.add_option("--launch", a.launch, "Which launch of its cluster this worker belongs to")
      ->envname("TROUPE_LAUNCH");
  app.footer(
      "--config FILE and --set SECTION.KEY=VALUE are understood as everywhere.\n"
      "Exit codes: 0 ended in order; 1 could not start; 2 no connection, or lost it;\n"
      "3 to end a function (future::kill()); 4 too little memory; 128 + n at once by a second "
      "signal n.");
}

error wrong(const std::string& what) {
  return {errc::bad_argument, what};
}

result<void> apply(const arguments& a, worker_options& to) {
  if (a.name) to.name = *a.name;
  if (a.threads) to.threads = *a.threads;
  if (a.listen) to.listen = *a.listen;
  if (a.interface) to.interface = *a.interface;
  to.libraries.insert(to.libraries.end(), a.libraries.begin(), a.libraries.end());
  if (a.memory) {
    auto size = parse_size(*a.memory);
    if (!size) return wrong("--memory: " + size.error().message);
    to.memory = *size;
  }
  for (const auto& text : a.resources) {
    const auto equals = text.find('=');
    char* end = nullptr;
    const double amount =
        equals == std::string::npos ? 0 : std::strtod(text.c_str() + equals + 1, &end);
    if (equals == 0 || !end || *end != '\0' || end == text.c_str() + equals + 1 || amount < 0)
      return wrong("--resource takes NAME=AMOUNT, as GPU=2; got '" + text + "'");
    to.resources[text.substr(0, equals)] = amount;
  }
  return {};
}

/// Everything that is known before anybody is connected to.
struct plan {
  config options;
  worker_settings worker;
};

result<plan> make_plan(const arguments& a, const load_request& request,
                       const std::function<void(task_registry&)>& register_tasks) {
  auto loaded = load_config(request);
  if (!loaded) return loaded.error();
  log_for_operators(*loaded);
  plan made{std::move(loaded->values), {}};
  auto& worker = made.options.worker;
  if (auto applied = apply(a, worker); !applied) return applied.error();
  auto contact = find_scheduler(a.address, made.options, request.variables);
  if (!contact) return contact.error();
  contact->apply(made.options.security);

  auto tasks = std::make_shared<task_table>();
  add_builtin_tasks(*tasks);
  if (register_tasks) register_tasks(*tasks);
  for (const auto& library : worker.libraries)
    if (auto did = load_library(library, *tasks); !did) return did.error();
  made.worker = {
      .scheduler = contact->address, .launch = a.launch, .options = worker, .tasks = tasks};
  return made;
}

int exit_code(const worker_end& end) {
  switch (end.how) {
    case worker_end::kind::in_order:
      return 0;
    case worker_end::kind::unusable:
      return exit_unusable;
    case worker_end::kind::not_connected:
    case worker_end::kind::scheduler_lost:
    case worker_end::kind::another_scheduler:
      break;
  }
  return exit_not_connected;
}

worker_end work_once(runtime::node& node, worker_settings settings) {
  // The actor may still be in set_value() when the value is here already.
  const auto ended = std::make_shared<std::promise<worker_end>>();
  settings.on_end = [ended](const worker_end& how) { ended->set_value(how); };
  const auto actor = spawn_worker(node, std::move(settings));
  const process_watch watch([actor] { runtime::stop(actor); });
  return ended->get_future().get();
}

int work(plan p) {
  // Before there are threads: it may be about to change what they must not see changing.
  const auto tasks = p.worker.tasks;
  tasks->start().value();
  runtime::node node(p.options);
  if (p.worker.tasks->size() == 0)
    node.log().make("worker")->warn("this worker knows no tasks; name a library with --library");
  const auto scheduler = p.worker.scheduler;
  auto home = std::make_shared<home_client>(node, scheduler, p.options.worker.name);
  p.worker.home = home;
  p.worker.kill = [](sudden_end how, const std::string& why) {
    // These are its last words: the cluster hears them, and the scheduler puts them into errors.
    std::fprintf(stderr, "troupe worker: ends at once: %s\n", why.c_str());
    _exit(how == sudden_end::killed ? exit_killed : exit_out_of_memory);
  };
  auto how = work_once(node, p.worker);
  // What it had is of no use to the new one, but it is.
  while (how.how == worker_end::kind::another_scheduler && !how.still_running) {
    home->close();
    home = p.worker.home = std::make_shared<home_client>(node, scheduler, p.options.worker.name);
    how = work_once(node, p.worker);
  }
  const int code = exit_code(how);
  if (code != 0)
    std::fprintf(stderr, "troupe worker (scheduler %s): %s\n", scheduler.c_str(),
                 how.why.message.c_str());
  // Somebody's function does not end; threads cannot be ended from outside.
  if (how.still_running) _exit(code);
  home->close();
  if (auto stopped = tasks->stop(); !stopped)
    std::fprintf(stderr, "troupe worker: %s\n", stopped.error().message.c_str());
  node.net().stop();
  return code;
}

}  // namespace

int run_worker(const std::string& program, int argc, char** argv,
               const std::function<void(task_registry&)>& register_tasks) {
  try {
    auto request = take_arguments(argc, argv, process_environment());
    if (!request) throw exception(request.error());
    arguments a;
    CLI::App app("Runs tasks for a scheduler.", program);
    declare(app, a);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& e) {
      return app.exit(e);  // Help.
    } catch (const CLI::ParseError& e) {
      throw exception(
          {errc::bad_argument, std::string(e.what()) + "; see `" + program + " --help`"});
    }
    return work(make_plan(a, *request, register_tasks).value());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), e.what());
    return exit_unusable;
  }
}

}  // namespace troupe
