#include "actors/transport/frame_writer.hpp"

#include <cstring>
#include <random>

#include <doctest/doctest.h>

#include "actors/transport/frame_reader.hpp"

namespace troupe::test {

using namespace transport;
using wire::frame_kind;

namespace {

bytes noise(std::size_t size, std::mt19937& random) {
  std::vector<std::byte> made(size);
  for (auto& one : made)
    one = static_cast<std::byte>(random());
  return bytes::adopt(std::move(made));
}

reader_limits limits() {
  return {std::uint64_t{64} << 20, std::uint64_t{64} << 20,
          only(frame_kind::data_messages) | only(frame_kind::value_chunk) |
              only(frame_kind::value_file) | only(frame_kind::heartbeat)};
}

std::size_t size_of(const frame_writer::piece& what) {
  std::size_t size = 0;
  for (const auto& part : what.parts)
    size += part.iov_len;
  return size;
}

/// The next bytes, at most so many, as a socket would take them.
std::vector<std::byte> take(frame_writer& from, std::size_t most) {
  std::vector<std::byte> taken;
  for (const auto& part : from.next().parts) {
    const auto* start = static_cast<const std::byte*>(part.iov_base);
    const auto size = std::min(part.iov_len, most - taken.size());
    taken.insert(taken.end(), start, start + size);
  }
  from.sent(taken.size());
  return taken;
}

}  // namespace

TEST_CASE("what a writer is given, a reader gets, however little is taken at a time") {
  std::mt19937 random(3);
  for (std::size_t step : {1, 7, 40, 4096, 1 << 20}) {
    CAPTURE(step);
    frame_writer from;
    std::vector<bytes> bodies;
    std::vector<bytes> values;
    const std::size_t large = step < 40 ? 10'000 : 700'000;
    for (std::uint64_t i = 0; i < 20; ++i) {
      bodies.push_back(noise(random() % 30 * 8 + 8, random));
      values.push_back(noise(i % 5 == 0 ? 0 : random() % large, random));
      from.push(envelope{frame_kind::data_messages, bodies.back(), nullptr});
      from.push(send_value{{i}, values.back(), i % 2 == 0});
    }
    frame_reader to(limits());
    std::vector<arrival> out;
    while (!from.empty()) {
      const auto taken = take(from, step);
      REQUIRE(!taken.empty());
      REQUIRE(to.feed(taken, out).has_value());
    }
    CHECK(from.waiting() == 0);
    std::size_t body = 0;
    std::size_t value = 0;
    for (auto& one : out) {
      if (auto* whole = std::get_if<whole_value>(&one)) {
        CHECK(whole->task.value == value);
        CHECK(whole->store == (value % 2 == 0));
        CHECK(whole->content == values[value++]);
      } else {
        CHECK(std::get<frame>(one).body == bodies[body++]);
      }
    }
    CHECK(body == bodies.size());
    CHECK(value == values.size());
  }
}

TEST_CASE("a message goes before the chunks that have not begun, and never into one that has") {
  std::mt19937 random(4);
  frame_writer from;
  const auto large = noise(std::size_t{8} << 20, random);
  from.push(send_value{{1}, large, false});
  auto stream = take(from, 1000);
  from.push(envelope{frame_kind::data_messages, noise(80, random), nullptr});
  frame_reader to(limits());
  std::vector<arrival> out;
  std::size_t taken = stream.size();
  REQUIRE(to.feed(stream, out).has_value());
  while (out.empty()) {
    stream = take(from, 100'000);
    taken += stream.size();
    REQUIRE(to.feed(stream, out).has_value());
  }
  CHECK(std::holds_alternative<frame>(out.front()));
  CHECK(taken < (std::size_t{3} << 20));
}

TEST_CASE("a value is sent from where it lies") {
  std::mt19937 random(5);
  frame_writer from;
  const auto large = noise(std::size_t{1} << 20, random);
  from.push(send_value{{1}, large, false});
  bool found = false;
  for (const auto& part : from.next().parts)
    found |= part.iov_base == large.data();
  CHECK(found);
}

TEST_CASE("what was given again after a part was not taken begins with the same bytes") {
  std::mt19937 random(6);
  frame_writer from;
  from.push(envelope{frame_kind::data_messages, noise(800, random), nullptr});
  from.push(send_value{{1}, noise(3000, random), false});
  const auto first = from.next();
  std::vector<iovec> before(first.parts.begin(), first.parts.end());
  from.push(envelope{frame_kind::data_messages, noise(80, random), nullptr});
  const auto second = from.next();
  REQUIRE(second.parts.size() > before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK(second.parts[i].iov_base == before[i].iov_base);
    CHECK(second.parts[i].iov_len == before[i].iov_len);
  }
}

TEST_CASE("a value in a memory file goes as that, alone at the start of a call") {
  std::mt19937 random(7);
  auto memory = process_memory().take(1 << 20);
  std::memset(memory.get(), 7, 1 << 20);
  const bytes large(memory, {memory.get(), 1 << 20});
  frame_writer from(true);
  from.push(envelope{frame_kind::data_messages, noise(80, random), nullptr});
  from.push(send_value{{1}, large, false});
  from.push(send_value{{2}, large.slice(8192, 500'000), true});
  auto piece = from.next();
  CHECK(piece.file == -1);
  CHECK(size_of(piece) == 88);
  from.sent(size_of(piece));
  frame_reader to(limits());
  std::vector<arrival> out;
  for (int i = 0; i < 2; ++i) {
    piece = from.next();
    REQUIRE(piece.file >= 0);
    CHECK(size_of(piece) == 32);
    std::vector<socket_fd> files;
    files.emplace_back(dup(piece.file));
    to.add_files(files);
    REQUIRE(to.feed(take(from, 1000), out).has_value());
  }
  CHECK(from.empty());
  REQUIRE(out.size() == 2);
  CHECK(std::get<whole_value>(out[0]).content == large);
  CHECK(std::get<whole_value>(out[0]).content.data() != large.data());
  CHECK(std::get<whole_value>(out[1]).content == large.slice(8192, 500'000));
}

TEST_CASE("what waits is counted, and values can be dropped except what has begun") {
  std::mt19937 random(8);
  frame_writer from;
  CHECK(from.empty());
  from.push(send_value{{1}, noise(std::size_t{4} << 20, random), false});
  CHECK(from.waiting() == std::size_t{4} << 20);
  take(from, 100);
  from.drop_values();
  CHECK_FALSE(from.empty());
  while (!from.empty())
    take(from, 1 << 20);
  CHECK(from.waiting() == 0);
}

}  // namespace troupe::test
