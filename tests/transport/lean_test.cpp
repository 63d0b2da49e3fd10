#include "actors/runtime/lean.hpp"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("a small value out of a frame does not keep the frame alive, a large one shares it") {
  auto buffer = std::make_shared<std::string>(1000, 'x');
  const std::weak_ptr<std::string> watch = buffer;
  const bytes frame(buffer, std::as_bytes(std::span(*buffer)));
  buffer = nullptr;

  const auto large = runtime::lean(value(frame.slice(100, 900)), frame.size());
  CHECK(large.encoded().data() == frame.data() + 100);
  const auto small = runtime::lean(value(frame.slice(100, 10)), frame.size());
  CHECK(small.encoded().data() != frame.data() + 100);
  CHECK(small.encoded().text() == "xxxxxxxxxx");
  CHECK(reinterpret_cast<std::uintptr_t>(small.encoded().data()) % 8 == 0);
  CHECK(watch.use_count() == 2);
  const auto none = runtime::lean(value(frame.slice(100, 0)), frame.size());
  CHECK(none.size() == 0);
  CHECK(watch.use_count() == 2);
}
