#include "serialization/record_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string>

namespace troupe::wire {

namespace {

constexpr std::uint32_t magic = 0x70747254;  // "Trtp"
constexpr std::size_t alignment = 8;

struct head {
  std::uint32_t magic = 0;
  std::uint32_t head_sum = 0;  ///< Of the rest of the head.
  std::uint32_t body_sum = 0;
  std::uint16_t kind = 0;
  std::uint16_t flags = 0;
  std::uint64_t size = 0;  ///< Of the body without its padding.
  std::int64_t at_ns = 0;
  std::uint64_t who = 0;
};

static_assert(sizeof(head) == 40, "it is written to the file as it is");

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    auto rest = i;
    for (int bit = 0; bit < 8; ++bit)
      rest = rest & 1 ? rest >> 1 ^ 0x82F63B78u : rest >> 1;
    table[i] = rest;
  }
  return table;
}

/// CRC-32C.
std::uint32_t checksum(const std::byte* from, std::size_t size) {
  static constexpr auto table = make_table();
  auto sum = ~std::uint32_t{0};
  for (std::size_t i = 0; i < size; ++i)
    sum = table[(sum ^ std::to_integer<std::uint32_t>(from[i])) & 0xff] ^ sum >> 8;
  return ~sum;
}

std::uint32_t sum_of(const head& h) {
  std::array<std::byte, sizeof h> raw{};
  std::memcpy(raw.data(), &h, sizeof h);
  constexpr auto skipped = offsetof(head, body_sum);
  return checksum(raw.data() + skipped, raw.size() - skipped);
}

constexpr std::uint64_t padded(std::uint64_t size) {
  return (size + alignment - 1) / alignment * alignment;
}

std::optional<block> whole_block_at(const bytes& content, std::uint64_t offset) {
  head h;
  if (content.size() - offset < sizeof h) return {};
  std::memcpy(&h, content.data() + offset, sizeof h);
  if (h.magic != magic || h.head_sum != sum_of(h)) return {};
  const auto left = content.size() - offset - sizeof h;
  if (h.size > left || padded(h.size) > left) return {};
  const auto body = content.slice(offset + sizeof h, h.size);
  if (checksum(body.data(), body.size()) != h.body_sum) return {};
  return block{static_cast<block_kind>(h.kind), h.at_ns, h.who, body, offset};
}

std::uint64_t end_of(const block& b) {
  return b.offset + sizeof(head) + padded(b.body.size());
}

}  // namespace

bytes seal(const block& b) {
  head h{magic,
         0,
         checksum(b.body.data(), b.body.size()),
         static_cast<std::uint16_t>(b.kind),
         0,
         b.body.size(),
         b.at_ns,
         b.who};
  h.head_sum = sum_of(h);
  std::vector<std::byte> sealed(sizeof h + padded(b.body.size()));
  std::memcpy(sealed.data(), &h, sizeof h);
  if (!b.body.empty()) std::memcpy(sealed.data() + sizeof h, b.body.data(), b.body.size());
  return bytes::adopt(std::move(sealed));
}

bool begins_a_block(const bytes& content) {
  std::uint32_t word = magic;
  if (!content.empty()) std::memcpy(&word, content.data(), std::min(content.size(), sizeof word));
  return word == magic;
}

result<found_blocks> read_blocks(const bytes& content) {
  found_blocks found;
  while (auto next = whole_block_at(content, found.good_bytes)) {
    found.good_bytes = end_of(*next);
    found.blocks.push_back(std::move(*next));
  }
  for (auto at = found.good_bytes + alignment; at < content.size(); at += alignment)
    if (whole_block_at(content, at))
      return error{errc::bad_bytes, "damaged at byte " + std::to_string(found.good_bytes) +
                                        "; the next good block begins at byte " +
                                        std::to_string(at)};
  return found;
}

}  // namespace troupe::wire
