#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <troupe/bytes.hpp>
#include <troupe/id.hpp>
#include <troupe/result.hpp>

#include "actors/transport/socket.hpp"
#include "serialization/wire.hpp"

namespace troupe::transport {

/// A frame as it came; the body is aligned for reading in place.
struct frame {
  wire::frame_kind kind{};
  bytes body;
};

/// All chunks of one value, put together.
struct whole_value {
  task_id task;
  bytes content;
  bool store = false;
};

using arrival = std::variant<frame, whole_value>;

/// A set of frame_kinds.
using kind_set = std::uint32_t;

constexpr kind_set only(wire::frame_kind kind) {
  return kind_set{1} << static_cast<unsigned>(kind);
}

struct reader_limits {
  std::uint64_t frame_max = 0;
  std::uint64_t value_max = 0;
  kind_set kinds = 0;  ///< Others are errors.
};

/// Cuts a stream of bytes into frames, and puts values together from their chunks.
///
/// A header is checked before anything is allocated for it. Frames that arrive together share one
/// buffer; a large frame is copied once, to where it stays. Values go to memory that was used
/// before, if there is some; those that come in files are mapped.
class frame_reader {
public:
  explicit frame_reader(reader_limits limits) : limits_(limits) {}

  /// Appends what is complete. After an error the stream cannot be read further.
  result<void> feed(std::span<const std::byte> data, std::vector<arrival>& out);

  /// Where to read the next bytes to, when many of one frame are still to come: what is read there
  /// is not fed, but filled() is told. Empty: nowhere.
  std::span<std::byte> room();
  result<void> filled(std::size_t size, std::vector<arrival>& out);

  /// Files that came along with the bytes that are fed next, or were fed already.
  void add_files(std::vector<socket_fd>& files);

private:
  using span = std::span<const std::byte>;

  /// Of a frame that is larger than what has arrived.
  struct partial_body {
    std::shared_ptr<std::uint64_t[]> words;
    std::size_t size = 0;
    std::size_t filled = 0;
  };

  struct partial_chunk {
    std::size_t filled = 0;  ///< Of the prefix.
    wire::chunk_prefix prefix;
    std::size_t data_left = 0;
    std::size_t padding_left = 0;
  };

  struct assembly {
    task_id task;
    bool store = false;
    std::shared_ptr<std::byte> content;
    std::uint64_t total = 0;
    std::uint64_t filled = 0;
  };

  result<void> check_header(const wire::frame_header&) const;
  /// Takes all message frames that are complete at the start of `data`.
  result<span> take_run(span data, std::vector<arrival>& out);
  result<span> take_header(span data, std::vector<arrival>& out);
  result<void> begin(const wire::frame_header&, std::vector<arrival>& out);
  result<span> take_body(span data, std::vector<arrival>& out);
  result<void> grow_body(std::size_t size, std::vector<arrival>& out);
  result<void> finish(wire::frame_kind, std::uint16_t flags, bytes body, std::vector<arrival>& out);
  result<whole_value> take_file(std::uint16_t flags, const bytes& body);
  result<span> take_chunk(span data, std::vector<arrival>& out);
  result<void> begin_chunk_data();
  void finish_chunk(std::vector<arrival>& out);

  reader_limits limits_;
  std::deque<socket_fd> files_;
  std::array<std::byte, sizeof(wire::frame_header)> header_{};
  std::size_t header_filled_ = 0;
  wire::frame_header partial_header_;
  std::variant<std::monostate, partial_body, partial_chunk> partial_;
  std::optional<assembly> value_;
};

}  // namespace troupe::transport
