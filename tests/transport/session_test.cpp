#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include <doctest/doctest.h>

#include "actors/transport/hello_frames.hpp"
#include "tests/transport/support.hpp"

namespace troupe::test {

using wire::frame_kind;

namespace {

bytes pattern(std::size_t size) {
  std::vector<std::byte> made(size);
  for (std::size_t i = 0; i < size; ++i)
    made[i] = static_cast<std::byte>(i * 2654435761u >> 13);
  return bytes::adopt(std::move(made));
}

/// Every way with these network options on the server's side.
std::vector<way> all_ways(const temporary_folder& folder, const network_options& options) {
  auto ways = test::all_ways(folder);
  for (auto& one : ways)
    one.server.network = options;
  return ways;
}

/// A server that a raw peer has introduced itself to.
struct raw_pair {
  raw_pair(const way& by, role as, reaction react = nullptr)
      : server(by.server), at_server(spawn_recorder(server, std::move(react))) {
    auto opened = server.net().listen(by.listen, at_server.actor);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    peer.emplace(opened->address, by.client.security, by.secure());
    peer->introduce(by.client, as);
    to_peer = at_server.events->next<got_accepted>().from;
  }

  runtime::node server;
  recorder at_server;
  std::optional<raw_peer> peer;
  transport::link to_peer;
};

}  // namespace

TEST_CASE("frames arrive both ways and in order") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    pair two(by);
    for (int i = 0; i < 1000; ++i) {
      send(two.to_server, {frame_kind::worker_messages, body_of(std::to_string(i)), nullptr});
      send(two.to_client, {frame_kind::worker_orders, body_of(std::to_string(-i)), nullptr});
    }
    for (int i = 0; i < 1000; ++i) {
      auto up = two.at_server.events->next<got_frame>();
      auto down = two.at_client.events->next<got_frame>();
      CHECK(up.kind == frame_kind::worker_messages);
      CHECK(up.body == body_of(std::to_string(i)));
      CHECK(up.from == two.to_client.actor.address());
      CHECK(down.kind == frame_kind::worker_orders);
      CHECK(down.body == body_of(std::to_string(-i)));
      CHECK(reinterpret_cast<std::uintptr_t>(up.body.data()) % 8 == 0);
    }
  }
}

TEST_CASE("a message overtakes a large value, and the value arrives whole") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    pair two(by);
    auto large = pattern((std::size_t{64} << 20) + 13);
    auto small = pattern(100);
    send(two.to_server, transport::send_value{{5}, large, false});
    send(two.to_server, transport::send_value{{6}, small, true});
    send(two.to_server, transport::send_value{{7}, {}, false});
    send(two.to_server, {frame_kind::data_messages, body_of("ping"), nullptr});
    CHECK(two.at_server.events->next<got_frame>().body == body_of("ping"));
    auto first = two.at_server.events->next<got_value>();
    CHECK(first.task == task_id{5});
    CHECK(first.content == large);
    CHECK_FALSE(first.store);
    auto second = two.at_server.events->next<got_value>();
    CHECK(second.content == small);
    CHECK(second.store);
    auto third = two.at_server.events->next<got_value>();
    CHECK(third.task == task_id{7});
    CHECK(third.content.empty());
  }
}

TEST_CASE("the end of a peer's process is noticed") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    raw_pair two(by, role::worker);
    two.peer.reset();
    CHECK(two.at_server.events->next<got_gone>().who == two.to_peer.actor.address());
  }
}

TEST_CASE("a link that we close sends what waits, and ends at both sides") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    pair two(by);
    send(two.to_client, {frame_kind::worker_orders, body_of("last words"), nullptr});
    transport::close(two.to_client);
    CHECK(two.at_client.events->next<got_frame>().body == body_of("last words"));
    CHECK(two.at_client.events->next<got_gone>().who == two.to_server.actor.address());
    CHECK(two.at_server.events->next<got_gone>().who == two.to_client.actor.address());
  }
}

TEST_CASE("when the owner ends, so do its links") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    pair two(by);
    runtime::stop(two.at_server.actor);
    CHECK(two.at_client.events->next<got_gone>().who == two.to_server.actor.address());
  }
}

