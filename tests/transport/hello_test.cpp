#include <algorithm>
#include <random>
#include <sys/stat.h>

#include <doctest/doctest.h>

#include "actors/transport/addresses.hpp"
#include "actors/transport/hello_frames.hpp"
#include "tests/transport/support.hpp"

namespace troupe::test {

using wire::frame_kind;

namespace {

struct open_server {
  explicit open_server(const way& by) : node(by.server), owner(spawn_recorder(node)) {
    auto opened = node.net().listen(by.listen, owner.actor);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    address = opened->address;
  }

  runtime::node node;
  recorder owner;
  std::string address;
};

/// What a client hears that tries to connect.
error refusal(const config& options, const std::string& address, role as = role::client) {
  runtime::node node(options);
  auto owner = spawn_recorder(node);
  node.net().connect(1, address, hello_as(as), owner.actor);
  return owner.events->next<transport::connect_failed>().why;
}

/// What a peer of our making is told before it is thrown out.
error told(raw_peer& peer) {
  auto answer = peer.read();
  REQUIRE(answer.has_value());
  REQUIRE(answer->header.kind == static_cast<std::uint16_t>(frame_kind::refusal));
  CHECK_FALSE(peer.read().has_value());
  return wire::decode_refusal(answer->body);
}

bool says(const error& why, const std::string& words) {
  INFO(why.message);
  CHECK(why.message.find(words) != std::string::npos);
  return true;
}

}  // namespace

TEST_CASE("the owner of a listener hears who connected, but not the token") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    open_server server(by);
    runtime::node client(by.client);
    auto owner = spawn_recorder(client);
    auto who = hello_as(role::worker);
    who.address = "tcp://10.0.0.7:1";
    who.resources = {{"gpu", 2}};
    who.tasks = {{"add", "(i32) -> i32"}};
    client.net().connect(1, server.address, who, owner.actor);
    CHECK(server.owner.events->next<got_accepted>().who == who);
    owner.events->next<transport::connected>();
  }
}

TEST_CASE("another token is refused, and the answer says where tokens come from") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    open_server server(by);
    auto stranger = by.client;
    stranger.security.token = "open barley";
    auto why = refusal(stranger, server.address);
    CHECK(why.code == errc::refused);
    says(why, "token");
    says(why, server.address);
    CHECK(server.owner.events->empty());
  }
}

TEST_CASE("another protocol version is refused, with both releases") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    open_server server(by);
    raw_peer peer(server.address, by.client.security, by.secure());
    auto who = hello_as(role::worker);
    who.token = by.client.security.token;
    who.version = protocol_version + 1;
    who.release = "77.1";
    REQUIRE(peer.write(transport::hello_frame(who)));
    auto why = told(peer);
    CHECK(why.code == errc::refused);
    says(why, "77.1");
    CHECK(server.owner.events->empty());
  }
}

TEST_CASE("nobody connects as a scheduler") {
  temporary_folder folder;
  auto by = all_ways(folder).front();
  open_server server(by);
  CHECK(refusal(by.client, server.address, role::scheduler).code == errc::refused);
}

TEST_CASE("what is no hello is refused, whatever it is") {
  temporary_folder folder;
  auto hello_kind = static_cast<std::uint16_t>(frame_kind::hello);
  std::string zeros(64, '\0');
  std::string web = "GET / HTTP/1.1\r\n\r\n";
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    open_server server(by);
    auto tell = [&](std::span<const std::byte> what) {
      raw_peer peer(server.address, by.client.security, by.secure());
      REQUIRE(peer.write(what));
      return told(peer);
    };
    CHECK(tell(std::as_bytes(std::span(web))).code == errc::bad_bytes);
    CHECK(tell(std::as_bytes(std::span(zeros))).code == errc::bad_bytes);
    CHECK(tell(header_bytes({4, hello_kind, 1})).code == errc::bad_bytes);
    CHECK(tell(header_bytes({0xFFFFFFFF, hello_kind, 0})).code == errc::bad_bytes);
    CHECK(tell(frame_bytes(frame_kind::hello, bytes::copy(zeros))).code != errc::ok);
    CHECK(server.owner.events->empty());
  }
}

TEST_CASE("silent connections are closed at the deadline and keep nobody waiting") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    by.server.network.handshake_timeout = std::chrono::milliseconds(700);
    open_server server(by);
    std::vector<std::unique_ptr<raw_peer>> silent;
    for (int i = 0; i < 20; ++i)
      silent.push_back(std::make_unique<raw_peer>(server.address, by.client.security, false));
    // Half a header is as good as silence.
    REQUIRE(silent.front()->write("\x01\x02"));
    runtime::node client(by.client);
    auto owner = spawn_recorder(client);
    client.net().connect(1, server.address, hello_as(role::client), owner.actor);
    owner.events->next<transport::connected>();
    for (auto& one : silent)
      CHECK_FALSE(one->read().has_value());
  }
}

