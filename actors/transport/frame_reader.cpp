#include "actors/transport/frame_reader.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <utility>

namespace troupe::transport {

namespace {

constexpr std::size_t word = sizeof(std::uint64_t);
constexpr std::size_t header_size = sizeof(wire::frame_header);
constexpr std::size_t huge_page = std::size_t{2} << 20;

troupe::error bad(std::string message) {
  return {errc::bad_bytes, std::move(message)};
}

wire::frame_header header_at(const std::byte* at) {
  wire::frame_header header;
  std::memcpy(&header, at, sizeof header);
  return header;
}

std::size_t body_size(const wire::frame_header& header) {
  return std::size_t{header.words} * word;
}

std::shared_ptr<std::uint64_t[]> make_words(std::size_t size) {
  return std::make_shared_for_overwrite<std::uint64_t[]>(size / word);
}

/// Memory for a value, not touched. Large ones get huge pages: faulting small ones in costs more
/// than the copy. Null if there is none.
std::shared_ptr<std::byte> make_value_memory(std::uint64_t size) {
  bool large = size >= 2 * huge_page;
  std::size_t alignment = large ? huge_page : 64;
  auto rounded = (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(alignment, rounded));
  if (!memory) return nullptr;
  if (large) ::madvise(memory, rounded, MADV_HUGEPAGE);
  return {memory, [](std::byte* it) { std::free(it); }};
}

}  // namespace

result<void> frame_reader::feed(span data, std::vector<arrival>& out) {
  while (!data.empty()) {
    if (std::holds_alternative<partial_body>(partial_)) {
      data = take_body(data, out);
      continue;
    }
    bool in_chunk = std::holds_alternative<partial_chunk>(partial_);
    bool whole_header = header_filled_ == 0 && data.size() >= header_size;
    auto rest = in_chunk       ? take_chunk(data, out)
                : whole_header ? take_run(data, out)
                               : take_header(data, out);
    if (!rest) return rest.error();
    data = *rest;
  }
  return {};
}

result<void> frame_reader::check_header(const wire::frame_header& header) const {
  auto kind = std::to_string(header.kind);
  if (header.kind >= 32 || !(limits_.kinds >> header.kind & 1))
    return bad("a frame of kind " + kind + ", which has no place on this connection");
  if (body_size(header) > limits_.frame_max)
    return bad("a frame of " + std::to_string(body_size(header)) + " bytes; network.frame_max is " +
               std::to_string(limits_.frame_max));
  auto as = static_cast<wire::frame_kind>(header.kind);
  if ((header.words == 0) != (as == wire::frame_kind::heartbeat))
    return bad("a frame of kind " + kind + " with " + std::to_string(header.words) + " words");
  auto flags_known = as == wire::frame_kind::value_chunk ? wire::flag_store : 0;
  if (header.flags & ~flags_known)
    return bad("a frame of kind " + kind + " with unknown flags " + std::to_string(header.flags));
  return {};
}

result<frame_reader::span> frame_reader::take_run(span data, std::vector<arrival>& out) {
  std::size_t end = 0;
  while (data.size() - end >= header_size) {
    auto header = header_at(data.data() + end);
    auto good = check_header(header);
    if (!good) return good.error();
    if (header.kind == static_cast<std::uint16_t>(wire::frame_kind::value_chunk)) break;
    if (data.size() - end - header_size < body_size(header)) break;
    end += header_size + body_size(header);
  }
  if (end == 0) return take_header(data, out);

  auto words = make_words(end);
  auto* start = reinterpret_cast<std::byte*>(words.get());
  std::memcpy(start, data.data(), end);
  bytes all(std::move(words), {start, end});
  for (std::size_t at = 0; at < end;) {
    auto header = header_at(start + at);
    at += header_size;
    out.push_back(
        frame{static_cast<wire::frame_kind>(header.kind), all.slice(at, body_size(header))});
    at += body_size(header);
  }
  return data.subspan(end);
}

result<frame_reader::span> frame_reader::take_header(span data, std::vector<arrival>& out) {
  auto size = std::min(header_size - header_filled_, data.size());
  std::memcpy(header_.data() + header_filled_, data.data(), size);
  header_filled_ += size;
  if (header_filled_ == header_size) {
    header_filled_ = 0;
    auto header = header_at(header_.data());
    auto good = check_header(header);
    if (good) good = begin(header, out);
    if (!good) return good.error();
  }
  return data.subspan(size);
}

result<void> frame_reader::begin(const wire::frame_header& header, std::vector<arrival>& out) {
  auto kind = static_cast<wire::frame_kind>(header.kind);
  chunk_header_ = header;
  if (header.words == 0) {
    out.push_back(frame{kind, {}});
  } else if (kind == wire::frame_kind::value_chunk) {
    if (body_size(header) < sizeof(wire::chunk_prefix))
      return bad("a value_chunk of " + std::to_string(body_size(header)) + " bytes has no prefix");
    partial_ = partial_chunk{};
  } else {
    partial_ = partial_body{make_words(body_size(header)), body_size(header), 0};
  }
  return {};
}

frame_reader::span frame_reader::take_body(span data, std::vector<arrival>& out) {
  auto& body = std::get<partial_body>(partial_);
  auto size = std::min(body.size - body.filled, data.size());
  auto* start = reinterpret_cast<std::byte*>(body.words.get());
  std::memcpy(start + body.filled, data.data(), size);
  body.filled += size;
  if (body.filled == body.size) {
    auto kind = static_cast<wire::frame_kind>(chunk_header_.kind);
    span view(start, body.size);
    out.push_back(frame{kind, bytes(std::move(body.words), view)});
    partial_ = std::monostate{};
  }
  return data.subspan(size);
}

result<frame_reader::span> frame_reader::take_chunk(span data, std::vector<arrival>& out) {
  auto& chunk = std::get<partial_chunk>(partial_);
  if (chunk.filled < sizeof chunk.prefix) {
    auto size = std::min(sizeof chunk.prefix - chunk.filled, data.size());
    std::memcpy(reinterpret_cast<std::byte*>(&chunk.prefix) + chunk.filled, data.data(), size);
    chunk.filled += size;
    if (chunk.filled == sizeof chunk.prefix) {
      auto good = begin_chunk_data();
      if (!good) return good.error();
      if (chunk.data_left + chunk.padding_left == 0) finish_chunk(out);
    }
    return data.subspan(size);
  }
  auto size = std::min(chunk.data_left, data.size());
  if (size > 0) {
    std::memcpy(value_->content.get() + value_->filled, data.data(), size);
    value_->filled += size;
    chunk.data_left -= size;
    data = data.subspan(size);
  }
  auto padding = std::min(chunk.padding_left, data.size());
  chunk.padding_left -= padding;
  if (chunk.data_left + chunk.padding_left == 0) finish_chunk(out);
  return data.subspan(padding);
}

result<void> frame_reader::begin_chunk_data() {
  auto& chunk = std::get<partial_chunk>(partial_);
  auto& prefix = chunk.prefix;
  auto room = body_size(chunk_header_) - sizeof prefix;
  bool store = chunk_header_.flags & wire::flag_store;
  if (prefix.size > room || room - prefix.size >= word)
    return bad("a value_chunk that says " + std::to_string(prefix.size) +
               " bytes but has room for " + std::to_string(room));
  if (prefix.total > limits_.value_max)
    return bad("a value of " + std::to_string(prefix.total) + " bytes; network.value_max is " +
               std::to_string(limits_.value_max));
  if (!value_) {
    if (prefix.offset != 0) return bad("a value that does not start at its beginning");
    auto memory = make_value_memory(prefix.total);
    if (!memory)
      return troupe::error{errc::resource,
                           "no memory for a value of " + std::to_string(prefix.total) + " bytes"};
    value_ = assembly{{prefix.task}, store, std::move(memory), prefix.total, 0};
  }
  if (prefix.task != value_->task.value || prefix.total != value_->total ||
      prefix.offset != value_->filled || store != value_->store)
    return bad("a value_chunk that does not continue the one before");
  if (prefix.size > value_->total - value_->filled || (prefix.size == 0 && value_->total > 0))
    return bad("a value_chunk of a wrong size");
  chunk.data_left = prefix.size;
  chunk.padding_left = room - prefix.size;
  return {};
}

void frame_reader::finish_chunk(std::vector<arrival>& out) {
  partial_ = std::monostate{};
  if (value_->filled < value_->total) return;
  auto done = std::exchange(value_, std::nullopt);
  span view(done->content.get(), done->total);
  out.push_back(whole_value{done->task, bytes(std::move(done->content), view), done->store});
}

}  // namespace troupe::transport
