#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "actors/runtime/host.hpp"

namespace troupe::runtime {

/// About how many bytes a message has in a frame: its values and lists, and something for the rest.
template <class Message>
std::size_t estimated_size(const Message& message) {
  return std::visit(
      [](const auto& m) {
        std::size_t size = 128;
        if constexpr (requires { m.arguments; }) size += m.arguments.size();
        if constexpr (requires { m.content; }) size += m.content.size();
        if constexpr (requires { m.small; }) size += m.small.size();
        if constexpr (requires { m.inputs; }) size += m.inputs.size() * 64;
        if constexpr (requires { m.missing; }) size += m.missing.size() * 64;
        if constexpr (requires { m.why; }) size += m.why.message.size() + m.why.chain.size() * 64;
        if constexpr (requires { m.workers; }) size += m.workers.size() * 512;
        return size;
      },
      message);
}

/// Messages to one peer that wait for the end of the turn. A local peer gets them as they are, a
/// remote one as frames of about a mebibyte or of one large message.
template <class Message, wire::frame_kind Kind>
class outbox {
public:
  explicit outbox(transport::link to) : to_(std::move(to)) {}

  const transport::link& to() const noexcept { return to_; }

  bool empty() const noexcept { return waiting_.empty(); }

  /// So much waits that flush() is due before the end of the turn: the receiver can begin, and what
  /// is passed on is still in the processor's caches.
  bool large() const noexcept { return size_ >= frame_size || waiting_.size() >= count_max; }

  void push(Message m) {
    size_ += estimated_size(m);
    waiting_.push_back(std::move(m));
  }

  /// `receipt` goes when all that waited has been taken: by the peer's actor, or by the network.
  void flush(const self& me, const std::shared_ptr<const void>& receipt = nullptr) {
    if (waiting_.empty()) return;
    if (to_.local) {
      auto messages = std::exchange(waiting_, {});
      me.send(
          to_.actor,
          transport::envelope{
              Kind, {}, std::make_shared<transport::local_batch>(std::move(messages)), receipt});
    } else {
      send_frames(me, receipt);
      waiting_.clear();
    }
    size_ = 0;
  }

private:
  static constexpr std::size_t frame_size = std::size_t{1} << 20;
  static constexpr std::size_t count_max = 512;

  void send_frames(const self& me, const std::shared_ptr<const void>& receipt) {
    std::span<const Message> left(waiting_);
    while (!left.empty()) {
      std::size_t count = 1;
      auto size = estimated_size(left.front());
      while (count < left.size() && size < frame_size)
        size += estimated_size(left[count++]);
      // The one that crossed the line waits for the next frame, unless it is alone.
      if (size > frame_size && count > 1) --count;
      me.send(to_.actor,
              transport::envelope{Kind, encoder_.encode(left.first(count)), nullptr, receipt});
      left = left.subspan(count);
    }
  }

  transport::link to_;
  wire::encoder encoder_;
  batch<Message> waiting_;
  std::size_t size_ = 0;
};

}  // namespace troupe::runtime
