#include "actors/transport/hello_frames.hpp"

#include <cstring>

namespace troupe::transport {

namespace {

std::vector<std::byte> framed(wire::frame_kind kind, const bytes& body) {
  wire::frame_header header{static_cast<std::uint32_t>((body.size() + 7) / 8),
                            static_cast<std::uint16_t>(kind), 0};
  std::vector<std::byte> all(sizeof header + std::size_t{header.words} * 8);
  std::memcpy(all.data(), &header, sizeof header);
  std::memcpy(all.data() + sizeof header, body.data(), body.size());
  return all;
}

}  // namespace

std::vector<std::byte> hello_frame(const hello& who) {
  return framed(wire::frame_kind::hello, wire::encode(who));
}

std::vector<std::byte> refusal_frame(const error& why) {
  return framed(wire::frame_kind::refusal, wire::encode_refusal(why));
}

wire::frame_header header_of(std::span<const std::byte> from) {
  wire::frame_header header;
  std::memcpy(&header, from.data(), sizeof header);
  return header;
}

bool looks_like_tls(std::span<const std::byte> from) {
  // A TLS record: type (alert, handshake), major version 3. The header of ours that would begin
  // alike has a kind below 32, where a record has its length's low byte and its first byte.
  auto type = std::to_integer<int>(from[0]);
  return (type == 0x15 || type == 0x16) && std::to_integer<int>(from[1]) == 3 &&
         header_of(from).kind >= 32;
}

}  // namespace troupe::transport
