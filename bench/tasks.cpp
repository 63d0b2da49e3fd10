#include "bench/tasks.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <unistd.h>

namespace bench {

namespace {

using clock = std::chrono::steady_clock;

/// Scrambles a number; every bit of it matters for every bit of the outcome.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t word_at(std::span<const std::uint8_t> from, std::size_t offset) {
  std::uint64_t word = 0;
  std::memcpy(&word, from.data() + offset, sizeof(word));
  return word;
}

/// Different words from `seed` on; a tail shorter than a word is zero.
void fill(std::span<std::byte> all, std::uint64_t seed) {
  std::size_t i = 0;
  for (; i + 8 <= all.size(); i += 8) {
    seed += 0x9e3779b97f4a7c15u;
    std::memcpy(all.data() + i, &seed, 8);
  }
  std::fill(all.begin() + static_cast<std::ptrdiff_t>(i), all.end(), std::byte{0});
}

std::vector<std::byte> words(std::size_t size, std::uint64_t seed) {
  std::vector<std::byte> all(size);
  fill(all, seed);
  return all;
}

std::uint64_t piece_seed(std::int64_t i, std::int64_t j) {
  return mix(mix(static_cast<std::uint64_t>(i)) + static_cast<std::uint64_t>(j));
}

}  // namespace

void noop(std::int64_t) {}

std::int64_t increment(std::int64_t x) {
  return x + 1;
}

std::int64_t busy(std::int64_t i, std::int64_t us) {
  const auto end = clock::now() + std::chrono::microseconds(us);
  while (clock::now() < end) {
  }
  return i;
}

std::int64_t doze(std::int64_t i, std::int64_t ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return i;
}

std::int32_t process(std::int64_t i) {
  doze(i, 1);
  return getpid();
}

std::uint64_t one() {
  return 1;
}

std::uint64_t of_one(std::uint64_t a) {
  return 1 + a;
}

std::uint64_t of_two(std::uint64_t a, std::uint64_t b) {
  return 1 + a + b;
}

std::uint64_t of_three(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return 1 + a + b + c;
}

std::uint64_t of_many(const std::vector<std::uint64_t>& all) {
  return std::accumulate(all.begin(), all.end(), std::uint64_t{1});
}

std::uint64_t work(std::uint64_t rounds) {
  std::uint64_t x = rounds;
  for (std::uint64_t i = 0; i < rounds; ++i)
    x = mix(x + i);
  // Always 1, which the compiler cannot know.
  return x == 0x5eed ? rounds : 1;
}

std::uint64_t work_after(std::uint64_t rounds, const std::vector<std::uint64_t>& all) {
  return work(rounds) - 1 + of_many(all);
}

double rounds_per_us() {
  constexpr std::uint64_t rounds = 100'000;
  double best = 0;
  for (int i = 0; i < 50; ++i) {
    const auto start = clock::now();
    if (work(rounds) != 1) throw std::runtime_error("work() gave a wrong answer");
    const std::chrono::duration<double, std::micro> took = clock::now() - start;
    best = std::max(best, static_cast<double>(rounds) / took.count());
  }
  return best;
}

std::uint64_t maker() {
  const auto thread = std::hash<std::thread::id>()(std::this_thread::get_id());
  return mix(static_cast<std::uint64_t>(getpid()) + mix(thread));
}

blob_value blob(std::int64_t size, std::int64_t salt) {
  blob_value made(static_cast<std::size_t>(size));
  const auto content = std::as_writable_bytes(made.writable());
  fill(content, mix(static_cast<std::uint64_t>(salt)));
  const auto me = maker();
  std::memcpy(content.data(), &me, std::min(sizeof(me), content.size()));
  return made;
}

std::uint64_t first_word(const blob_value& blob) {
  return word_at(blob, 0);
}

std::int64_t foreign(const blob_value& a, const blob_value& b, std::int64_t size) {
  std::int64_t others = 0;
  for (const auto* one : {&a, &b}) {
    if (static_cast<std::int64_t>(one->size()) != size) throw std::runtime_error("no such blob");
    if (word_at(*one, 0) != maker()) ++others;
  }
  return others;
}

std::uint64_t sum(std::span<const std::uint8_t> all) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i + 8 <= all.size(); i += 8)
    total += word_at(all, i);
  return total;
}

std::vector<troupe::bytes> split(std::int64_t i, std::int64_t parts, std::int64_t size) {
  std::vector<troupe::bytes> all;
  for (std::int64_t j = 0; j < parts; ++j)
    all.push_back(troupe::bytes::adopt(words(static_cast<std::size_t>(size), piece_seed(i, j))));
  return all;
}

troupe::bytes pick(const std::vector<troupe::bytes>& all, std::int64_t j) {
  return all.at(static_cast<std::size_t>(j));
}

std::int64_t join(std::int64_t j, const std::vector<troupe::bytes>& all) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    // Its first words tell a piece from all others.
    const auto expected = words(16, piece_seed(static_cast<std::int64_t>(i), j));
    if (all[i].size() < 16 || std::memcmp(all[i].data(), expected.data(), 16) != 0)
      throw std::runtime_error("a wrong piece");
    total += static_cast<std::int64_t>(all[i].size());
  }
  return total;
}

void register_tasks(troupe::task_registry& tasks) {
  tasks.add(noop_task);
  tasks.add(increment_task);
  tasks.add(busy_task);
  tasks.add(doze_task);
  tasks.add(process_task);
  tasks.add<&one, &of_one, &of_two, &of_three, &of_many, &work, &work_after>();
  tasks.add<&blob, &first_word, &foreign, &split, &pick, &join>();
}

std::vector<std::int64_t> numbers(std::int64_t n) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return all;
}

}  // namespace bench
