#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <capnp/serialize.h>
#include <kj/exception.h>

#include <troupe/bytes.hpp>
#include <troupe/error.hpp>
#include <troupe/result.hpp>

#include "protocol.capnp.h"
#include "serialization/messages.hpp"
#include "serialization/wire.hpp"
#include "serialization/wire_limits.hpp"

// What all that decodes needs. Private to wire.
namespace troupe::wire {

/// Thrown and caught inside decoding only, as Cap'n Proto's own exceptions are; see decode_body().
struct broken_rule {
  const char* rule;
};

inline void need(bool holds, const char* rule) {
  if (!holds) [[unlikely]]
    throw broken_rule{rule};
}

using numbers = std::vector<std::uint64_t>;

/// One frame's body while it is decoded.
///
/// All counts that the frame claims are taken from one allowance, so that memory stays in
/// proportion to the frame whatever they say.
class body_reader {
public:
  /// Copies `body` only if it does not begin on a word boundary.
  explicit body_reader(const bytes& body);

  template <class Root>
  typename Root::Reader root(frame_kind kind) {
    auto root = message_.getRoot<Root>();
    need(root.getKind() == static_cast<std::uint16_t>(kind), "the body is of the header's kind");
    return root;
  }

  /// Takes that many messages, inputs, holders or list elements from the allowance.
  std::size_t take(std::uint64_t count) {
    need(count <= left_, "a frame holds at most 16384 things and one more for each word");
    left_ -= static_cast<std::size_t>(count);
    return static_cast<std::size_t>(count);
  }

  std::size_t take_all(const numbers& counts) {
    std::size_t sum = 0;
    for (auto count : counts)
      sum += take(count);
    return sum;
  }

  /// How many messages there can be at most.
  std::size_t allowance() const noexcept { return left_; }

  /// Shares the body's memory. `part` points into it.
  bytes slice(const kj::byte* part, std::size_t size) const noexcept;

private:
  bytes body_;
  capnp::FlatArrayMessageReader message_;
  std::size_t left_;
};

numbers read_column(schema::Column::Reader, std::size_t count);
numbers read_task_ids(schema::Column::Reader, std::size_t count);
/// Of workers or runs.
numbers read_ids(schema::Column::Reader, std::size_t count);

/// Of zeros and ones.
numbers read_flags(schema::Column::Reader, std::size_t count);

task_id read_task_id(std::uint64_t);
client_id read_client_id(std::uint64_t);
worker_id read_worker_id(std::uint64_t);
uuid read_uuid(capnp::Data::Reader);
run_id read_run_id(std::uint64_t);
std::chrono::nanoseconds read_duration(std::uint64_t count);
worker_state read_state(std::uint16_t);
std::string read_text(capnp::Text::Reader);
std::vector<std::string> read_texts(body_reader&, capnp::List<capnp::Text>::Reader);
error read_error(body_reader&, schema::Error::Reader);
std::map<std::string, double> read_resources(body_reader&, capnp::List<schema::Resource>::Reader);

/// The values of a group, one after the other.
class value_reader {
public:
  value_reader(body_reader& body, schema::Values::Reader from, std::size_t count);

  std::uint64_t next_size() const noexcept { return sizes_[at_]; }

  value next();

private:
  body_reader& body_;
  numbers sizes_;
  const kj::byte* content_;
  std::size_t at_ = 0;
};

/// Runs `decode(reader)` and turns whatever it throws into an errc::bad_bytes.
template <class Decode>
auto decode_body(const char* what, const bytes& body, Decode decode)
    -> result<decltype(decode(std::declval<body_reader&>()))> {
  auto bad = [what](const std::string& why) {
    return error{errc::bad_bytes, std::string("bad ") + what + ": " + why};
  };
  try {
    body_reader reader(body);
    return decode(reader);
  } catch (const broken_rule& e) {
    return bad(std::string("not so: ") + e.rule);
  } catch (const kj::Exception& e) {
    return bad(e.getDescription().cStr());
  } catch (const std::exception& e) {
    return bad(e.what());
  }
}

}  // namespace troupe::wire
