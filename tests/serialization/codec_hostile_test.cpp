#include <algorithm>
#include <cstdint>
#include <random>

#include <doctest/doctest.h>

#include <troupe/codec.hpp>

#include "tests/serialization/codec_types.hpp"

using namespace codec_types;
using namespace troupe;

namespace {

/// Message of the errc::bad_bytes that decoding ends with; empty if it does not.
template <class T>
std::string refusal(const bytes& from) {
  try {
    (void)from_bytes<T>(from);
    return "";
  } catch (const exception& e) {
    CHECK(e.code() == errc::bad_bytes);
    return e.what();
  }
}

/// A count of 2^60 things, and then some bytes.
bytes huge_count() {
  std::vector<std::byte> from(64, std::byte{0});
  from[0] = std::byte{255};
  from[8] = std::byte{0x10};
  return bytes::adopt(std::move(from));
}

bytes of(std::initializer_list<unsigned> numbers) {
  std::vector<std::byte> from;
  for (const auto n : numbers)
    from.push_back(static_cast<std::byte>(n));
  return bytes::adopt(std::move(from));
}

bool has(const std::string& all, const std::string& part) {
  return all.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a value that is cut off anywhere is refused") {
  const auto whole = to_bytes(sample());
  REQUIRE(from_bytes<everything>(whole) == sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(has(refusal<everything>(whole.slice(0, size)), "wanted"));
  }
}

TEST_CASE("bytes after the value are refused") {
  CHECK(refusal<std::int32_t>(of({1, 2, 3, 4, 5})) ==
        "cannot decode: wanted the end at byte 4 of 5, found 1 more bytes");
  CHECK(refusal<std::int32_t>(of({1, 2, 3})) ==
        "cannot decode: wanted 4 bytes of i32 at byte 0 of 3, found only 3");
}

TEST_CASE("a huge count is refused before memory is taken for it") {
  const auto from = huge_count();
  CHECK(has(refusal<std::vector<double>>(from), "a possible size of a list"));
  CHECK(has(refusal<std::span<const double>>(from), "a possible size of a list"));
  CHECK(has(refusal<std::vector<std::string>>(from), "a possible size of a list"));
  CHECK(has(refusal<std::vector<bool>>(from), "a possible size of a list"));
  CHECK(has(refusal<std::vector<empty>>(from), "a possible size of a list"));
  CHECK(has(refusal<std::vector<everything>>(from), "a possible size of a list"));
  CHECK(has(refusal<std::set<int>>(from), "a possible size of a list"));
  CHECK(has(refusal<std::unordered_set<int>>(from), "a possible size of a list"));
  CHECK(has(refusal<std::map<int, int>>(from), "a possible size of a map"));
  CHECK(has(refusal<std::string>(from), "a possible size of text"));
  CHECK(has(refusal<bytes>(from), "a possible size of bytes"));
}

TEST_CASE("values outside their type are refused") {
  CHECK(has(refusal<bool>(of({2})), "wanted a bool (0 or 1)"));
  CHECK(has(refusal<std::vector<bool>>(of({1, 7})), "wanted a bool (0 or 1)"));
  CHECK(has(refusal<std::array<bool, 1>>(of({9})), "wanted a bool (0 or 1)"));
  CHECK(has(refusal<std::optional<bool>>(of({3})), "wanted a bool (0 or 1)"));
  CHECK(has(refusal<std::variant<int, bool>>(of({2, 0, 0, 0, 0})), "wanted one of 2 alternatives"));
}

TEST_CASE("lists nested too deep are refused before the stack is used up") {
  std::vector<std::byte> from;
  for (int i = 0; i < 1'000'000; ++i) {
    from.insert(from.end(), 4, std::byte{0});
    from.push_back(std::byte{1});
  }
  CHECK(has(refusal<tree>(bytes::adopt(std::move(from))), "nested at most 200 deep"));
}

TEST_CASE("any bytes decode to a value or are refused, and nothing else happens") {
  std::mt19937_64 random(1);
  const auto whole = to_bytes(sample());
  int decoded = 0;
  for (int round = 0; round < 100'000; ++round) {
    std::vector<std::byte> from;
    if (round % 2 == 0) {
      from.resize(random() % 200);
      std::generate(from.begin(), from.end(), [&random] {
        return static_cast<std::byte>(random() % 4 ? random() % 3 : random());
      });
    } else {
      from.assign(whole.begin(), whole.end());
      for (auto changes = random() % 3 + 1; changes > 0; --changes)
        from[random() % from.size()] = static_cast<std::byte>(random());
    }
    try {
      const auto v = from_bytes<everything>(bytes::adopt(std::move(from)));
      ++decoded;
      (void)to_bytes(v);
    } catch (const exception& e) {
      REQUIRE(e.code() == errc::bad_bytes);
    }
  }
  CHECK(decoded > 0);
}
