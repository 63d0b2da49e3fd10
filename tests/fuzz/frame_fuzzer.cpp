#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "serialization/messages.hpp"
#include "serialization/wire.hpp"

// The input is what a connection might carry: frames, each a header and a body. One decoder sees
// them all, as in a session. What decodes is encoded again and must come back the same.

namespace {

using namespace troupe;

void must(bool holds) {
  if (!holds) std::abort();
}

/// `decode` is a member function of decoder.
template <class Message>
void try_batch(wire::decoder& decoder, const bytes& body,
               result<batch<Message>> (wire::decoder::*decode)(const bytes&)) {
  const auto got = (decoder.*decode)(body);
  if (!got) return must(got.error().code == errc::bad_bytes);
  wire::encoder encoder;
  wire::decoder other;
  must((other.*decode)(encoder.encode(std::span<const Message>(*got))).value() == *got);
}

void try_hello(const bytes& body) {
  auto got = wire::decode_hello(body);
  if (!got) return must(got.error().code == errc::bad_bytes);
  if (got->version != protocol_version) return;
  must(wire::decode_hello(wire::encode(*got)).value() == *got);
}

void try_refusal(const bytes& body) {
  const auto why = wire::decode_refusal(body);
  must(wire::decode_refusal(wire::encode_refusal(why)) == why);
}

void try_frame(wire::decoder& decoder, std::uint16_t kind, const bytes& body) {
  using wire::frame_kind;
  switch (static_cast<frame_kind>(kind)) {
    case frame_kind::hello:
      return try_hello(body);
    case frame_kind::refusal:
      return try_refusal(body);
    case frame_kind::client_messages:
      return try_batch(decoder, body, &wire::decoder::client_messages);
    case frame_kind::client_replies:
      return try_batch(decoder, body, &wire::decoder::client_replies);
    case frame_kind::worker_messages:
      return try_batch(decoder, body, &wire::decoder::worker_messages);
    case frame_kind::worker_orders:
      return try_batch(decoder, body, &wire::decoder::worker_orders);
    case frame_kind::data_messages:
      return try_batch(decoder, body, &wire::decoder::data_messages);
    default:
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  wire::decoder decoder;
  auto left = std::as_bytes(std::span(data, size));
  while (left.size() >= sizeof(wire::frame_header)) {
    wire::frame_header header;
    std::memcpy(&header, left.data(), sizeof(header));
    left = left.subspan(sizeof(header));
    // A body that claims to be longer than the input is tried as far as it goes.
    const auto body = left.first(std::min(left.size(), std::size_t{header.words} * 8));
    left = left.subspan(body.size());
    try_frame(decoder, header.kind, bytes::copy(body));
  }
  return 0;
}