TEST_CASE("a frame that breaks the rules ends the link and nothing else") {
  temporary_folder folder;
  network_options small;
  small.frame_max = 1 << 16;
  small.value_max = 1 << 20;
  auto kind = [](frame_kind k) { return static_cast<std::uint16_t>(k); };
  std::vector<std::vector<std::byte>> bad{
      header_bytes({1 << 13 | 1, kind(frame_kind::worker_messages), 0}),  // Too large.
      header_bytes({0xFFFFFFFF, kind(frame_kind::value_chunk), 0}),
      header_bytes({1, 77, 0}),  // Unknown.
      header_bytes({1, 0, 0}),
      header_bytes({1, kind(frame_kind::client_messages), 0}),  // Not of this role.
      header_bytes({1, kind(frame_kind::hello), 0}),            // Said already.
      header_bytes({1, kind(frame_kind::refusal), 0}),          // Not his to say.
      header_bytes({1, kind(frame_kind::heartbeat), 0}),        // Has no body.
      header_bytes({0, kind(frame_kind::worker_messages), 0}),  // Has one.
      header_bytes({1, kind(frame_kind::worker_messages), 1}),  // Unknown flag.
      header_bytes({3, kind(frame_kind::value_chunk), 0}),      // No room for a prefix.
  };
  for (auto& by : all_ways(folder, small)) {
    CAPTURE(by.name);
    for (auto& frame : bad) {
      raw_pair two(by, role::worker);
      REQUIRE(two.peer->write(frame_bytes(frame_kind::worker_messages, body_of("good"))));
      CHECK(two.at_server.events->next<got_frame>().body == body_of("good"));
      REQUIRE(two.peer->write(frame));
      CHECK(two.at_server.events->next<transport::link_failed>().why.code == errc::bad_bytes);
      CHECK(two.at_server.events->next<got_gone>().who == two.to_peer.actor.address());
      CHECK_FALSE(two.peer->read_message().has_value());
    }
  }
}

TEST_CASE("a frame that is cut off by the end of the connection is not delivered") {
  temporary_folder folder;
  for (auto& by : all_ways(folder)) {
    CAPTURE(by.name);
    raw_pair two(by, role::worker);
    auto frame = frame_bytes(frame_kind::worker_messages, body_of(std::string(1000, 'x')));
    REQUIRE(two.peer->write(std::span(frame).first(500)));
    two.peer.reset();
    two.at_server.events->next<got_gone>();
    CHECK(two.at_server.events->empty());
  }
}

TEST_CASE("a peer that falls silent is given up, one that sends heartbeats is not") {
  temporary_folder folder;
  network_options impatient;
  impatient.heartbeat_interval = std::chrono::milliseconds(20);
  impatient.silence_max = std::chrono::milliseconds(500);
  raw_pair two(all_ways(folder, impatient).front(), role::worker);
  // So many heartbeats take longer than silence_max.
  for (int i = 0; i < 30; ++i) {
    auto beat = two.peer->read();
    REQUIRE(beat.has_value());
    CHECK(beat->header.kind == static_cast<std::uint16_t>(frame_kind::heartbeat));
    REQUIRE(two.peer->write(frame_bytes(frame_kind::heartbeat, {})));
  }
  CHECK(two.at_server.events->empty());
  CHECK(two.at_server.events->next<transport::link_failed>().why.code == errc::timeout);
  two.at_server.events->next<got_gone>();
}

TEST_CASE("a busy owner stops its peer, and gets everything once it has time") {
  temporary_folder folder;
  std::promise<void> idle;
  auto blocked = [wait = idle.get_future().share()](auto&&...) { wait.wait(); };
  auto by = all_ways(folder).front();
  raw_pair two(by, role::worker, blocked);
  auto frame = frame_bytes(frame_kind::worker_messages, body_of(std::string(64 << 10, 'x')));
  constexpr std::size_t frames_max = 2000;  // 128 MB.
  auto sent = two.peer->write_until_stuck(frame, frames_max);
  CHECK(sent < frames_max / 3);
  idle.set_value();
  REQUIRE(two.peer->write_rest());
  REQUIRE(two.peer->write(frame_bytes(frame_kind::worker_messages, body_of("the end"))));
  std::size_t arrived = 0;
  while (two.at_server.events->next<got_frame>().body != body_of("the end"))
    ++arrived;
  CHECK(arrived == sent + 1);
}

TEST_CASE("a message that no frame can hold fails here, with advice, and not at the peer") {
  temporary_folder folder;
  auto by = all_ways(folder).front();
  by.server.network.frame_max = 1 << 16;
  pair two(by);
  send(two.to_client, {frame_kind::worker_orders, pattern(1 << 17), nullptr});
  auto why = two.at_server.events->next<transport::link_failed>().why;
  CHECK(why.code == errc::bad_argument);
  CHECK(why.message.find("network.frame_max") != std::string::npos);
}

TEST_CASE("a session that has ended leaves memory, and with it what was sent to it meanwhile") {
  temporary_folder folder;
  network_options options;
  // A session's timer holds it until then.
  options.heartbeat_interval = std::chrono::milliseconds(20);
  for (auto& by : all_ways(folder, options)) {
    CAPTURE(by.name);
    pair two(by);
    const auto session = two.to_client.actor.address();
    transport::close(two.to_client);
    two.at_server.events->next_of<got_gone>();
    send(two.to_client, {frame_kind::worker_orders, body_of("too late"), nullptr});
    two.to_client = {};
    const auto until = std::chrono::steady_clock::now() + patience;
    while (caf::actor_cast<caf::actor>(session) && std::chrono::steady_clock::now() < until)
      std::this_thread::yield();
    CHECK_FALSE(caf::actor_cast<caf::actor>(session));
  }
}

}  // namespace troupe::test
