#pragma once

#include <memory>
#include <variant>

#include <caf/allowed_unsafe_message_type.hpp>

#include <troupe/bytes.hpp>

#include "serialization/messages.hpp"
#include "serialization/wire.hpp"

namespace troupe::transport {

/// A batch that stays in this process: handed over by pointer, never encoded. Its one receiver may
/// move the messages out.
using local_batch = std::variant<batch<client_message>, batch<client_reply>, batch<worker_message>,
                                 batch<worker_order_message>, batch<data_message>>;

/// The one message that actors of the three roles send each other. From a session it has a frame's
/// kind and body; from an actor of this process a batch.
struct envelope {
  wire::frame_kind kind{};
  bytes body;
  std::shared_ptr<local_batch> local;
  /// Lets the session read on once the message has been handled. Keep `body`, not the envelope.
  std::shared_ptr<const void> receipt = {};
};

/// A value that came in parts, complete. Sent by a session to its owner.
struct value_arrived {
  task_id task;
  bytes content;
  bool store = false;                        ///< It was pushed (store_result), not asked for.
  std::shared_ptr<const void> receipt = {};  ///< As in envelope.
};

/// Asks a session to send a value in parts, behind all messages. Nothing is copied until then.
struct send_value {
  task_id task;
  bytes content;
  bool store = false;
};

}  // namespace troupe::transport

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::envelope)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::value_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::send_value)
