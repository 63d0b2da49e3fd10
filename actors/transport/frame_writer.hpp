#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <sys/uio.h>
#include <vector>

#include <troupe/bytes.hpp>

#include "actors/transport/envelope.hpp"
#include "serialization/memory_pool.hpp"

namespace troupe::transport {

/// What waits to be sent on one connection, as frames. Messages go before values, and values in
/// chunks, so a large value delays no message for long. Nothing is copied: what is sent is sent
/// from where it lies.
class frame_writer {
public:
  /// Pointers to what is to be written next, for one call of the kernel.
  struct piece {
    std::span<const iovec> parts;
    int file = -1;  ///< To go along with the first byte.
  };

  /// `files`: values that are in a memory file are passed as that.
  explicit frame_writer(bool files = false) : files_(files) {}

  void push(const envelope&);
  void push(const send_value&);
  void push_heartbeat();

  /// Forgets the values that have not begun, and the rest of one that has.
  void drop_values();

  bool empty() const noexcept { return begun_.empty() && messages_.empty() && values_.empty(); }

  /// Bytes that wait.
  std::size_t waiting() const noexcept { return waiting_; }

  /// Nothing in it if nothing waits. Until sent() it gives the same again, or the same and more.
  piece next();

  /// So many bytes of next() have been written.
  void sent(std::size_t);

private:
  /// A frame that may have been written in part: it cannot be overtaken.
  struct frame {
    std::array<std::byte, sizeof(wire::frame_header) + sizeof(wire::chunk_prefix)> head{};
    std::size_t head_size = 0;
    bytes body;
    std::size_t padding = 0;
    std::shared_ptr<const int> file;
    std::shared_ptr<const void> receipt;

    std::size_t size() const noexcept { return head_size + body.size() + padding; }
  };

  struct value {
    send_value what;
    std::uint64_t sent = 0;
  };

  void begin(wire::frame_kind, std::uint16_t flags, std::span<const std::byte> prefix, bytes body);
  void begin_value();
  bool add_parts(const frame&, std::size_t skip);

  bool files_;
  std::deque<frame> begun_;
  std::size_t begun_bytes_ = 0;  ///< Of begun_, less front_sent_.
  std::size_t front_sent_ = 0;   ///< Of the first frame in begun_.
  std::deque<envelope> messages_;
  std::deque<value> values_;
  std::size_t waiting_ = 0;
  std::vector<iovec> parts_;
};

}  // namespace troupe::transport
