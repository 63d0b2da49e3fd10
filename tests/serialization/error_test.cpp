#include <doctest/doctest.h>

#include <troupe/error.hpp>

using namespace troupe;

TEST_CASE("a task's failure is told in one line with all that is known") {
  CHECK(describe({.code = errc::task_failed,
                  .message = "no such bond",
                  .type = "std::out_of_range",
                  .task = "price",
                  .worker = "node7-1",
                  .chain = {"total"}}) ==
        "task 'price' failed on worker 'node7-1': std::out_of_range: no such bond (needed by "
        "'total')");
  CHECK(describe({.code = errc::cancelled, .message = "", .task = "price"}) ==
        "task 'price' was cancelled");
  CHECK(describe({errc::task_failed, "two\nlines"}) == "two lines");
}

TEST_CASE("an error without words has those of its code") {
  CHECK(describe({errc::timeout, ""}) == "timeout");
  CHECK(to_string(errc::worker_lost) == "worker lost");
  CHECK(to_string(static_cast<errc>(999)) == "unknown error");
}

TEST_CASE("a long chain of dependents is cut") {
  const auto line = describe({.code = errc::task_failed,
                              .message = "x",
                              .task = "t",
                              .chain = std::vector<std::string>(1000, "d")});
  CHECK(line.size() < 100);
  CHECK(line.ends_with("'d' and 992 more)"));
}
