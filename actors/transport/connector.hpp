#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include "actors/transport/security.hpp"
#include "actors/transport/session.hpp"

namespace troupe::transport {

/// Makes connections, in one thread of its own: each goes through name, socket, TLS, hello and the
/// peer's answer within network.connect_timeout, and none waits for another. Names that the network
/// must be asked for are asked in short-lived threads, a few at a time, because nothing can stop
/// such a question.
class connector {
public:
  connector(caf::actor_system&, std::shared_ptr<const session_context>, security_policy);
  ~connector();

  void add(std::uint64_t request, address, hello who, caf::actor owner);

private:
  using clock = std::chrono::steady_clock;

  enum class stage : std::uint8_t { naming, connecting, securing, greeting, listening };

  struct attempt {
    std::uint64_t request = 0;
    address where;
    hello who;
    caf::actor owner;
    clock::time_point deadline;
    stage at = stage::naming;
    std::deque<socket_name> names = {};  ///< Still to be tried.
    socket_fd fd = {};
    channel io = {};
    short events = 0;
    std::optional<clock::time_point> give_up_name = {};  ///< Then the next name is tried.
    std::optional<clock::time_point> retry = {};         ///< The accepting end's queue is full.
    std::vector<std::byte> buffer = {};
    std::size_t done = 0;
    error last = {};
  };

  struct answer {
    std::uint64_t attempt = 0;
    result<std::vector<socket_name>> names;
  };

  /// What the threads that ask for names use; outlives the connector if a question does.
  struct name_board {
    std::mutex mutex;
    waker wake;
    std::vector<answer> answers;
    unsigned asking = 0;
    std::deque<std::pair<std::uint64_t, tcp_address>> waiting;
  };

  /// What became of an attempt after a step.
  enum class verdict : std::uint8_t { keep, drop };

  void run();
  std::vector<pollfd> wanted(int& patience) const;
  void take_new();
  void take_answers();
  void start(attempt);
  static void ask(const std::shared_ptr<name_board>&, std::uint64_t attempt, tcp_address);
  verdict timed(attempt&, clock::time_point now);
  verdict step(attempt&);
  verdict try_next(attempt&);
  verdict open(attempt&, const socket_name&);
  verdict finish_connect(attempt&);
  verdict begin(attempt&);
  verdict secure(attempt&);
  verdict send_hello(attempt&);
  verdict listen(attempt&);
  verdict hand_over(attempt&);
  verdict wait_for(attempt&, io_state);
  verdict fail(attempt&, error);
  error no_answer(const attempt&) const;

  caf::actor_system& actors_;
  std::shared_ptr<const session_context> context_;
  security_policy security_;
  std::mutex mutex_;  ///< For new_ and stopping_.
  std::vector<attempt> new_;
  bool stopping_ = false;
  std::shared_ptr<name_board> board_ = std::make_shared<name_board>();
  std::list<std::pair<std::uint64_t, attempt>> attempts_;
  std::uint64_t last_ = 0;
  std::thread thread_;
};

}  // namespace troupe::transport
