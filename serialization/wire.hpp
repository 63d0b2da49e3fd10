#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <troupe/bytes.hpp>
#include <troupe/result.hpp>

#include "serialization/messages.hpp"
#include "serialization/wire_specs.hpp"

namespace troupe::wire {

/// What a frame holds; in its header, so that a session can tell without reading the body.
///
/// Frame = header + body. Header = 8 bytes, little-endian: u32 words (of 8 bytes, in the body),
/// u16 kind, u16 flags. Bodies of `hello`, `refusal` and the five message kinds are one Cap'n Proto
/// message each; see schema/protocol.capnp.
enum class frame_kind : std::uint16_t {
  hello = 1,      ///< First frame of whoever connected.
  refusal = 2,    ///< Why the acceptor closes; the last frame.
  heartbeat = 3,  ///< No body. Any byte is a sign of life; this one is sent when there is none.
  client_messages = 4,
  client_replies = 5,
  worker_messages = 6,
  worker_orders = 7,
  data_messages = 8,
  value_chunk = 9,  ///< chunk_prefix and a part of a value; reassembled by the session.
  value_file = 10,  ///< file_prefix; the value is in a file that comes along (Unix sockets only).
};

struct frame_header {
  std::uint32_t words = 0;
  std::uint16_t kind = 0;
  std::uint16_t flags = 0;
};

static_assert(sizeof(frame_header) == 8, "it is written to the socket as it is");

/// Head of a value_chunk's body; the rest is data, zero-padded to a word.
struct chunk_prefix {
  std::uint64_t task = 0;
  std::uint64_t total = 0;   ///< Bytes of the whole value.
  std::uint64_t offset = 0;  ///< Of this part; parts of one value come in order.
  std::uint64_t size = 0;    ///< Of this part, in bytes, without the padding.
};

/// The body of a value_file. The descriptor of the file comes with the header's first byte. It is a
/// memory file, sealed so that it cannot shrink and that the receiver cannot write to it.
struct file_prefix {
  std::uint64_t task = 0;
  std::uint64_t total = 0;   ///< Bytes of the value.
  std::uint64_t offset = 0;  ///< Of the value in the file.
};

/// Of a value_chunk or value_file: the value was not asked for but is to be kept (store_result).
inline constexpr std::uint16_t flag_store = 1;

/// Largest value that a message can carry, and the most that encode() puts into one group.
inline constexpr std::size_t value_bytes_max = std::size_t{256} << 20;

/// Longer texts (names, messages of exceptions) are cut by encode().
inline constexpr std::size_t text_bytes_max = std::size_t{1} << 20;

bytes encode(const hello&);

/// Of a hello of another protocol version only `version`, `name`, `host` and `release` are filled
/// in: enough for the acceptor to say why it refuses.
result<hello> decode_hello(const bytes& body);

bytes encode_refusal(const error&);

/// Why the acceptor refused; of a body that is no refusal, an errc::bad_bytes that says so.
error decode_refusal(const bytes& body);

/// Turns batches for one connection into frame bodies. Specs are sent once and then by number, so
/// each connection and direction has its own encoder and, at the other end, its own decoder, and
/// all frames of the one must reach the other in order.
class encoder {
public:
  bytes encode(std::span<const client_message>);
  bytes encode(std::span<const client_reply>);
  bytes encode(std::span<const worker_message>);
  bytes encode(std::span<const worker_order_message>);
  bytes encode(std::span<const data_message>);

private:
  spec_numbers specs_;
};

/// Turns frame bodies back into batches. Values and arguments are slices of `body`, not copies.
///
/// Never throws and never reads outside `body`: whatever is wrong with it is an errc::bad_bytes.
/// Then the decoder may be out of step with its encoder, and the connection has to end.
class decoder {
public:
  result<batch<client_message>> client_messages(const bytes& body);
  result<batch<client_reply>> client_replies(const bytes& body);
  result<batch<worker_message>> worker_messages(const bytes& body);
  result<batch<worker_order_message>> worker_orders(const bytes& body);
  result<batch<data_message>> data_messages(const bytes& body);

private:
  spec_table specs_;
};

}  // namespace troupe::wire
