#pragma once

#include "actors/transport/envelope.hpp"

#if defined(__SANITIZE_THREAD__)
#define TROUPE_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TROUPE_THREAD_SANITIZER
#endif
#endif

#ifdef TROUPE_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace troupe::runtime {

// CAF is not built with ThreadSanitizer, which therefore does not see that a mailbox puts what the
// sender did before what the receiver does. These say so; in other builds they are nothing.

inline const void* content_of(const transport::envelope& message) {
  return message.local ? static_cast<const void*>(message.local.get()) : message.body.data();
}

inline const void* content_of(const transport::value_arrived& value) {
  return value.content.data();
}

inline const void* content_of(const transport::send_value& value) {
  return value.content.data();
}

/// Before a message is sent.
template <class Message>
void hand_over([[maybe_unused]] const Message& message) {
#ifdef TROUPE_THREAD_SANITIZER
  __tsan_release(const_cast<void*>(content_of(message)));
#endif
}

/// Before a message that has come is looked at.
template <class Message>
void take_over([[maybe_unused]] const Message& message) {
#ifdef TROUPE_THREAD_SANITIZER
  __tsan_acquire(const_cast<void*>(content_of(message)));
#endif
}

}  // namespace troupe::runtime
