#include "actors/transport/frame_writer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace troupe::transport {

namespace {

using wire::frame_kind;

constexpr std::size_t begun_max = std::size_t{1} << 20;
constexpr std::size_t chunk_size = std::size_t{256} << 10;
constexpr std::size_t parts_max = 256;

std::size_t padding_of(std::size_t size) {
  return (8 - size % 8) % 8;
}

template <class Prefix>
std::span<const std::byte> raw(const Prefix& prefix) {
  return std::as_bytes(std::span(&prefix, 1));
}

iovec part_of(const void* start, std::size_t size) {
  return {const_cast<void*>(start), size};
}

}  // namespace

void frame_writer::push(const envelope& message) {
  waiting_ += message.body.size();
  messages_.push_back(message);
}

void frame_writer::push(const send_value& what) {
  waiting_ += what.content.size();
  values_.push_back({what, 0});
}

void frame_writer::push_heartbeat() {
  begin(frame_kind::heartbeat, 0, {}, {});
}

void frame_writer::drop_values() {
  for (auto& one : values_)
    waiting_ -= one.what.content.size() - one.sent;
  values_.clear();
}

void frame_writer::begin(frame_kind kind, std::uint16_t flags, std::span<const std::byte> prefix,
                         bytes body) {
  auto& made = begun_.emplace_back();
  made.padding = padding_of(prefix.size() + body.size());
  const wire::frame_header header{
      static_cast<std::uint32_t>((prefix.size() + body.size() + made.padding) / 8),
      static_cast<std::uint16_t>(kind), flags};
  made.head_size = sizeof header + prefix.size();
  std::memcpy(made.head.data(), &header, sizeof header);
  if (!prefix.empty()) std::memcpy(made.head.data() + sizeof header, prefix.data(), prefix.size());
  made.body = std::move(body);
  begun_bytes_ += made.size();
  waiting_ += made.size() - made.body.size();
}

void frame_writer::begin_value() {
  auto& first = values_.front();
  const auto& content = first.what.content;
  const std::uint16_t flags = first.what.store ? wire::flag_store : 0;
  auto file = files_ && first.sent == 0 ? process_memory().share(content) : std::nullopt;
  if (file) {
    const wire::file_prefix prefix{first.what.task.value, content.size(), file->offset};
    waiting_ -= content.size();
    begin(frame_kind::value_file, flags, raw(prefix), {});
    begun_.back().file = std::move(file->fd);
    values_.pop_front();
    return;
  }
  auto part = content.slice(first.sent, chunk_size);
  const wire::chunk_prefix prefix{first.what.task.value, content.size(), first.sent, part.size()};
  first.sent += part.size();
  begin(frame_kind::value_chunk, flags, raw(prefix), std::move(part));
  if (first.sent == content.size()) values_.pop_front();
}

frame_writer::piece frame_writer::next() {
  while (begun_bytes_ < begun_max && !messages_.empty()) {
    auto message = std::move(messages_.front());
    messages_.pop_front();
    begin(message.kind, 0, {}, std::move(message.body));
    begun_.back().receipt = std::move(message.receipt);
  }
  while (begun_bytes_ < begun_max && !values_.empty())
    begin_value();
  parts_.clear();
  piece made;
  auto skip = front_sent_;
  for (const auto& one : begun_) {
    // A file goes with the first byte of a call.
    if (one.file && skip == 0) {
      if (!parts_.empty()) break;
      made.file = *one.file;
    }
    if (!add_parts(one, skip)) break;
    skip = 0;
  }
  made.parts = parts_;
  return made;
}

/// False if there is no room for more frames.
bool frame_writer::add_parts(const frame& one, std::size_t skip) {
  static constexpr std::byte zeros[8] = {};
  const auto add = [&](const std::byte* start, std::size_t size) {
    const auto skipped = std::min(skip, size);
    skip -= skipped;
    if (size > skipped) parts_.push_back(part_of(start + skipped, size - skipped));
  };
  add(one.head.data(), one.head_size);
  add(one.body.data(), one.body.size());
  add(zeros, one.padding);
  return parts_.size() + 3 <= parts_max;
}

void frame_writer::sent(std::size_t size) {
  waiting_ -= size;
  begun_bytes_ -= size;
  front_sent_ += size;
  while (!begun_.empty() && front_sent_ >= begun_.front().size()) {
    front_sent_ -= begun_.front().size();
    begun_.pop_front();
  }
}

}  // namespace troupe::transport
