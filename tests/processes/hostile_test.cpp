#include <arpa/inet.h>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <random>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <doctest/doctest.h>

#include "serialization/wire.hpp"
#include "tests/processes/support.hpp"

using namespace processes;
using std::chrono::seconds;

namespace {

std::uint16_t port_of(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  in >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::string framed(std::uint32_t words, std::uint16_t kind, const std::string& body) {
  troupe::wire::frame_header h{words, kind, 0};
  std::string all(sizeof h, '\0');
  std::memcpy(all.data(), &h, sizeof h);
  return all + body;
}

std::string noise(std::mt19937& random, std::size_t size) {
  std::string text(size, '\0');
  for (auto& c : text)
    c = static_cast<char>(random());
  return text;
}

/// A hello as an attacker with the secret, or without it, or of another version would say it.
std::string hello(std::uint16_t version, const std::string& token) {
  troupe::hello h;
  h.version = version;
  h.as = troupe::role::client;
  h.process[0] = 1;
  h.name = "stranger";
  h.token = token;
  const auto body = troupe::wire::encode(h);
  return framed(static_cast<std::uint32_t>(body.size() / 8), 1, std::string(body.text()));
}

std::string attack(std::mt19937& random) {
  const std::string secret = config(1).security.token;
  switch (random() % 8) {
    case 0:
      return noise(random, random() % 4096);
    case 1:
      return "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    case 2:
      return framed(0xFFFFFFFF, 1, noise(random, 64));
    case 3:
      return framed(16, 1, noise(random, 128));
    case 4:
      return hello(troupe::protocol_version, secret).substr(0, 1 + random() % 100);
    case 5:
      return hello(9999, secret);
    case 6:
      return hello(troupe::protocol_version, "a guess");
    default:
      // Inside: a good hello, and then nonsense in a frame of each kind.
      return hello(troupe::protocol_version, secret) +
             framed(8, static_cast<std::uint16_t>(random() % 12), noise(random, 64)) +
             framed(0x7FFFFFFF, 4, noise(random, 64));
  }
}

void attack_once(std::uint16_t port, std::mt19937& random) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0) {
    const auto bytes = attack(random);
    (void)!send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    // Half of them wait for an answer, so that both ends get to close first.
    if (random() % 2) {
      timeval limit{0, 20'000};
      setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      char answer[256];
      (void)!recv(fd, answer, sizeof answer, 0);
    }
  }
  close(fd);
}

}  // namespace

TEST_CASE("garbage on every port disturbs no work and takes no memory") {
  const char* wanted = std::getenv("TROUPE_HOSTILE_SECONDS");
  const seconds duration(wanted ? std::atoi(wanted) : 5);
  setenv("TROUPE_SECURITY__TOKEN", config(1).security.token.c_str(), 1);
  troupe::cluster cluster(config(2), register_tasks);
  auto client = cluster.connect();
  cluster.wait_for_workers(2, seconds(30));

  const auto status = run_troupe({"status", "--json", cluster.address()});
  REQUIRE(status.exit_code == 0);
  std::vector<std::uint16_t> ports{port_of(cluster.address())};
  std::vector<pid_t> pids{getpid()};
  const auto workers = nlohmann::json::parse(status.out).at("workers");
  for (const auto& w : workers) {
    ports.push_back(port_of(w.at("address").get<std::string>()));
    pids.push_back(w.at("pid").get<pid_t>());
  }
  REQUIRE(ports.size() == 3);

  std::atomic<bool> stop{false};
  std::atomic<int> attacks{0};
  std::thread attacker([&] {
    std::mt19937 random(7);
    while (!stop) {
      attack_once(ports[random() % ports.size()], random);
      ++attacks;
    }
  });
  std::vector<std::uint64_t> before;
  for (pid_t pid : pids)
    before.push_back(resident_bytes(pid));
  const auto end = std::chrono::steady_clock::now() + duration;
  bool right = true;
  std::int64_t rounds = 0;
  for (; right && std::chrono::steady_clock::now() < end; ++rounds) {
    std::vector<troupe::future<std::int64_t>> squares;
    for (std::int64_t i = 0; i < 100; ++i)
      squares.push_back(client.submit<&square>(i));
    right = client.submit<&sum>(squares).get() == 328350;
  }
  stop = true;
  attacker.join();

  CHECK(right);
  CHECK(rounds > 0);
  CHECK(attacks > 50);
  for (std::size_t i = 0; i < pids.size(); ++i) {
    CAPTURE(i);
    REQUIRE(alive(pids[i]));
    CHECK(resident_bytes(pids[i]) < before[i] + (std::uint64_t{128} << 20));
  }
  CHECK(run_troupe({"status", cluster.address()}).exit_code == 0);
}
