#include "actors/worker/core/store.hpp"

#include <doctest/doctest.h>

using namespace troupe;

namespace {

constexpr task_id x{1};
constexpr task_id y{2};

value text(std::string_view s) {
  return value(bytes::copy(s));
}

}  // namespace

TEST_CASE("a store knows how many bytes its results have") {
  core::store s;
  s.put(x, text("four"));
  s.put(y, text("sixsix"));
  CHECK(s.size() == 2);
  CHECK(s.bytes() == 10);
  CHECK(s.drop(x).held);
  CHECK(s.size() == 1);
  CHECK(s.bytes() == 6);
}

TEST_CASE("what was put first stays") {
  core::store s;
  CHECK(s.put(x, text("first")) == text("first"));
  CHECK(s.put(x, text("second, longer")) == text("first"));
  CHECK(*s.find(x) == text("first"));
  CHECK(s.bytes() == 5);
}

TEST_CASE("what is not there is neither found nor dropped") {
  core::store s;
  CHECK(s.find(x) == nullptr);
  CHECK_FALSE(s.drop(x).held);
  s.put(x, value());
  REQUIRE(s.find(x));
  CHECK(s.find(x)->size() == 0);
  CHECK(s.drop(x).held);
  CHECK_FALSE(s.drop(x).held);
  CHECK(s.bytes() == 0);
}
