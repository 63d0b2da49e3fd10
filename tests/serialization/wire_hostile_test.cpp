#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <malloc.h>
#include <new>

#include <doctest/doctest.h>

#include "serialization/messages.hpp"
#include "serialization/wire.hpp"
#include "tests/serialization/wire_samples.hpp"

using namespace troupe;
using namespace troupe::samples;

// Sanitizers want their own operator new; there, only the limits on memory go unchecked.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TROUPE_COUNTS_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TROUPE_COUNTS_MEMORY 0
#endif
#endif
#ifndef TROUPE_COUNTS_MEMORY
#define TROUPE_COUNTS_MEMORY 1
#endif

namespace {

/// Of one thread, which may free what another one took: so it can be less than none.
struct memory {
  std::ptrdiff_t now = 0;
  std::ptrdiff_t peak = 0;
};

thread_local memory allocated;

}  // namespace

#if TROUPE_COUNTS_MEMORY
void* operator new(std::size_t size) {
  void* at = std::malloc(size);
  if (!at) throw std::bad_alloc();
  allocated.now += static_cast<std::ptrdiff_t>(malloc_usable_size(at));
  allocated.peak = std::max(allocated.peak, allocated.now);
  return at;
}

void operator delete(void* at) noexcept {
  if (at) allocated.now -= static_cast<std::ptrdiff_t>(malloc_usable_size(at));
  std::free(at);
}

void operator delete(void* at, std::size_t) noexcept {
  operator delete(at);
}
#endif

namespace {

using wire::frame_kind;

constexpr std::size_t word = 8;

std::uint64_t word_at(const bytes& body, std::size_t i) {
  std::uint64_t at = 0;
  std::memcpy(&at, body.data() + i * word, word);
  return at;
}

bytes with_word(const bytes& body, std::size_t i, std::uint64_t content) {
  std::vector<std::byte> copy(body.begin(), body.end());
  std::memcpy(copy.data() + i * word, &content, word);
  return bytes::adopt(std::move(copy));
}

/// Decodes, and checks what must be so whatever the bytes are.
errc try_decode(wire::decoder& with, frame_kind kind, const bytes& body) {
  allocated.peak = allocated.now;
  const auto before = allocated.now;
  const auto code = decode_as(with, kind, body);
  if (code != errc::ok && code != errc::bad_bytes) FAIL("neither good nor bad bytes");
  if (allocated.peak - before > static_cast<std::ptrdiff_t>((8u << 20) + 64 * body.size()))
    FAIL("a frame of " << body.size() << " bytes took " << allocated.peak - before);
  return code;
}

errc try_decode(frame_kind kind, const bytes& body) {
  wire::decoder decoder;
  return try_decode(decoder, kind, body);
}

template <class Message>
bytes frame_of(Message message) {
  return wire::encoder().encode(batch<Message>{std::move(message)});
}

// A frame of one group, with the group's struct right behind: where its words are.
constexpr std::size_t kind_word = 2;
constexpr std::size_t groups_pointer = 3;
constexpr std::size_t type_word = 6;
constexpr std::size_t group_pointer = 7;
constexpr std::size_t group_word = 8;
constexpr std::size_t base_word = 10;
constexpr std::size_t form_word = 11;

const bytes release = frame_of<client_message>(release_task{task(3)});

}  // namespace

TEST_CASE("a frame that is cut off anywhere is bad") {
  for (const auto& [kind, body] : frames()) {
    CHECK(try_decode(kind, body) == errc::ok);
    for (std::size_t size = 0; size < body.size(); ++size)
      CHECK(try_decode(kind, bytes::copy(body.span().first(size))) == errc::bad_bytes);
    auto longer = std::vector<std::byte>(body.begin(), body.end());
    longer.resize(body.size() + word);
    CHECK(try_decode(kind, bytes::adopt(longer)) == errc::bad_bytes);
  }
}

TEST_CASE("a body under another kind's header is bad") {
  for (const auto& [kind, body] : frames())
    for (const auto& [other, unused] : frames())
      CHECK((try_decode(other, body) == errc::ok) == (kind == other));
  CHECK(wire::decode_refusal(release).code == errc::bad_bytes);
  CHECK(wire::decode_refusal({}).code == errc::bad_bytes);
}

