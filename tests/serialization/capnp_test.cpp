#include <string>

#include <capnp/schema.capnp.h>
#include <doctest/doctest.h>

#include <troupe/capnp.hpp>

using namespace troupe;

namespace {

using node = capnp_value<capnp::schema::Node>;

node named(const char* name) {
  capnp::MallocMessageBuilder message;
  message.initRoot<capnp::schema::Node>().setDisplayName(name);
  return node(message);
}

std::string refusal(const bytes& message) {
  try {
    node v(message);
    return "";
  } catch (const exception& e) {
    CHECK(e.code() == errc::bad_bytes);
    return e.what();
  }
}

}  // namespace

TEST_CASE("a Cap'n Proto struct travels inside other values and is read in place") {
  const std::pair<std::string, node> sent("x", named("hello"));
  const auto buffer = to_bytes(sent);
  const auto arrived = from_bytes<std::pair<std::string, node>>(buffer).second;
  CHECK(arrived == sent.second);
  CHECK(arrived.message().data() > buffer.data());
  CHECK(arrived.message().data() < buffer.data() + buffer.size());
  const auto reader = arrived.reader();
  CHECK(std::string(reader->getDisplayName().cStr()) == "hello");
  CHECK(codec<node>::signature() == "capnp<@0xe682ab4cf923a417>");
}

TEST_CASE("a Cap'n Proto struct that nobody set has its defaults") {
  CHECK(node().reader()->getDisplayName().size() == 0);
}

TEST_CASE("a broken Cap'n Proto message is refused") {
  const auto good = named("hello").message();
  CHECK(refusal(good) == "");
  CHECK(refusal(bytes()).find("not whole words") != std::string::npos);
  CHECK(refusal(bytes::copy("12345678")).find("broken") != std::string::npos);
  for (std::size_t size = 1; size < good.size(); ++size)
    CHECK(refusal(good.slice(0, size)) != "");
  std::vector<std::byte> longer(good.begin(), good.end());
  longer.resize(longer.size() + 8);
  CHECK(refusal(bytes::adopt(std::move(longer))).find("more than one") != std::string::npos);
}

TEST_CASE("a Cap'n Proto message off the boundary is copied") {
  const auto good = named("hello").message();
  std::vector<std::byte> shifted(good.size() + 1);
  std::copy(good.begin(), good.end(), shifted.begin() + 1);
  const node v(bytes::adopt(std::move(shifted)).slice(1, good.size()));
  CHECK(std::string(v.reader()->getDisplayName().cStr()) == "hello");
}

TEST_CASE("reading a Cap'n Proto message ends at the limit that the reader was given") {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 1;
  CHECK_THROWS_AS(named("hello").reader(options)->getDisplayName(), kj::Exception);
}
