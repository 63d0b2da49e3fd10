#include <array>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/mman.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "actors/transport/addresses.hpp"
#include "serialization/memory_pool.hpp"
#include "tests/transport/support.hpp"

namespace troupe::test {

using wire::frame_kind;

namespace {

constexpr std::size_t size = std::size_t{1} << 20;

way by_unix(const temporary_folder& folder) {
  return {"unix", "unix://" + folder / "s.sock", quiet_config(), quiet_config()};
}

bytes in_a_file(int with) {
  auto memory = process_memory().take(size);
  std::memset(memory.get(), with, size);
  const std::span<const std::byte> view(memory.get(), size);
  return {std::move(memory), view};
}

transport::socket_fd file_of(std::size_t length, int seals) {
  transport::socket_fd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(::ftruncate(fd.get(), static_cast<off_t>(length)) == 0);
  const std::vector<char> content(length, 'x');
  REQUIRE(::pwrite(fd.get(), content.data(), length, 0) == static_cast<ssize_t>(length));
  REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, seals) == 0);
  return fd;
}

constexpr int good_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

std::vector<std::byte> value_file(wire::file_prefix prefix) {
  return frame_bytes(frame_kind::value_file, bytes::copy(std::as_bytes(std::span(&prefix, 1))));
}

std::size_t open_files() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Sends bytes with so many copies of a file.
void send_with(int socket, std::span<const std::byte> data, int file, std::size_t copies) {
  std::vector<int> files(copies, file);
  std::vector<char> control(CMSG_SPACE(copies * sizeof(int)));
  iovec part{const_cast<std::byte*>(data.data()), data.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  auto* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(copies * sizeof(int));
  std::memcpy(CMSG_DATA(head), files.data(), copies * sizeof(int));
  REQUIRE(::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(data.size()));
}

}  // namespace

TEST_CASE("over a Unix socket a large value arrives without being copied") {
  temporary_folder folder;
  pair two(by_unix(folder));
  const auto before = process_memory().inspect();
  const auto large = in_a_file(3);
  for (int i = 0; i < 100; ++i)
    send(two.to_server, transport::send_value{{5}, large, i % 2 == 0});
  for (int i = 0; i < 100; ++i) {
    auto got = two.at_server.events->next<got_value>();
    CHECK(got.content == large);
    CHECK(got.store == (i % 2 == 0));
  }
  const auto after = process_memory().inspect();
  CHECK(after.shared - before.shared == 100);
  CHECK(after.mapped - before.mapped == 100);
}

TEST_CASE("a value that came in a file goes on in it") {
  temporary_folder folder;
  pair two(by_unix(folder));
  const auto large = in_a_file(4);
  send(two.to_server, transport::send_value{{5}, large, false});
  auto got = two.at_server.events->next<got_value>();
  const auto before = process_memory().inspect();
  send(two.to_client, transport::send_value{{5}, got.content, false});
  CHECK(two.at_client.events->next<got_value>().content == large);
  CHECK(process_memory().inspect().shared == before.shared + 1);
  CHECK(process_memory().inspect().mapped == before.mapped + 1);
}

TEST_CASE("who listens on a TCP address is reached without TCP from the same machine") {
  temporary_folder folder;
  const auto large = in_a_file(5);
  const auto copied = [&](const way& by) {
    pair two(by);
    const auto before = process_memory().inspect().mapped;
    send(two.to_server, transport::send_value{{5}, large, false});
    CHECK(two.at_server.events->next<got_value>().content == large);
    return process_memory().inspect().mapped == before;
  };
  way by{"tcp", "tcp://127.0.0.1:0", quiet_config(), quiet_config()};
  CHECK_FALSE(copied(by));
  by.listen = "tcp://localhost:0";
  CHECK_FALSE(copied(by));
  by.client.network.local_sockets = false;
  CHECK(copied(by));
  by.client.network.local_sockets = true;
  by.server.network.local_sockets = false;
  CHECK(copied(by));
}

TEST_CASE("where all connections are to be by TLS, all are") {
  temporary_folder folder;
  const auto large = in_a_file(6);
  for (auto& by : all_ways(folder)) {
    if (!by.secure()) continue;
    pair two(by);
    const auto before = process_memory().inspect().mapped;
    send(two.to_server, transport::send_value{{5}, large, false});
    CHECK(two.at_server.events->next<got_value>().content == large);
    CHECK(process_memory().inspect().mapped == before);
  }
}