TEST_CASE("flipped bits make another frame or a bad one") {
  for (const auto& [kind, body] : frames()) {
    auto copy = std::vector<std::byte>(body.begin(), body.end());
    for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
      copy[bit / 8] ^= std::byte{1} << bit % 8;
      try_decode(kind, bytes({}, copy));
      copy[bit / 8] ^= std::byte{1} << bit % 8;
    }
  }
  const auto all = frames();
  generator random(1);
  for (int round = 0; round < 200'000; ++round) {
    const auto& [kind, body] = all[random() % all.size()];
    auto copy = std::vector<std::byte>(body.begin(), body.end());
    for (auto flips = random() % 4 + 2; flips > 0; --flips)
      copy[random() % copy.size()] ^= std::byte{1} << random() % 8;
    try_decode(kind, bytes({}, copy));
  }
}

TEST_CASE("random words are bad, also behind a good beginning") {
  const auto all = frames();
  generator random(2);
  for (int round = 0; round < 20'000; ++round) {
    const auto& [kind, body] = all[random() % all.size()];
    std::vector<std::uint64_t> words(body.size() / word);
    std::memcpy(words.data(), body.data(), body.size());
    for (auto i = random() % words.size(); i < words.size(); ++i)
      words[i] = random() % 3 ? random() : random() % 64;
    try_decode(kind, bytes({}, std::as_bytes(std::span(words))));
  }
}

TEST_CASE("one decoder stays sound through good and bad frames") {
  wire::decoder decoder;
  generator random(3);
  const auto all = frames();
  for (int round = 0; round < 20'000; ++round) {
    const auto& [kind, body] = all[random() % all.size()];
    auto copy = std::vector<std::byte>(body.begin(), body.end());
    if (random() % 2) copy[random() % copy.size()] ^= std::byte{1} << random() % 8;
    try_decode(decoder, kind, bytes({}, copy));
  }
}

TEST_CASE("counts are checked before they cost memory") {
  REQUIRE(word_at(release, group_word) == 1);
  REQUIRE(word_at(release, form_word) == 0);
  const auto messages_max = 16384 + release.size() / word;
  auto with_count = [](std::uint64_t count) {
    return try_decode(frame_kind::client_messages, with_word(release, group_word, count));
  };
  CHECK(with_count(0) == errc::bad_bytes);
  CHECK(with_count(messages_max) == errc::ok);
  CHECK(with_count(messages_max + 1) == errc::bad_bytes);
  CHECK(with_count(0xFFFFFFFF) == errc::bad_bytes);
}

