#include "actors/transport/frame_reader.hpp"

#include <cstring>
#include <random>

#include <doctest/doctest.h>

namespace troupe::test {

using namespace transport;
using wire::frame_kind;

namespace {

using stream = std::vector<std::byte>;

void put(stream& to, const void* from, std::size_t size) {
  auto* start = static_cast<const std::byte*>(from);
  to.insert(to.end(), start, start + size);
}

void put_frame(stream& to, frame_kind kind, const stream& body) {
  wire::frame_header header{static_cast<std::uint32_t>(body.size() / 8),
                            static_cast<std::uint16_t>(kind), 0};
  put(to, &header, sizeof header);
  put(to, body.data(), body.size());
}

void put_chunk(stream& to, wire::chunk_prefix prefix, std::span<const std::byte> data,
               std::uint16_t flags = 0) {
  auto padded = (data.size() + 7) / 8 * 8;
  wire::frame_header header{static_cast<std::uint32_t>((sizeof prefix + padded) / 8),
                            static_cast<std::uint16_t>(frame_kind::value_chunk), flags};
  put(to, &header, sizeof header);
  put(to, &prefix, sizeof prefix);
  put(to, data.data(), data.size());
  to.resize(to.size() + padded - data.size());
}

reader_limits limits() {
  return {1 << 16, 1 << 20,
          only(frame_kind::data_messages) | only(frame_kind::value_chunk) |
              only(frame_kind::heartbeat)};
}

stream noise(std::size_t size, std::mt19937& random) {
  stream made(size);
  for (auto& one : made)
    one = static_cast<std::byte>(random());
  return made;
}

result<void> feed(const stream& data) {
  frame_reader reader(limits());
  std::vector<arrival> out;
  return reader.feed(data, out);
}

}  // namespace

TEST_CASE("frames and values are the same however the stream is cut") {
  std::mt19937 random(7);
  stream all;
  std::vector<stream> bodies;
  std::vector<stream> values;
  for (std::uint64_t i = 1; i <= 40; ++i) {
    bodies.push_back(noise(random() % 50 * 8 + 8, random));
    put_frame(all, frame_kind::data_messages, bodies.back());
    if (i % 4 == 0) put_frame(all, frame_kind::heartbeat, {});
    values.push_back(noise(i % 5 == 0 ? 0 : random() % 3000, random));
    auto& value = values.back();
    std::size_t at = 0;
    do {
      auto size = std::min<std::size_t>(value.size() - at, random() % 700 + 1);
      put_chunk(all, {i, value.size(), at, size}, std::span(value).subspan(at, size));
      at += size;
      // Messages may come between the parts of a value.
      put_frame(all, frame_kind::heartbeat, {});
    } while (at < value.size());
  }
  for (std::size_t step : {1, 3, 7, 8, 9, 40, 1000, 1 << 20}) {
    CAPTURE(step);
    frame_reader reader(limits());
    std::vector<arrival> out;
    for (std::size_t at = 0; at < all.size(); at += step) {
      auto part = std::span<const std::byte>(all).subspan(at, std::min(step, all.size() - at));
      REQUIRE(reader.feed(part, out).has_value());
    }
    std::size_t body = 0;
    std::size_t value = 0;
    for (auto& one : out) {
      if (auto* whole = std::get_if<whole_value>(&one)) {
        CHECK(whole->task.value == value + 1);
        CHECK(whole->content == bytes::copy(values[value++]));
      } else if (auto& f = std::get<frame>(one); f.kind == frame_kind::data_messages) {
        CHECK(f.body == bytes::copy(bodies[body++]));
        CHECK(reinterpret_cast<std::uintptr_t>(f.body.data()) % 8 == 0);
      }
    }
    CHECK(body == bodies.size());
    CHECK(value == values.size());
  }
}

TEST_CASE("chunks that do not fit together are errors") {
  std::mt19937 random(8);
  auto data = noise(100, random);
  auto part = [&](std::size_t size) { return std::span<const std::byte>(data).first(size); };
  auto error_of = [&](std::vector<std::pair<wire::chunk_prefix, std::size_t>> chunks,
                      std::uint16_t last_flags = 0) {
    stream all;
    for (std::size_t i = 0; i < chunks.size(); ++i)
      put_chunk(all, chunks[i].first, part(chunks[i].second),
                i + 1 == chunks.size() ? last_flags : std::uint16_t{0});
    auto good = feed(all);
    return good ? errc::ok : good.error().code;
  };
  CHECK(error_of({{{1, 100, 0, 40}, 40}, {{1, 100, 40, 60}, 60}}) == errc::ok);
  CHECK(error_of({{{1, 100, 40, 60}, 60}}) == errc::bad_bytes);
  CHECK(error_of({{{1, 100, 0, 40}, 40}, {{1, 100, 48, 52}, 52}}) == errc::bad_bytes);
  CHECK(error_of({{{1, 100, 0, 40}, 40}, {{2, 100, 40, 60}, 60}}) == errc::bad_bytes);
  CHECK(error_of({{{1, 100, 0, 40}, 40}, {{1, 99, 40, 59}, 59}}) == errc::bad_bytes);
  CHECK(error_of({{{1, 100, 0, 40}, 40}, {{1, 100, 40, 60}, 60}}, 1) == errc::bad_bytes);
  CHECK(error_of({{{1, 10, 0, 40}, 40}}) == errc::bad_bytes);
  CHECK(error_of({{{1, 100, 0, 0}, 0}}) == errc::bad_bytes);
  CHECK(error_of({{{1, 100, 0, 48}, 40}}) == errc::bad_bytes);
  CHECK(error_of({{{1, 100, 0, ~std::uint64_t{0}}, 40}}) == errc::bad_bytes);
  CHECK(error_of({{{1, 100, 0, 16}, 40}}) == errc::bad_bytes);
  CHECK(error_of({{{1, (1 << 20) + 1, 0, 40}, 40}}) == errc::bad_bytes);
  CHECK(error_of({{{1, ~std::uint64_t{0}, 0, 40}, 40}}) == errc::bad_bytes);
}

TEST_CASE("random bytes never do harm") {
  std::mt19937 random(9);
  for (int i = 0; i < 3000; ++i) {
    auto data = noise(random() % 300, random);
    // Now and then something that looks right at first.
    if (i % 3 == 0 && data.size() >= 8) {
      wire::frame_header header{static_cast<std::uint32_t>(random() % 8),
                                static_cast<std::uint16_t>(random() % 10), 0};
      std::memcpy(data.data(), &header, sizeof header);
    }
    frame_reader reader(limits());
    std::vector<arrival> out;
    for (std::size_t at = 0; at < data.size();) {
      auto size = std::min<std::size_t>(random() % 40 + 1, data.size() - at);
      if (!reader.feed(std::span<const std::byte>(data).subspan(at, size), out)) break;
      at += size;
    }
    CHECK(out.size() <= data.size() / 8 + 1);
  }
}

}  // namespace troupe::test
