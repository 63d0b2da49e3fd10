#include "serialization/wire_read.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace troupe::wire {

namespace {

bytes on_word_boundary(const bytes& body) {
  need(!body.empty() && body.size() % word_bytes == 0, "a body is one or more whole words");
  const auto address = reinterpret_cast<std::uintptr_t>(body.data());
  return address % word_bytes == 0 ? body : bytes::copy(body.span());
}

kj::ArrayPtr<const capnp::word> as_words(const bytes& body) noexcept {
  return {reinterpret_cast<const capnp::word*>(body.data()), body.size() / word_bytes};
}

capnp::ReaderOptions limits(const bytes& body) noexcept {
  capnp::ReaderOptions options;
  // A body is read once; what is read more often are pointers that share a target.
  options.traversalLimitInWords = body.size() / word_bytes + 64;
  options.nestingLimit = nesting_max;
  return options;
}

template <class List>
void add_entries(numbers& to, const List& entries) {
  need(entries.size() == to.size(), "a column is as long as its group says");
  for (unsigned i = 0; i < entries.size(); ++i)
    to[i] += entries[i];
}

constexpr std::uint64_t number_mask = (std::uint64_t{1} << task_number_bits) - 1;

bool is_task_id(std::uint64_t id) noexcept {
  return id > number_mask && (id & number_mask) != 0;
}

}  // namespace

body_reader::body_reader(const bytes& body)
    : body_(on_word_boundary(body)),
      message_(as_words(body_), limits(body_)),
      left_(free_things_max + body_.size() / word_bytes) {
  need(message_.getEnd() == as_words(body_).end(), "a body is one message and nothing more");
}

bytes body_reader::slice(const kj::byte* part, std::size_t size) const noexcept {
  const auto* first = reinterpret_cast<const kj::byte*>(body_.data());
  return body_.slice(static_cast<std::size_t>(part - first), size);
}

numbers read_column(schema::Column::Reader from, std::size_t count) {
  const auto base = from.getBase();
  numbers to(count, base);
  switch (from.which()) {
    case schema::Column::SAME:
      return to;
    case schema::Column::CONSECUTIVE:
      std::iota(to.begin(), to.end(), base);
      break;
    case schema::Column::BYTES1:
      add_entries(to, from.getBytes1());
      break;
    case schema::Column::BYTES2:
      add_entries(to, from.getBytes2());
      break;
    case schema::Column::BYTES4:
      add_entries(to, from.getBytes4());
      break;
    case schema::Column::BYTES8:
      add_entries(to, from.getBytes8());
      break;
    default:
      need(false, "the form of a column is known");
  }
  bool wrapped = false;
  for (auto number : to)
    wrapped |= number < base;
  need(!wrapped, "a column's numbers have 64 bits");
  return to;
}

numbers read_task_ids(schema::Column::Reader from, std::size_t count) {
  auto ids = read_column(from, count);
  bool good = true;
  for (auto id : ids)
    good &= is_task_id(id);
  need(good, "a task id has a client and a number");
  return ids;
}

numbers read_ids(schema::Column::Reader from, std::size_t count) {
  auto ids = read_column(from, count);
  bool good = true;
  for (auto id : ids)
    good &= id != 0;
  need(good, "no id is 0");
  return ids;
}

numbers read_flags(schema::Column::Reader from, std::size_t count) {
  auto flags = read_column(from, count);
  bool good = true;
  for (auto flag : flags)
    good &= flag <= 1;
  need(good, "a flag is 0 or 1");
  return flags;
}

std::chrono::nanoseconds read_duration(std::uint64_t count) {
  need(count <= std::numeric_limits<std::int64_t>::max(), "a duration has 63 bits");
  return std::chrono::nanoseconds(static_cast<std::int64_t>(count));
}

task_id read_task_id(std::uint64_t id) {
  need(is_task_id(id), "a task id has a client and a number");
  return {id};
}

client_id read_client_id(std::uint64_t id) {
  need(id != 0 && id >> (64 - task_number_bits) == 0, "a client id fits into a task id");
  return {id};
}

uuid read_uuid(capnp::Data::Reader from) {
  uuid to{};
  need(from.size() == to.size(), "an identity has 16 bytes");
  std::copy(from.begin(), from.end(), to.begin());
  return to;
}

worker_id read_worker_id(std::uint64_t id) {
  need(id != 0, "no id is 0");
  return {id};
}

run_id read_run_id(std::uint64_t id) {
  need(id != 0, "no id is 0");
  return {id};
}

worker_state read_state(std::uint16_t number) {
  need(number <= static_cast<std::uint16_t>(worker_state::leaving), "a worker's state is known");
  return static_cast<worker_state>(number);
}

std::string read_text(capnp::Text::Reader from) {
  need(from.size() <= text_bytes_max, "a text has at most 1 MiB");
  return {from.cStr(), from.size()};
}

std::vector<std::string> read_texts(body_reader& body, capnp::List<capnp::Text>::Reader from) {
  std::vector<std::string> to;
  to.reserve(body.take(from.size()));
  for (auto one : from)
    to.push_back(read_text(one));
  return to;
}

error read_error(body_reader& body, schema::Error::Reader from) {
  const auto code = from.getCode();
  need(code != 0 && code <= static_cast<std::uint16_t>(errc::system), "an error has a known code");
  error to{static_cast<errc>(code), read_text(from.getMessage())};
  to.type = read_text(from.getType());
  to.task = read_text(from.getTask());
  to.worker = read_text(from.getWorker());
  to.chain = read_texts(body, from.getChain());
  return to;
}

std::map<std::string, double> read_resources(body_reader& body,
                                             capnp::List<schema::Resource>::Reader from) {
  std::map<std::string, double> to;
  body.take(from.size());
  for (auto resource : from) {
    const auto amount = resource.getAmount();
    need(std::isfinite(amount) && amount >= 0, "an amount is finite and not negative");
    need(to.emplace(read_text(resource.getName()), amount).second, "a resource is there once");
  }
  return to;
}

value_reader::value_reader(body_reader& body, schema::Values::Reader from, std::size_t count)
    : body_(body), sizes_(read_column(from.getSizes(), count)) {
  const auto content = from.getContent();
  std::size_t left = content.size();
  for (auto size : sizes_) {
    need(size <= left && words_for(size) * word_bytes <= left, "values lie inside the content");
    left -= words_for(size) * word_bytes;
  }
  need(left == 0, "the content is no longer than its values");
  content_ = content.begin();
}

value value_reader::next() {
  const auto size = static_cast<std::size_t>(sizes_[at_++]);
  // Most results of void functions and most argument lists are empty: no owner to count.
  if (size == 0) return {};
  const auto* part = content_;
  content_ += words_for(size) * word_bytes;
  return value(body_.slice(part, size));
}

}  // namespace troupe::wire
