#include <cstdint>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <troupe/array.hpp>

#include "serialization/memory_pool.hpp"

using namespace troupe;

namespace {

array<std::int64_t> counted(std::size_t count) {
  array<std::int64_t> made(count);
  const auto numbers = made.writable();
  std::iota(numbers.begin(), numbers.end(), 1);
  return made;
}

}  // namespace

TEST_CASE("an array and a vector are the same bytes, short, long and empty") {
  for (const std::size_t count : {0, 1, 7, 254, 255, 256, 100'000}) {
    CAPTURE(count);
    const auto made = counted(count);
    const std::vector<std::int64_t> same(made.begin(), made.end());
    REQUIRE(same.size() == count);
    CHECK(to_bytes(made) == to_bytes(same));
    CHECK(make_value(made).encoded() == to_bytes(same));
    CHECK(make_value(made).size() == to_bytes(same).size());
    CHECK(from_bytes<array<std::int64_t>>(to_bytes(same)) == made);
    CHECK(from_bytes<std::vector<std::int64_t>>(make_value(made).encoded()) == same);
  }
  CHECK(codec<array<double>>::signature() == codec<std::vector<double>>::signature());
}

TEST_CASE("numbers that are not of 8 bytes keep their order and their padding") {
  for (const std::size_t count : {3, 300}) {
    const auto bytes_of = [](auto v) { return make_value(std::move(v)).encoded(); };
    CHECK(bytes_of(array<std::uint8_t>(count, 7)) == to_bytes(std::vector<std::uint8_t>(count, 7)));
    CHECK(bytes_of(array<float>(count, 7)) == to_bytes(std::vector<float>(count, 7)));
  }
}

TEST_CASE("an array is encoded where it lies, and can be passed as a file if it is large") {
  const auto small = counted(3);
  const auto encoded = make_value(small).encoded();
  CHECK(static_cast<const void*>(encoded.data() + encoded.size()) ==
        static_cast<const void*>(small.data() + small.size()));
  const auto large = counted(100'000);
  CHECK(process_memory().share(make_value(large).encoded()));
}

TEST_CASE("what arrives is read in place, and is no copy until it is written to") {
  const auto arrived = make_value(counted(1000)).encoded();
  auto read = from_bytes<array<std::int64_t>>(arrived);
  CHECK(static_cast<const void*>(read.data()) ==
        static_cast<const void*>(arrived.data() + arrived.size() - 8000));
  read.writable()[0] = -1;
  CHECK(read[0] == -1);
  CHECK(from_bytes<array<std::int64_t>>(arrived)[0] == 1);
}

TEST_CASE("bytes that do not lie well are copied") {
  const auto arrived = to_bytes(counted(1000));
  std::vector<std::byte> moved(1);
  moved.insert(moved.end(), arrived.begin(), arrived.end());
  const auto whole = bytes::adopt(std::move(moved));
  CHECK(from_bytes<array<std::int64_t>>(whole.slice(1, whole.size())) == counted(1000));
}

TEST_CASE("copies share their numbers until one of them is written to") {
  auto a = counted(10);
  const auto b = a;
  CHECK(a.data() == b.data());
  a.writable()[9] = 100;
  CHECK(b[9] == 10);
  CHECK(a[9] == 100);
  const auto* alone = a.data();
  a.writable()[0] = 5;
  CHECK(a.data() == alone);
}

TEST_CASE("numbers on their way are not changed by a later writing") {
  auto a = counted(10);
  const auto sent = make_value(a).encoded();
  a.writable()[0] = 100;
  CHECK(from_bytes<array<std::int64_t>>(sent) == counted(10));
}

TEST_CASE("an array inside other values is one too") {
  using both = std::pair<std::string, array<double>>;
  const both sent{"x", array<double>(4, 2.5)};
  CHECK(from_bytes<both>(to_bytes(sent)) == sent);
}

TEST_CASE("a count that is not there is refused") {
  const auto whole = make_value(counted(1000)).encoded();
  CHECK_THROWS_AS(from_bytes<array<std::int64_t>>(whole.slice(0, whole.size() - 1)), exception);
  CHECK_THROWS_AS(array<std::int64_t>(std::size_t{1} << 61), std::bad_alloc);
}