TEST_CASE("a name that somebody else has taken is not used") {
  temporary_folder folder;
  runtime::node server(quiet_config());
  auto at_server = spawn_recorder(server);
  auto probe = server.net().listen("tcp://127.0.0.1:0", at_server.actor);
  REQUIRE(probe.has_value());
  CHECK_FALSE(static_cast<bool>(transport::listen_on_twin(probe->address).fd));
  server.net().close(*probe);
  // The end of the socket is the end of its name, in the acceptor's time.
  const auto until = std::chrono::steady_clock::now() + patience;
  transport::bound_socket taken;
  while (!taken.fd && std::chrono::steady_clock::now() < until)
    taken = transport::listen_on_twin(probe->address);
  REQUIRE(static_cast<bool>(taken.fd));
  auto again = server.net().listen(probe->address, at_server.actor);
  CHECK(again.has_value());
}

TEST_CASE("a congestion control that there is not is an error that says what there is") {
  auto options = quiet_config();
  options.network.congestion = "telepathy";
  runtime::node server(options);
  auto at_server = spawn_recorder(server);
  auto made = server.net().listen("tcp://127.0.0.1:0", at_server.actor);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().message.find("network.congestion") != std::string::npos);
  CHECK(made.error().message.find("reno") != std::string::npos);
  server.net().connect(1, "tcp://127.0.0.1:9", hello_as(role::client), at_server.actor);
  auto failed = at_server.events->next<transport::connect_failed>();
  CHECK(failed.why.message.find("telepathy") != std::string::npos);
}

TEST_CASE("a file that could do harm ends its connection, and none stays open") {
  temporary_folder folder;
  auto by = by_unix(folder);
  runtime::node server(by.server);
  auto at_server = spawn_recorder(server);
  auto listening = server.net().listen(by.listen, at_server.actor);
  REQUIRE(listening.has_value());
  const auto good = file_of(size, good_seals);
  const auto unsealed = file_of(size, 0);
  const transport::socket_fd devnull(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  struct attack {
    std::vector<std::byte> data;
    int file;
    std::size_t copies;
  };
  std::vector<attack> attacks{
      {value_file({1, size, 0}), unsealed.get(), 1},
      {value_file({1, size + 1, 0}), good.get(), 1},
      {value_file({1, size, 4096}), good.get(), 1},
      {value_file({1, ~std::uint64_t{0}, 0}), good.get(), 1},
      {value_file({1, size, 0}), good.get(), 17},
      {frame_bytes(frame_kind::value_file, body_of("short")), good.get(), 1},
      {value_file({1, size, 0}), devnull.get(), 1},
  };
  std::size_t files = 0;
  for (std::size_t i = 0; i <= attacks.size(); ++i) {
    CAPTURE(i);
    {
      raw_peer peer(listening->address, by.client.security, false);
      peer.introduce(by.client, role::worker);
      const auto link = at_server.events->next<got_accepted>().from;
      if (i == attacks.size()) {
        REQUIRE(peer.write(value_file({1, size, 0})));  // Without a file.
      } else {
        send_with(peer.fd(), attacks[i].data, attacks[i].file, attacks[i].copies);
      }
      at_server.events->next<transport::link_failed>();
      CHECK(at_server.events->next<got_gone>().who == link.actor.address());
      CHECK_FALSE(peer.read_message().has_value());
    }
    if (i == 0) files = open_files();
  }
  // The first connection may still be on its way out when its files are counted.
  CHECK(open_files() <= files + 1);
}

TEST_CASE("files without a frame are an end, not a store") {
  temporary_folder folder;
  auto by = by_unix(folder);
  runtime::node server(by.server);
  auto at_server = spawn_recorder(server);
  auto listening = server.net().listen(by.listen, at_server.actor);
  REQUIRE(listening.has_value());
  raw_peer peer(listening->address, by.client.security, false);
  peer.introduce(by.client, role::worker);
  at_server.events->next<got_accepted>();
  const auto good = file_of(size, good_seals);
  const auto beat = frame_bytes(frame_kind::heartbeat, {});
  const auto before = open_files();
  for (int i = 0; i < 5; ++i)
    send_with(peer.fd(), beat, good.get(), 16);
  at_server.events->next<transport::link_failed>();
  at_server.events->next<got_gone>();
  CHECK_FALSE(peer.read_message().has_value());
  CHECK(open_files() <= before);
}

TEST_CASE("over TCP and TLS no value comes in a file") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    if (std::string(by.name) == "unix") continue;
    CAPTURE(by.name);
    runtime::node server(by.server);
    auto at_server = spawn_recorder(server);
    auto listening = server.net().listen(by.listen, at_server.actor);
    REQUIRE(listening.has_value());
    raw_peer peer(listening->address, by.client.security, by.secure());
    peer.introduce(by.client, role::worker);
    at_server.events->next<got_accepted>();
    REQUIRE(peer.write(value_file({1, size, 0})));
    CHECK(at_server.events->next<transport::link_failed>().why.code == errc::bad_bytes);
  }
}

}  // namespace troupe::test
