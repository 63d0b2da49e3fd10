#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include "actors/transport/security.hpp"
#include "actors/transport/session.hpp"

namespace troupe::transport {

/// Takes connections on all listening sockets of a process until their hello is done, in one thread
/// of its own: TLS, hello, refusal, each within network.handshake_timeout. A connection that was
/// accepted becomes a session; a peer that is silent or sends nonsense costs a place in a short
/// table and delays nobody.
class acceptor {
public:
  acceptor(caf::actor_system&, std::shared_ptr<const session_context>, security_policy);
  ~acceptor();

  /// Several sockets may have one number.
  void add(std::uint64_t number, bound_socket, caf::actor owner);
  void remove(std::uint64_t number);

private:
  using clock = std::chrono::steady_clock;

  struct door {
    bound_socket socket;
    caf::actor owner;
  };

  enum class stage : std::uint8_t { securing, reading, refusing, draining };

  struct handshake {
    socket_fd fd;
    channel io;
    std::string peer;
    caf::actor owner;
    clock::time_point deadline;
    stage at = stage::securing;
    short events = POLLIN;
    std::vector<std::byte> buffer = {};  ///< What has come, or is to be sent.
    std::size_t done = 0;
  };

  /// What to do with a handshake after a step.
  enum class verdict : std::uint8_t { keep, drop };

  void run();
  std::vector<pollfd> wanted(int& patience);
  void accept_all(const door&);
  void admit(int fd, const door&);
  verdict step(handshake&);
  verdict secure(handshake&);
  verdict read_hello(handshake&);
  verdict judge(handshake&);
  verdict refuse(handshake&, error why);
  verdict send_refusal(handshake&);
  verdict drain(handshake&);
  error wrong_hello(const hello&) const;
  void hand_over(handshake&, std::shared_ptr<const hello>);

  caf::actor_system& actors_;
  std::shared_ptr<const session_context> context_;
  security_policy security_;
  waker waker_;
  std::mutex mutex_;  ///< For doors_ and stopping_, which other threads change.
  std::multimap<std::uint64_t, std::shared_ptr<const door>> doors_;
  bool stopping_ = false;
  std::vector<std::shared_ptr<const door>> polled_doors_;
  std::list<handshake> handshakes_;  ///< Oldest first.
  clock::time_point rest_until_;     ///< No accept before: the process has too many files open.
  std::thread thread_;
};

}  // namespace troupe::transport