TEST_CASE("lists of structs without size do not cost memory") {
  const auto body = frame_of<client_reply>(task_failed{task(3), failure()});
  const auto list = word_at(body, group_pointer);
  REQUIRE((list & 0xFFFFFFFF) == 1);  // A list, right behind.
  REQUIRE((list >> 32 & 7) == 7);     // Of structs.
  for (std::uint64_t count : {1u, 20'000u, 1u << 28, (1u << 29) - 1}) {
    const auto empty_structs =
        with_word(with_word(body, group_pointer, list & 0x7FFFFFFFF), group_word, count << 2);
    CHECK(try_decode(frame_kind::client_replies, empty_structs) == errc::bad_bytes);
  }
}

TEST_CASE("pointers that share a target are followed about once") {
  auto why = failure();
  why.chain.assign(1000, "b");
  why.chain[0] = std::string(100'000, 'a');
  auto body = frame_of<client_reply>(task_failed{task(3), why});
  const std::uint64_t large = 100'001 << 3 | 2;
  std::size_t first = 0;
  while (word_at(body, first) >> 32 != large)
    ++first;
  CHECK(try_decode(frame_kind::client_replies, body) == errc::ok);
  for (std::size_t i = 1; i < 1000; ++i)
    body = with_word(body, first + i, word_at(body, first) - i * 4);
  CHECK(try_decode(frame_kind::client_replies, body) == errc::bad_bytes);
}

TEST_CASE("tags and forms from a later version are bad") {
  REQUIRE(word_at(release, type_word) == 2);
  for (std::uint64_t type : {100u, 1000u, 0xFFFFu})
    CHECK(try_decode(frame_kind::client_messages, with_word(release, type_word, type)) ==
          errc::bad_bytes);
  for (std::uint64_t form : {6u, 0xFFFFu})
    CHECK(try_decode(frame_kind::client_messages, with_word(release, form_word, form)) ==
          errc::bad_bytes);
  for (std::uint64_t kind : {0u, 5u, 9u, 0xFFFFu})
    CHECK(try_decode(frame_kind::client_messages, with_word(release, kind_word, kind)) ==
          errc::bad_bytes);
  CHECK(try_decode(frame_kind::client_messages, with_word(release, groups_pointer, 3)) ==
        errc::bad_bytes);

  auto who = greeting();
  who.as = static_cast<role>(4);
  CHECK(wire::decode_hello(wire::encode(who)).error().code == errc::bad_bytes);
  auto why = failure();
  why.code = static_cast<errc>(static_cast<int>(errc::system) + 1);
  CHECK(try_decode(frame_kind::client_replies, frame_of<client_reply>(task_failed{task(1), why})) ==
        errc::bad_bytes);
  why.code = errc::ok;
  CHECK(try_decode(frame_kind::client_replies, frame_of<client_reply>(task_failed{task(1), why})) ==
        errc::bad_bytes);
}

TEST_CASE("ids that nobody hands out are bad") {
  const auto good = task(1);
  const auto spec = make_spec("f");
  for (auto bad : {task_id{}, task_id{1}, make_task_id({5}, 0)}) {
    for (const client_message& m :
         {client_message(submit_task{bad, spec, {}, {}}),
          client_message(submit_task{good, spec, {}, {good, bad}}),
          client_message(release_task{bad}), client_message(scatter_data{bad, 1})})
      CHECK(try_decode(frame_kind::client_messages, frame_of(m)) == errc::bad_bytes);
    CHECK(try_decode(frame_kind::client_replies,
                     frame_of<client_reply>(task_failed{bad, failure()})) == errc::bad_bytes);
    CHECK(try_decode(frame_kind::worker_messages,
                     frame_of<worker_message>(run_failed{bad, {1}, failure()})) == errc::bad_bytes);
    CHECK(try_decode(frame_kind::data_messages, frame_of<data_message>(fetch_result{bad})) ==
          errc::bad_bytes);
  }
  for (const worker_order_message& m :
       {worker_order_message(welcome_worker{}), worker_order_message(introduce_worker{}),
        worker_order_message(cancel_run{good, {}}),
        worker_order_message(run_task{good, {}, spec, {}, {}}),
        worker_order_message(run_task{good, {1}, spec, {}, {{{}, 8, {{1}}}}}),
        worker_order_message(run_task{good, {1}, spec, {}, {{good, 8, {{}}}}})})
    CHECK(try_decode(frame_kind::worker_orders, frame_of(m)) == errc::bad_bytes);
  for (const client_reply& m :
       {client_reply(welcome_client{{}, "s", {}, {}}),
        client_reply(welcome_client{{1u << 24}, "s", {}, {}}),
        client_reply(task_done{good, {}, 0, true, {}}), client_reply(place_data{good, {}})})
    CHECK(try_decode(frame_kind::client_replies, frame_of(m)) == errc::bad_bytes);
  // Ids that come out of a sum which does not fit.
  const auto last = with_word(with_word(release, base_word, ~std::uint64_t{0}), form_word, 1);
  CHECK(try_decode(frame_kind::client_messages, last) == errc::ok);
  CHECK(try_decode(frame_kind::client_messages, with_word(last, group_word, 2)) == errc::bad_bytes);
}

TEST_CASE("a spec that no machine could follow is bad") {
  const double infinite = std::numeric_limits<double>::infinity();
  for (double amount : {-1.0, infinite, -infinite, infinite - infinite}) {
    const auto spec =
        std::make_shared<const task_spec>(task_spec{"f", {}, 0, 0, {{"gpu", amount}}});
    CHECK(try_decode(frame_kind::client_messages, frame_of<client_message>(submit_task{
                                                      task(1), spec, {}, {}})) == errc::bad_bytes);
  }
}
