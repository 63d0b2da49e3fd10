#include "actors/transport/addresses.hpp"

#include <doctest/doctest.h>

namespace troupe::test {

using namespace transport;

TEST_CASE("addresses are read and written back") {
  for (auto* text : {"tcp://127.0.0.1:8786", "tcp://[::1]:0", "tcp://node7.example.org:65535",
                     "unix:///run/x.sock", "local://7"}) {
    auto parsed = parse_address(text);
    REQUIRE_MESSAGE(parsed.has_value(), text);
    CHECK(to_string(*parsed) == text);
  }
  CHECK(std::get<tcp_address>(*parse_address("tcp://[::1]:9")) == tcp_address{"::1", 9});
}

TEST_CASE("what is no address is an error that shows what one looks like") {
  for (auto* text : {"", "localhost:1", "tcp://", "tcp://host", "tcp://:1", "tcp://h:x",
                     "tcp://h:", "tcp://h:65536", "tcp://h:-1", "tcp://::1:9", "tcp://a/b:1",
                     "unix://x", "unix://", "local://", "local://x", "http://h:1"}) {
    CAPTURE(text);
    auto parsed = parse_address(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().message.find("tcp://HOST:PORT") != std::string::npos);
  }
}

TEST_CASE("an interface's name stands for its address") {
  CHECK(*on_interface("tcp://0.0.0.0:5", "lo") == "tcp://127.0.0.1:5");
  auto unknown = on_interface("tcp://0.0.0.0:5", "ib77");
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().message.find("lo") != std::string::npos);
  CHECK_FALSE(on_interface("unix:///x", "lo").has_value());
}

TEST_CASE("loopback is told from the rest") {
  auto loopback = [](const char* host) { return is_loopback(resolve_numeric({host, 1}).front()); };
  CHECK(loopback("127.0.0.1"));
  CHECK(loopback("127.1.2.3"));
  CHECK(loopback("::1"));
  CHECK(loopback("::ffff:127.0.0.1"));
  CHECK_FALSE(loopback("0.0.0.0"));
  CHECK_FALSE(loopback("::"));
  CHECK_FALSE(loopback("10.0.0.7"));
  CHECK_FALSE(loopback("::ffff:10.0.0.7"));
}

TEST_CASE("who listens everywhere is told an address that others can use") {
  auto bound = bind_and_listen(tcp_address{"0.0.0.0", 0});
  REQUIRE(bound.has_value());
  auto shown = std::get<tcp_address>(*parse_address(bound->address));
  CHECK(shown.host == own_host());
  CHECK(shown.host != "0.0.0.0");
  CHECK(shown.port != 0);
}

TEST_CASE("a port that is taken is an error that says so") {
  auto bound = bind_and_listen(tcp_address{"127.0.0.1", 0});
  REQUIRE(bound.has_value());
  auto again = bind_and_listen(*parse_address(bound->address));
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().message.find("another process") != std::string::npos);
}

}  // namespace troupe::test
