#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <troupe/error.hpp>

#include "serialization/wire.hpp"

namespace troupe::transport {

/// A whole frame, header and body.
std::vector<std::byte> hello_frame(const hello&);
std::vector<std::byte> refusal_frame(const error&);

wire::frame_header header_of(std::span<const std::byte>);

/// Whether these first 8 bytes are TLS, and not a header of ours.
bool looks_like_tls(std::span<const std::byte>);

}  // namespace troupe::transport
