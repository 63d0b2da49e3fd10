#include <atomic>
#include <stdexcept>

#include <doctest/doctest.h>

#include "actors/runtime/outbox.hpp"
#include "tests/transport/support.hpp"

namespace troupe::test {

using wire::frame_kind;

TEST_CASE("actors of one process are linked without a socket") {
  runtime::node node(quiet_config());
  auto alice = spawn_recorder(node);
  auto bob = spawn_recorder(node);
  auto listening = node.net().listen_local(bob.actor);
  node.net().connect(3, listening.address, hello_as(role::client), alice.actor);
  auto to_bob = alice.events->next<transport::connected>().to;
  auto to_alice = bob.events->next<got_accepted>().from;
  CHECK(to_bob.local);
  CHECK(to_alice.local);
  auto messages =
      std::make_shared<transport::local_batch>(batch<client_message>{release_task{task_id{4}}});
  send(to_bob, {frame_kind::client_messages, {}, messages});
  CHECK(bob.events->next<got_frame>().local == messages);
  send(to_alice, {frame_kind::client_replies, {}, messages});
  CHECK(alice.events->next<got_frame>().local == messages);
  transport::close(to_bob);  // Does nothing: the actor is not ours to end.
  send(to_bob, {frame_kind::client_messages, {}, messages});
  bob.events->next<got_frame>();
  runtime::stop(alice.actor);
  CHECK(bob.events->next<got_gone>().who == alice.actor.address());
  node.net().close(listening);
  node.net().connect(4, listening.address, hello_as(role::client), bob.actor);
  CHECK(bob.events->next<transport::connect_failed>().request == 4);
}

TEST_CASE("an exception, a foreign exit message and an unknown message do not end a part") {
  runtime::node node(quiet_config());
  auto thrower = spawn_recorder(node, [](auto&, auto& message, auto&) {
    if (message.kind == frame_kind::refusal) throw std::runtime_error("no");
  });
  caf::anon_send(thrower.actor, transport::envelope{frame_kind::refusal, {}, nullptr});
  caf::anon_send_exit(thrower.actor, caf::exit_reason::user_shutdown);
  caf::anon_send(thrower.actor, std::string("what is this?"));
  caf::anon_send(thrower.actor, transport::envelope{frame_kind::heartbeat, {}, nullptr});
  CHECK(thrower.events->next<got_frame>().kind == frame_kind::heartbeat);
}

namespace {

/// Counts turns of each kind.
class counting_part final : public runtime::part {
public:
  counting_part(runtime::self& me, std::shared_ptr<record> events)
      : me_(me), events_(std::move(events)) {}

  const char* name() const override { return "counter"; }

  using part::on;

  void on(const transport::envelope& e, const caf::actor_addr&) override {
    ++waiting_;
    me_.request_flush();
    if (e.kind == frame_kind::heartbeat) me_.tick_at(runtime::clock::now());
  }

  void on_flush() override { add("flush " + std::to_string(std::exchange(waiting_, 0))); }

  void on_tick() override { add("tick"); }

  void on_wake() override { add("wake"); }

  void on_stop() override { me_.quit(); }

private:
  void add(const std::string& what) { events_->add(got_frame{{}, bytes::copy(what), nullptr, {}}); }

  runtime::self& me_;
  std::shared_ptr<record> events_;
  int waiting_ = 0;
};

}  // namespace

TEST_CASE(
    "a part is flushed, woken and ticked, the last a while after a later time was asked for") {
  runtime::node node(quiet_config());
  auto events = std::make_shared<record>();
  auto made = runtime::spawn(node.actors(), [=](runtime::self& me) {
    me.tick_at(runtime::clock::now() + std::chrono::hours(1));
    return std::make_unique<counting_part>(me, events);
  });
  auto next = [&] { return std::string(events->next<got_frame>().body.text()); };
  runtime::wake(made);
  CHECK(next() == "wake");
  caf::anon_send(made, transport::envelope{frame_kind::client_messages, {}, nullptr});
  CHECK(next() == "flush 1");
  caf::anon_send(made, transport::envelope{frame_kind::heartbeat, {}, nullptr});
  CHECK(next() == "flush 1");
  CHECK(next() == "tick");
}

namespace {

batch<client_message> many_messages() {
  batch<client_message> all;
  auto spec = std::make_shared<const task_spec>(task_spec{"f", "() -> i32", 0, 0, {}});
  for (std::uint64_t i = 1; i <= 40; ++i) {
    std::vector<std::byte> arguments(i % 10 == 0 ? 3 << 20 : 100 << 10, static_cast<std::byte>(i));
    all.push_back(submit_task{make_task_id({1}, i), spec, value(bytes::adopt(arguments)), {}});
  }
  return all;
}

}  // namespace

TEST_CASE("an outbox fills frames to about a mebibyte and keeps the order") {
  temporary_folder folder;
  auto by = all_ways(folder).front();
  pair two(by, role::client);
  auto events = std::make_shared<record>();
  // As an atomic: ThreadSanitizer does not see what CAF does between the two threads.
  std::atomic<bool> right = false;
  auto speaker = runtime::spawn(two.client.actors(), [&](runtime::self& me) {
    runtime::outbox<client_message, frame_kind::client_messages> out(two.to_server);
    for (auto& message : many_messages())
      out.push(message);
    bool large = out.large();
    out.flush(me);
    right = large && out.empty() && !out.large();
    return std::make_unique<counting_part>(me, events);
  });
  auto sent = many_messages();
  wire::decoder decoder;
  batch<client_message> arrived;
  std::size_t frames = 0;
  while (arrived.size() < sent.size()) {
    auto frame = two.at_server.events->next<got_frame>();
    CHECK(frame.body.size() < (3 << 20) + (1 << 16));
    auto messages = decoder.client_messages(frame.body);
    REQUIRE_MESSAGE(messages.has_value(), messages.error().message);
    arrived.insert(arrived.end(), messages->begin(), messages->end());
    ++frames;
  }
  runtime::wake(speaker);
  events->next<got_frame>();  // So what it did before is done.
  CHECK(right);
  CHECK(arrived == sent);
  CHECK(frames == 8);
}

TEST_CASE("nodes with live links end at once, again and again") {
  temporary_folder folder;
  auto ways = all_ways(folder);
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    auto by = ways[static_cast<std::size_t>(i) % ways.size()];
    // Anything that waits for a timer would make this last for hours.
    by.server.network.heartbeat_interval = std::chrono::hours(1);
    pair two(by);
    send(two.to_server, {frame_kind::worker_messages, body_of("x"), nullptr});
    if (i % 2 == 0) two.at_server.events->next<got_frame>();
  }
}

}  // namespace troupe::test
