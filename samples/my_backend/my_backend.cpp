// A place of one's own: cluster.type = "my_backend" runs each worker of a cluster under `nice`, so
// that it leaves the machine to others.
//
// Built into libmy_backend.so, and named in the configuration (see my_backend.toml). Nothing else
// changes: every program that reads its configuration can use it.

#include <array>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <map>
#include <memory>
#include <signal.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <troupe/backend.hpp>
#include <troupe/plugin.hpp>
#include <troupe/settings.hpp>

namespace {

class nice_place final : public troupe::backend {
public:
  explicit nice_place(int niceness) : niceness_(std::to_string(niceness)) {
    // Only we have the writing end: when this process ends, the workers read the end of the pipe.
    if (pipe2(lifeline_.data(), O_CLOEXEC) != 0) lifeline_ = {-1, -1};
  }

  ~nice_place() override {
    for (const auto& [id, one] : workers_)
      kill(one.pid, SIGTERM);
    for (const auto& [id, one] : workers_)
      waitpid(one.pid, nullptr, 0);
    for (const int end : lifeline_)
      close(end);
  }

  troupe::result<std::vector<troupe::launch_id>> launch(
      const troupe::launch_order& order) override {
    if (order.workers != 1)
      return troupe::error{troupe::errc::bad_config, "here a launch is one worker"};
    std::vector<troupe::launch_id> ids;
    for (std::uint32_t i = 0; i < order.count; ++i) {
      auto id = start(order, order.first + i);
      if (!id && ids.empty()) return id.error();
      if (!id) break;
      ids.push_back(*id);
    }
    return ids;
  }

  troupe::result<void> retire(const std::vector<troupe::launch_id>& ids) override {
    for (const auto& id : ids)
      if (auto found = workers_.find(id); found != workers_.end()) kill(found->second.pid, SIGTERM);
    return {};
  }

  troupe::result<std::vector<troupe::launch_status>> survey() override {
    std::vector<troupe::launch_status> all;
    for (auto at = workers_.begin(); at != workers_.end();) {
      troupe::launch_status seen;
      seen.id = at->first;
      seen.launch = at->second.launch;
      int status = 0;
      const bool gone = waitpid(at->second.pid, &status, WNOHANG) != 0;
      seen.at = gone ? troupe::launch_status::phase::gone : troupe::launch_status::phase::running;
      if (gone) seen.detail = "wait status " + std::to_string(status);
      seen.in_order = gone && status == 0;
      at = gone ? workers_.erase(at) : std::next(at);
      all.push_back(std::move(seen));
    }
    return all;
  }

  troupe::result<std::string> preview(const troupe::launch_order& order) override {
    std::string text;
    for (const auto& word : arguments(order))
      text += word + " ";
    return text + "(" + std::to_string(order.count) + " times)\n";
  }

private:
  struct worker {
    pid_t pid = 0;
    std::uint64_t launch = 0;
  };

  std::vector<std::string> arguments(const troupe::launch_order& order) const {
    std::vector<std::string> words{"nice", "-n", niceness_};
    words.insert(words.end(), order.command.begin(), order.command.end());
    return words;
  }

  troupe::result<troupe::launch_id> start(const troupe::launch_order& order, std::uint64_t launch) {
    auto words = arguments(order);
    auto variables = order.identity(launch, 0);
    variables.insert(order.environment.begin(), order.environment.end());
    variables["TROUPE_LIFELINE_FD"] = "3";
    std::vector<std::string> environment;
    for (char** line = environ; *line; ++line)
      if (!variables.contains(std::string(*line, strcspn(*line, "="))))
        environment.push_back(*line);
    for (const auto& [name, content] : variables)
      environment.push_back(name + "=" + content);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, lifeline_[0], 3);
    // A process group of its own: Ctrl-C is for the owner, who then ends the workers.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    pid_t pid = 0;
    const int failed = posix_spawnp(&pid, "nice", &files, &attributes, pointers(words).data(),
                                    pointers(environment).data());
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (failed != 0)
      return troupe::error{troupe::errc::system,
                           std::string("cannot run `nice`: ") + std::strerror(failed)};
    const auto id = std::to_string(pid);
    workers_[id] = {pid, launch};
    return id;
  }

  static std::vector<char*> pointers(std::vector<std::string>& from) {
    std::vector<char*> all;
    for (auto& text : from)
      all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  }

  std::string niceness_;
  std::array<int, 2> lifeline_{};
  std::map<troupe::launch_id, worker> workers_;
};

troupe::result<std::unique_ptr<troupe::backend>> make(troupe::settings& section,
                                                      const troupe::services& given) {
  const auto niceness = static_cast<int>(section.integer("niceness", 10, 0, 19));
  given.log("workers run with niceness " + std::to_string(niceness));
  return std::unique_ptr<troupe::backend>(std::make_unique<nice_place>(niceness));
}

}  // namespace

void troupe_register_backends(troupe::backend_registry& kinds) {
  kinds.add({"my_backend", make});
}
