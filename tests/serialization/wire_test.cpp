#include "serialization/wire.hpp"

#include <chrono>

#include <doctest/doctest.h>

#include "serialization/messages.hpp"
#include "tests/serialization/wire_samples.hpp"

using namespace troupe;
using namespace troupe::samples;

namespace {

/// What the other end gets.
template <class Message>
batch<Message> carried_over(const batch<Message>& sent, wire::encoder& encoder,
                            wire::decoder& decoder) {
  auto body = encoder.encode(std::span<const Message>(sent));
  CHECK(body.size() % 8 == 0);
  auto got = decode(decoder, body, sent);
  if (!got) FAIL(got.error().message);
  return *std::move(got);
}

template <class Message>
batch<Message> carried_over(const batch<Message>& sent) {
  wire::encoder encoder;
  wire::decoder decoder;
  return carried_over(sent, encoder, decoder);
}

template <class Message>
void check_shuffled(const batch<Message>& all) {
  CHECK(carried_over(all) == all);
  CHECK(carried_over(batch<Message>{}).empty());
  for (const auto& one : all)
    CHECK(carried_over(batch<Message>{one}) == batch<Message>{one});
  wire::encoder encoder;
  wire::decoder decoder;
  generator random(7);
  for (int round = 0; round < 200; ++round) {
    auto sent = shuffled(all, random() % 60, random);
    CHECK(carried_over(sent, encoder, decoder) == sent);
  }
}

template <class T>
batch<client_message> ids(std::initializer_list<std::uint64_t> numbers) {
  batch<client_message> to;
  for (auto number : numbers)
    to.push_back(T{task_id{number}});
  return to;
}

}  // namespace

TEST_CASE("a hello and a refusal arrive as they were sent") {
  CHECK(wire::decode_hello(wire::encode(greeting())).value() == greeting());
  CHECK(wire::decode_hello(wire::encode(hello{})).value() == hello{});
  CHECK(wire::decode_refusal(wire::encode_refusal(failure())) == failure());
  const error plain{errc::refused, "wrong token"};
  CHECK(wire::decode_refusal(wire::encode_refusal(plain)) == plain);
}

TEST_CASE("of a hello of another version the acceptor learns who it was") {
  auto who = greeting();
  who.version = protocol_version + 1;
  who.as = static_cast<role>(200);  // A role that only that version knows.
  auto got = wire::decode_hello(wire::encode(who)).value();
  CHECK(got.version == protocol_version + 1);
  CHECK(got.name == who.name);
  CHECK(got.host == who.host);
  CHECK(got.release == who.release);
  CHECK(got.token.empty());
}

TEST_CASE("messages of all types arrive as they were sent, in order") {
  check_shuffled(client_messages());
  check_shuffled(client_replies());
  check_shuffled(worker_messages());
  check_shuffled(worker_orders());
  check_shuffled(data_messages());
}

TEST_CASE("ids arrive in whatever pattern they have") {
  const auto low = task(1).value;
  const auto high = ~std::uint64_t{0};
  for (const auto& sent :
       {ids<release_task>({low, low, low}), ids<release_task>({low, low + 1, low + 2}),
        ids<release_task>({low + 2, low + 1, low}), ids<release_task>({high - 1, high}),
        ids<release_task>({high, low}), ids<release_task>({low + 255, low}),
        ids<release_task>({low + 256, low}), ids<release_task>({low + 65535, low}),
        ids<release_task>({low + 65536, low}), ids<release_task>({low + 0xFFFFFFFF, low}),
        ids<release_task>({low + 0x100000000, low})})
    CHECK(carried_over(sent) == sent);
}

TEST_CASE("an error arrives with all it says, and a very long text is cut") {
  auto why = failure();
  why.message = std::string("two\nlines and \0 a zero", 23);
  why.chain.assign(1000, "next");
  batch<client_reply> sent{task_failed{task(1), why}};
  CHECK(carried_over(sent) == sent);

  why.message.assign(wire::text_bytes_max + 5, 'x');
  sent = {task_failed{task(1), why}};
  const auto got = carried_over(sent);
  CHECK(std::get<task_failed>(got[0]).why.message.size() == wire::text_bytes_max);
}

TEST_CASE("a batch of numbers that need all their bits arrives") {
  generator random(13);
  batch<worker_message> sent;
  for (int i = 0; i < 1000; ++i)
    sent.emplace_back(run_finished{task(random() >> 30, random() >> 44 | 1),
                                   {random() | 1},
                                   random(),
                                   std::chrono::nanoseconds(random() >> 1),
                                   true,
                                   encoded("x")});
  CHECK(carried_over(sent) == sent);
}

