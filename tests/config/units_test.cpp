#include "config/units.hpp"

#include <limits>

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("durations are read with their units, several in a row, and fractions") {
  CHECK(*parse_duration("90s") == 90s);
  CHECK(*parse_duration("1h30m") == 90min);
  CHECK(*parse_duration("1h 30min") == 90min);
  CHECK(*parse_duration("20ms") == 20ms);
  CHECK(*parse_duration("5us") == 5us);
  CHECK(*parse_duration("5µs") == 5us);
  CHECK(*parse_duration("7ns") == 7ns);
  CHECK(*parse_duration("2d") == 48h);
  CHECK(*parse_duration(" 0.5 s ") == 500ms);
  CHECK(*parse_duration("0s") == 0s);
}

TEST_CASE("a duration without a unit is refused with a proposal") {
  CHECK(parse_duration("30").error().message == "has no unit; did you mean \"30s\"?");
}

TEST_CASE("what is no duration is refused") {
  for (const char* text : {"", " ", "s", "-1s", "1.s", ".5s", "1x", "1h30", "1s-2s", "1e3s", "one",
                           "99999999999999999999s", "300000d", "1h,2m"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

TEST_CASE("sizes are read in 1024s, in 1000s and in bytes, in any case") {
  CHECK(*parse_size("512MiB") == 512u << 20);
  CHECK(*parse_size("2GB") == 2'000'000'000u);
  CHECK(*parse_size("1.5 GiB") == 3u << 29);
  CHECK(*parse_size("64kib") == 65'536u);
  CHECK(*parse_size("1kB") == 1000u);
  CHECK(*parse_size("4096") == 4096u);
  CHECK(*parse_size("0") == 0u);
  CHECK(*parse_size("12B") == 12u);
}

TEST_CASE("a size that can be read in two ways is refused with both") {
  CHECK(parse_size("2g").error().message ==
        "can be read in two ways; write \"2GiB\" (1024s) or \"2GB\" (1000s)");
}

TEST_CASE("what is no size is refused") {
  for (const char* text :
       {"", "-1", "MiB", "1.5", "1 PiBB", "9999999TiB", "18446744073709551616"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text).has_value());
  }
}

TEST_CASE("what is formatted is read again as the same") {
  for (const std::chrono::nanoseconds value :
       {0ns, 1ns, 999ns, 1000ns, 20'000'000ns, 90'000'000'000ns, 5'400'000'000'000ns,
        std::chrono::nanoseconds::max()})
    CHECK(*parse_duration(format_duration(value)) == value);
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000},
                                    std::uint64_t{4097}, std::uint64_t{64} << 30})
    CHECK(*parse_size(format_size(value)) == value);
  CHECK(format_duration(90s) == "90s");
  CHECK(format_duration(120s) == "2m");
  CHECK(format_size(64u << 20) == "64MiB");
}
