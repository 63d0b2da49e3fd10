#pragma once

#include <cstddef>
#include <utility>

#include <troupe/value.hpp>

namespace troupe::runtime {

/// A value out of a frame of this size, to be kept: a small one must not keep a large frame alive.
inline value lean(value content, std::size_t frame_size) {
  if (content.typed() || content.size() >= frame_size / 2) return content;
  return value(bytes::copy(content.encoded().span()));
}

}  // namespace troupe::runtime
