#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <troupe/error.hpp>

#include "serialization/messages.hpp"

namespace troupe::transport {

/// The other end of a connection as an actor sees it: a session, or the peer's own actor if it is
/// in this process. Both take `envelope`; only a session takes `send_value`. Watch `actor` to learn
/// of its end.
struct link {
  caf::actor actor;
  bool local = false;
};

/// Sent to the owner of an acceptor: somebody said a good hello. The owner answers in its own words
/// (welcome_…) or closes the link.
struct accepted {
  link from;
  std::shared_ptr<const hello> who;
};

/// Sent to the actor that asked for a connection. `request` is its own number for it.
struct connected {
  std::uint64_t request = 0;
  link to;
};

struct connect_failed {
  std::uint64_t request = 0;
  error why;
};

/// Sent by a session to its owner right before it ends, when there is something to say: the peer's
/// refusal, a bad frame, silence. A closed socket has none; the owner hears of the end by watching.
struct link_failed {
  error why;
};

}  // namespace troupe::transport

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::connect_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::transport::link_failed)