TEST_CASE("of too many unfinished hellos the oldest gives way") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    by.server.network.handshakes_max = 4;
    by.server.network.handshake_timeout = std::chrono::minutes(10);
    open_server server(by);
    std::vector<std::unique_ptr<raw_peer>> silent;
    for (int i = 0; i < 5; ++i)
      silent.push_back(std::make_unique<raw_peer>(server.address, by.client.security, false));
    CHECK_FALSE(silent.front()->read().has_value());
    runtime::node client(by.client);
    auto owner = spawn_recorder(client);
    client.net().connect(1, server.address, hello_as(role::client), owner.actor);
    owner.events->next<transport::connected>();
  }
}

TEST_CASE("beyond network.connections_max nobody gets in") {
  temporary_folder folder;
  auto by = all_ways(folder).front();
  by.server.network.connections_max = 1;
  open_server server(by);
  raw_peer first(server.address, by.client.security, false);
  first.introduce(by.client, role::client);
  auto why = refusal(by.client, server.address);
  CHECK(why.code == errc::resource);
  says(why, "network.connections_max");
}

TEST_CASE("hundreds of hostile connections do not disturb a good link") {
  temporary_folder folder;
  std::mt19937 random(1);
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    pair two(by);
    for (int i = 0; i < 300; ++i) {
      raw_peer hostile(two.listening.address, by.client.security, false);
      std::vector<std::byte> noise(random() % 4000);
      std::generate(noise.begin(), noise.end(), [&] { return static_cast<std::byte>(random()); });
      hostile.write(noise);
      auto text = body_of(std::to_string(i));
      send(two.to_server, {frame_kind::worker_messages, text, nullptr});
      CHECK(two.at_server.events->next<got_frame>().body == text);
    }
    CHECK(two.at_server.events->empty());
  }
}

TEST_CASE("the reason of a failed connection says what to do") {
  temporary_folder folder;
  auto options = quiet_config();
  options.network.connect_timeout = std::chrono::milliseconds(300);
  std::string gone;
  {
    open_server server(all_ways(folder).front());
    gone = server.address;
  }
  says(refusal(options, gone), "nobody listens");
  says(refusal(options, "unix://" + folder / "none.sock"), "nobody listens");
  says(refusal(options, "tcp://no.such.host.invalid:1"), "no.such.host.invalid");
  says(refusal(options, "http://x"), "expected tcp://HOST:PORT");
  says(refusal(options, "local://99"), "in this process");
  // Something that takes connections and says nothing.
  auto mute = transport::bind_and_listen(transport::tcp_address{"127.0.0.1", 0});
  REQUIRE(mute.has_value());
  auto why = refusal(options, mute->address);
  CHECK(why.code == errc::timeout);
  says(why, "does not speak");
}

TEST_CASE("many connections are made at once, and a dead address delays none of them") {
  temporary_folder folder;
  auto by = all_ways(folder).front();
  open_server server(by);
  auto mute = transport::bind_and_listen(transport::tcp_address{"127.0.0.1", 0});
  REQUIRE(mute.has_value());
  by.client.network.connect_timeout = std::chrono::minutes(10);
  runtime::node client(by.client);
  auto owner = spawn_recorder(client);
  for (std::uint64_t i = 0; i < 50; ++i) {
    client.net().connect(1000 + i, mute->address, hello_as(role::client), owner.actor);
    client.net().connect(i, server.address, hello_as(role::client), owner.actor);
  }
  for (int i = 0; i < 50; ++i)
    CHECK(owner.events->next<transport::connected>().request < 1000);
}

TEST_CASE("a socket file of a dead process is replaced, that of a live one is not") {
  temporary_folder folder;
  auto by = all_ways(folder).back();
  open_server server(by);

  struct stat found {};

  REQUIRE(::stat((folder / "s.sock").c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  auto second = server.node.net().listen(by.listen, server.owner.actor);
  REQUIRE_FALSE(second.has_value());
  says(second.error(), "live process");
  {
    // Bound and closed, but not removed.
    auto stale = transport::bind_and_listen(transport::unix_address{folder / "stale.sock"});
    REQUIRE(stale.has_value());
  }
  CHECK(
      server.node.net().listen("unix://" + folder / "stale.sock", server.owner.actor).has_value());
}

TEST_CASE("a closed listener takes no more connections and keeps those it has") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    pair two(by);
    two.server.net().close(two.listening);
    says(refusal(by.client, two.listening.address), "nobody listens");
    send(two.to_server, {frame_kind::worker_messages, body_of("still here"), nullptr});
    CHECK(two.at_server.events->next<got_frame>().body == body_of("still here"));
  }
}

}  // namespace troupe::test
