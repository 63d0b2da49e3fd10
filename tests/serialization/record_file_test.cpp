#include "serialization/record_file.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace troupe;

namespace {

std::vector<std::byte> joined(const std::vector<bytes>& parts) {
  std::vector<std::byte> all;
  for (const auto& p : parts)
    all.insert(all.end(), p.begin(), p.end());
  return all;
}

bytes block_of(std::string_view text) {
  return wire::seal(
      {.kind = wire::block_kind::client_said, .at_ns = -5, .who = 3, .body = bytes::copy(text)});
}

}  // namespace

TEST_CASE("blocks come back from a file with all that they say") {
  const auto file = joined({block_of("one"), block_of(""), block_of("a third, longer one")});
  const auto found = wire::read_blocks(bytes::copy(std::span<const std::byte>(file)));
  REQUIRE(found);
  REQUIRE(found->blocks.size() == 3);
  CHECK(found->good_bytes == file.size());
  CHECK(found->blocks[2].body.text() == "a third, longer one");
  CHECK(found->blocks[0].kind == wire::block_kind::client_said);
  CHECK(found->blocks[0].at_ns == -5);
  CHECK(found->blocks[0].who == 3);
  CHECK(found->blocks[1].offset == block_of("one").size());
}

TEST_CASE("a file that ends anywhere has its whole blocks") {
  const auto one = block_of("one");
  const auto file = joined({one, block_of("two")});
  for (std::size_t size = 0; size <= file.size(); ++size) {
    CAPTURE(size);
    const auto part = std::span<const std::byte>(file).first(size);
    const auto found = wire::read_blocks(bytes::copy(part));
    REQUIRE(found);
    CHECK(found->blocks.size() == (size < one.size() ? 0 : size < file.size() ? 1 : 2));
    CHECK(found->good_bytes <= size);
  }
}

TEST_CASE("damage before the last block is found, wherever it is, and damage in it is its end") {
  const auto one = block_of("one");
  const auto file = joined({one, block_of("two")});
  for (std::size_t at = 0; at < file.size(); ++at) {
    CAPTURE(at);
    auto bad = file;
    bad[at] ^= std::byte{0x10};
    const auto found = wire::read_blocks(bytes::copy(std::span<const std::byte>(bad)));
    // The padding of a body is not looked at.
    const bool padding = at % one.size() >= 43;
    if (at < one.size() && !padding) {
      REQUIRE_FALSE(found);
      CHECK(found.error().message.find("at byte 0") != std::string::npos);
    } else {
      REQUIRE(found);
      CHECK(found->blocks.size() == (padding ? 2 : 1));
    }
  }
}
