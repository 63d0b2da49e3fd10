// What is left of a task system if it does nothing: the bounds of this machine, by the contract of
// README.md, for the same run as the systems that are compared.
//
//   --mode relay, relay-unix    roundtrip {n}, map_noop {n}: 64-byte messages from a client through
//                               a relay to one of two workers and back, all of them processes
//   --mode tcp, tcp-fresh,      gather_big, scatter_big, transfer_ww {bytes}: one process writes,
//          unix, memfd          another reads into memory that it had before, or that is new; or
//                               maps memory that it is handed, and reads a byte of every page

#include "bench/limits.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iostream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench::limits {

void need(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

using ends = std::array<int, 2>;

std::array<int, 2> connected_pair(bool tcp) {
  std::array<int, 2> s{};
  if (!tcp) {
    need(socketpair(AF_UNIX, SOCK_STREAM, 0, s.data()) == 0, "socketpair");
    return s;
  }
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  need(bind(listener, any, size) == 0 && listen(listener, 1) == 0, "listen");
  need(getsockname(listener, any, &size) == 0, "getsockname");
  s[0] = socket(AF_INET, SOCK_STREAM, 0);
  need(connect(s[0], any, size) == 0, "connect");
  s[1] = accept(listener, nullptr, nullptr);
  need(s[1] >= 0, "accept");
  close(listener);
  const int on = 1;
  for (const int fd : s)
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return s;
}

void write_all(int fd, const void* from, std::size_t size) {
  const auto* at = static_cast<const char*>(from);
  while (size > 0) {
    const auto n = write(fd, at, size);
    need(n > 0, "write");
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

bool read_all(int fd, void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const auto n = read(fd, at, std::min(size, chunk_size));
    if (n <= 0) return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

forked::forked(const std::function<void()>& f) : id_(fork()) {
  need(id_ >= 0, "fork");
  if (id_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    f();
  } catch (const std::exception&) {
    _exit(1);
  }
  _exit(0);
}

forked::~forked() {
  kill(id_, SIGKILL);
  waitpid(id_, nullptr, 0);
}

}  // namespace bench::limits

namespace {

using namespace bench::limits;

bench::measurement run(const std::string& scenario, const std::string& mode,
                       const nlohmann::json& p) {
  const bool tasks = mode == "relay" || mode == "relay-unix";
  if (tasks && scenario == "roundtrip") return relay_roundtrip(mode == "relay", p);
  if (tasks && scenario == "map_noop") return relay_map_noop(mode == "relay", p);
  if (!tasks &&
      (scenario == "gather_big" || scenario == "scatter_big" || scenario == "transfer_ww"))
    return move_bytes(mode, p);
  throw std::runtime_error(scenario + " has no limit '" + mode + "'");
}

}  // namespace

int main(int argc, char** argv) try {
  std::string scenario, params = "{}", mode, out;
  int reps = 1;
  CLI::App app("The limits of this machine");
  app.add_option("--scenario", scenario)->required();
  app.add_option("--params", params);
  app.add_option("--mode", mode)
      ->required()
      ->check(CLI::IsMember({"relay", "relay-unix", "tcp", "tcp-fresh", "unix", "memfd"}));
  app.add_option("--reps", reps);
  app.add_option("--out", out);
  CLI11_PARSE(app, argc, argv);
  const auto p = nlohmann::json::parse(params);
  for (int rep = 0; rep < reps; ++rep) {
    const auto found = run(scenario, mode, p);
    const nlohmann::json line{{"peer", "limit"},      {"mode", mode}, {"rep", rep},
                              {"scenario", scenario}, {"params", p},  {"metrics", found.values},
                              {"noise", found.noise}};
    std::cout << line.dump() << std::endl;
    if (!out.empty()) std::ofstream(out, std::ios::app) << line.dump() << "\n";
  }
  return 0;
} catch (const std::exception& e) {
  std::cerr << "limits: " << e.what() << "\n";
  return 1;
}