TEST_CASE("a batch of more messages than a frame has for free arrives") {
  batch<client_message> sent;
  auto spec = make_spec("price");
  for (std::uint64_t i = 1; i <= 100'000; ++i)
    sent.push_back(submit_task{task(i), spec, {}, {task(i), task(i)}});
  CHECK(carried_over(sent) == sent);

  batch<worker_order_message> orders;
  for (std::uint64_t i = 1; i <= 3'000; ++i)
    orders.push_back(run_task{task(i), {i}, spec, {}, {{task(1), 8, {{1}, {1}, {1}, {1}, {1}}}}});
  CHECK(carried_over(orders) == orders);

  CHECK(carried_over(batch<client_message>(20'000, inspect_cluster{})).size() == 20'000);
}

TEST_CASE("a spec is sent once per connection, by its content") {
  wire::encoder encoder;
  wire::decoder decoder;
  const std::string name(4000, 'f');
  auto submit = [&](std::uint64_t number, spec_ptr spec) {
    const batch<client_message> sent{submit_task{task(number), std::move(spec), {}, {}}};
    auto body = encoder.encode(sent);
    auto got = decoder.client_messages(body);
    CHECK(got.value() == sent);
    return std::pair(body.size(), std::get<submit_task>((*got)[0]).spec);
  };
  auto spec = make_spec(name);
  const auto [first_size, first] = submit(1, spec);
  const auto [again_size, again] = submit(2, spec);
  const auto [copy_size, copy] = submit(3, make_spec(name));
  const auto [other_size, other] = submit(4, make_spec(name, 1));
  CHECK(first_size > 4000);
  CHECK(again_size < 300);
  CHECK(copy_size < 300);
  CHECK(other_size > 4000);
  CHECK(first == again);
  CHECK(first == copy);
  CHECK(first != other);

  // Another connection knows nothing of it.
  wire::encoder elsewhere;
  CHECK(elsewhere.encode(batch<client_message>{submit_task{task(1), spec, {}, {}}}).size() > 4000);
  wire::decoder fresh;
  const auto late = encoder.encode(batch<client_message>{submit_task{task(5), spec, {}, {}}});
  CHECK(fresh.client_messages(late).error().code == errc::bad_bytes);
}

TEST_CASE("when there are too many specs both ends begin anew") {
  wire::encoder encoder;
  wire::decoder decoder;
  batch<worker_order_message> sent;
  for (int i = 0; i < 70'000; ++i)
    sent.push_back(run_task{task(1), {1}, make_spec("f", i), encoded("x"), {}});
  CHECK(carried_over(sent, encoder, decoder) == sent);
  // And by size: two of these do not fit.
  sent.clear();
  for (char c = 'a'; c < 'e'; ++c) {
    task_spec large{"f", {}, 0, 0, {}};
    for (int i = 0; i < 10; ++i)
      large.resources.emplace(std::string(wire::text_bytes_max - 1, c) + char('0' + i), 1);
    sent.push_back(
        run_task{task(1), {1}, std::make_shared<const task_spec>(large), encoded("y"), {}});
    sent.push_back(drop_result{task(7)});
  }
  CHECK(carried_over(sent, encoder, decoder) == sent);
  CHECK(carried_over(worker_orders(), encoder, decoder) == worker_orders());
}

TEST_CASE("values are parts of the frame, each on a word boundary") {
  batch<data_message> sent;
  for (std::size_t size : {1u, 3u, 8u, 9u, 4000u})
    sent.push_back(result_value{task(size), encoded(std::string(size, 'v'))});
  wire::encoder encoder;
  wire::decoder decoder;
  auto body = encoder.encode(sent);
  auto got = decoder.data_messages(body).value();
  CHECK(got == sent);
  for (const auto& message : got) {
    auto content = std::get<result_value>(message).content.encoded();
    CHECK(content.data() > body.data());
    CHECK(content.data() + content.size() <= body.data() + body.size());
    CHECK(reinterpret_cast<std::uintptr_t>(content.data()) % 8 == 0);
  }
  // The values keep the frame alive.
  body = {};
  CHECK(got == sent);
}

TEST_CASE("a body that does not begin on a word boundary is decoded as well") {
  const auto body = wire::encoder().encode(client_messages());
  std::vector<std::byte> shifted(body.size() + 1);
  std::copy(body.begin(), body.end(), shifted.begin() + 1);
  const auto odd = bytes::adopt(std::move(shifted)).slice(1, body.size());
  CHECK(wire::decoder().client_messages(odd).value() == client_messages());
}

TEST_CASE("small messages take few bytes") {
  generator random(11);
  batch<client_reply> done;
  batch<worker_message> finished;
  batch<client_message> submitted;
  auto spec = make_spec("price");
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    const auto near = task(i + random() % 16);
    done.push_back(task_done{near, {i % 2 + 1}, 0, true, {}});
    finished.push_back(
        run_finished{near, {i}, 0, std::chrono::nanoseconds(random() % 50'000), true, {}});
    submitted.push_back(submit_task{task(i), spec, {}, {}});
  }
  CHECK(wire::encoder().encode(done).size() < 1000 * 3 + 200);
  CHECK(wire::encoder().encode(finished).size() < 1000 * 4 + 300);
  CHECK(wire::encoder().encode(submitted).size() < 400);

  // Interleaved types do not cost a group for each change.
  batch<worker_order_message> orders;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    orders.emplace_back(run_task{task(i), {i}, spec, {}, {}});
    orders.emplace_back(drop_result{task(i)});
  }
  CHECK(wire::encoder().encode(orders).size() < 2000 + 600);
}
