#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include "actors/runtime/host.hpp"

namespace troupe::transport {

/// Keeps the owner's mailbox bounded: a session stops reading while the owner has more than so much
/// unhandled. Each message carries a receipt; the owner's host drops it when the message has been
/// handled, on whatever thread that is.
class read_gate : public std::enable_shared_from_this<read_gate> {
public:
  /// What others say waits behind this. Of small tasks it is some 10 ms of a scheduler's time.
  static constexpr std::int64_t bytes_max = std::int64_t{2} << 20;
  static constexpr std::int64_t frames_max = 256;

  explicit read_gate(caf::actor_addr session) : session_(std::move(session)) {}

  /// For `frames` messages that hold so many bytes; all of them share it.
  std::shared_ptr<const void> receipt(std::int64_t frames, std::int64_t bytes) {
    frames_ += frames;
    bytes_ += bytes;
    return std::make_shared<const counted>(shared_from_this(), frames, bytes);
  }

  /// True if the session has to stop reading. It is woken then when it may go on.
  bool close_if_full() {
    if (frames_ <= frames_max && bytes_ <= bytes_max) return false;
    closed_ = true;
    // The last receipt may have gone between the two lines above.
    return !half_empty() || !closed_.exchange(false);
  }

private:
  struct counted {
    counted(std::shared_ptr<read_gate> of, std::int64_t frame_count, std::int64_t byte_count)
        : gate(std::move(of)), frames(frame_count), bytes(byte_count) {}

    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;

    ~counted() { gate->handled(frames, bytes); }

    std::shared_ptr<read_gate> gate;
    std::int64_t frames;
    std::int64_t bytes;
  };

  bool half_empty() const { return frames_ <= frames_max / 2 && bytes_ <= bytes_max / 2; }

  void handled(std::int64_t frames, std::int64_t bytes) {
    frames_ -= frames;
    bytes_ -= bytes;
    if (half_empty() && closed_.exchange(false))
      if (auto session = caf::actor_cast<caf::actor>(session_))
        caf::anon_send(session, runtime::wake_atom::value);
  }

  caf::actor_addr session_;
  std::atomic<std::int64_t> frames_ = 0;
  std::atomic<std::int64_t> bytes_ = 0;
  std::atomic<bool> closed_ = false;
};

}  // namespace troupe::transport
