#include "actors/transport/frame_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "serialization/memory_pool.hpp"

namespace troupe::transport {

namespace {

constexpr std::size_t word = sizeof(std::uint64_t);
constexpr std::size_t header_size = sizeof(wire::frame_header);
/// Less than this of one frame is not worth a read of its own.
constexpr std::size_t room_min = std::size_t{4} << 10;
/// Files that may wait for their frame. It comes with the same bytes, so one is the rule.
constexpr std::size_t files_waiting_max = 64;

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

}  // namespace

result<void> frame_reader::feed(span data, std::vector<arrival>& out) {
  while (!data.empty()) {
    bool in_body = std::holds_alternative<partial_body>(partial_);
    bool in_chunk = std::holds_alternative<partial_chunk>(partial_);
    bool whole_header = header_filled_ == 0 && data.size() >= header_size;
    auto rest = in_body        ? take_body(data, out)
                : in_chunk     ? take_chunk(data, out)
                : whole_header ? take_run(data, out)
                               : take_header(data, out);
    if (!rest) return rest.error();
    data = *rest;
  }
  if (files_.size() <= files_waiting_max) return {};
  files_.clear();
  return bad("files that no frame tells about");
}

std::span<std::byte> frame_reader::room() {
  std::span<std::byte> rest;
  if (auto* body = std::get_if<partial_body>(&partial_)) {
    auto* start = reinterpret_cast<std::byte*>(body->words.get());
    rest = {start + body->filled, body->size - body->filled};
  } else if (auto* chunk = std::get_if<partial_chunk>(&partial_); chunk && value_) {
    rest = {value_->content.get() + value_->filled, chunk->data_left};
  }
  return rest.size() < room_min ? std::span<std::byte>() : rest;
}

result<void> frame_reader::filled(std::size_t size, std::vector<arrival>& out) {
  if (std::holds_alternative<partial_body>(partial_)) return grow_body(size, out);
  auto& chunk = std::get<partial_chunk>(partial_);
  value_->filled += size;
  chunk.data_left -= size;
  if (chunk.data_left + chunk.padding_left == 0) finish_chunk(out);
  return {};
}

void frame_reader::add_files(std::vector<socket_fd>& files) {
  for (auto& one : files)
    files_.push_back(std::move(one));
  files.clear();
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
  bool value = as == wire::frame_kind::value_chunk || as == wire::frame_kind::value_file;
  auto flags_known = value ? wire::flag_store : 0;
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
    auto good = finish(static_cast<wire::frame_kind>(header.kind), header.flags,
                       all.slice(at, body_size(header)), out);
    if (!good) return good.error();
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
  partial_header_ = header;
  if (header.words == 0) {
    out.emplace_back(frame{kind, {}});
  } else if (kind == wire::frame_kind::value_chunk) {
    if (body_size(header) < sizeof(wire::chunk_prefix))
      return bad("a value_chunk of " + std::to_string(body_size(header)) + " bytes has no prefix");
    partial_ = partial_chunk{};
  } else {
    partial_ = partial_body{make_words(body_size(header)), body_size(header), 0};
  }
  return {};
}

result<frame_reader::span> frame_reader::take_body(span data, std::vector<arrival>& out) {
  auto& body = std::get<partial_body>(partial_);
  auto size = std::min(body.size - body.filled, data.size());
  auto* start = reinterpret_cast<std::byte*>(body.words.get());
  std::memcpy(start + body.filled, data.data(), size);
  auto good = grow_body(size, out);
  if (!good) return good.error();
  return data.subspan(size);
}

result<void> frame_reader::grow_body(std::size_t size, std::vector<arrival>& out) {
  auto& body = std::get<partial_body>(partial_);
  body.filled += size;
  if (body.filled < body.size) return {};
  span view(reinterpret_cast<std::byte*>(body.words.get()), body.size);
  bytes whole(std::move(body.words), view);
  partial_ = std::monostate{};
  return finish(static_cast<wire::frame_kind>(partial_header_.kind), partial_header_.flags,
                std::move(whole), out);
}

result<void> frame_reader::finish(wire::frame_kind kind, std::uint16_t flags, bytes body,
                                  std::vector<arrival>& out) {
  if (kind != wire::frame_kind::value_file) {
    out.emplace_back(frame{kind, std::move(body)});
    return {};
  }
  auto value = take_file(flags, body);
  if (!value) return value.error();
  out.emplace_back(*std::move(value));
  return {};
}

result<whole_value> frame_reader::take_file(std::uint16_t flags, const bytes& body) {
  wire::file_prefix prefix;
  if (body.size() != sizeof prefix)
    return bad("a value_file of " + std::to_string(body.size()) + " bytes");
  std::memcpy(&prefix, body.data(), sizeof prefix);
  if (files_.empty()) return bad("a value_file without its file");
  if (prefix.total > limits_.value_max)
    return bad("a value of " + std::to_string(prefix.total) + " bytes; network.value_max is " +
               std::to_string(limits_.value_max));
  auto file = std::move(files_.front());
  files_.pop_front();
  auto content = process_memory().map(file.release(), prefix.offset, prefix.total);
  if (!content) return content.error();
  return whole_value{{prefix.task}, *std::move(content), (flags & wire::flag_store) != 0};
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
  auto room = body_size(partial_header_) - sizeof prefix;
  bool store = partial_header_.flags & wire::flag_store;
  if (prefix.size > room || room - prefix.size >= word)
    return bad("a value_chunk that says " + std::to_string(prefix.size) +
               " bytes but has room for " + std::to_string(room));
  if (prefix.total > limits_.value_max)
    return bad("a value of " + std::to_string(prefix.total) + " bytes; network.value_max is " +
               std::to_string(limits_.value_max));
  if (!value_) {
    if (prefix.offset != 0) return bad("a value that does not start at its beginning");
    auto memory = process_memory().take(prefix.total);
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
  out.emplace_back(whole_value{done->task, bytes(std::move(done->content), view), done->store});
}

}  // namespace troupe::transport
