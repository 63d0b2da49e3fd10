#include "serialization/wire_write.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "serialization/check.hpp"

namespace troupe::wire {

namespace {

kj::ArrayPtr<capnp::word> as_words(std::uint64_t* first, std::size_t count) noexcept {
  return {reinterpret_cast<capnp::word*>(first), count};
}

template <class List>
void fill_list(List to, const std::vector<std::uint64_t>& numbers, std::uint64_t base) {
  using number = std::decay_t<decltype(to[0])>;
  for (unsigned i = 0; i < to.size(); ++i)
    to.set(i, static_cast<number>(numbers[i] - base));
}

}  // namespace

frame_builder::frame_builder(std::size_t words_guess) : words_guess_(words_guess + 48) {}

kj::ArrayPtr<capnp::word> frame_builder::allocateSegment(unsigned words_min) {
  const std::size_t words = std::max<std::size_t>(words_min, words_guess_);
  const std::size_t table = segments_.empty() ? 1 : 0;
  segments_.push_back(std::make_shared<std::uint64_t[]>(words + table));
  return as_words(segments_.back().get() + table, words);
}

bytes frame_builder::finish() {
  const auto parts = getSegmentsForOutput();
  const std::size_t table_words = parts.size() / 2 + 1;
  std::vector<std::uint32_t> table(table_words * 2);
  table[0] = static_cast<std::uint32_t>(parts.size() - 1);
  std::size_t words = table_words;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    table[i + 1] = static_cast<std::uint32_t>(parts[i].size());
    words += parts[i].size();
  }
  auto body = segments_.front();
  if (parts.size() > 1) {
    body = std::make_shared<std::uint64_t[]>(words);
    auto* at = body.get() + table_words;
    for (const auto& part : parts) {
      std::memcpy(at, part.begin(), part.size() * word_bytes);
      at += part.size();
    }
  }
  std::memcpy(body.get(), table.data(), table_words * word_bytes);
  const auto* first = reinterpret_cast<const std::byte*>(body.get());
  return {std::move(body), {first, words * word_bytes}};
}

bool column_writer::shape(bool spelled_out) {
  if (numbers_.empty()) return false;
  const auto first = numbers_.front();
  auto low = first;
  auto high = first;
  bool consecutive = true;
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    low = std::min(low, numbers_[i]);
    high = std::max(high, numbers_[i]);
    consecutive &= numbers_[i] == first + i;
  }
  base_ = low;
  using which = schema::Column::Which;
  const auto spread = high - low;
  if (spelled_out)
    form_ = which::BYTES8;
  else if (spread == 0)
    form_ = which::SAME;
  else if (consecutive && low == first)
    form_ = which::CONSECUTIVE;
  else if (spread <= std::numeric_limits<std::uint8_t>::max())
    form_ = which::BYTES1;
  else if (spread <= std::numeric_limits<std::uint16_t>::max())
    form_ = which::BYTES2;
  else
    form_ = spread <= std::numeric_limits<std::uint32_t>::max() ? which::BYTES4 : which::BYTES8;
  return form_ != which::SAME || low != 0;
}

void column_writer::fill(schema::Column::Builder to) const {
  const auto count = static_cast<unsigned>(numbers_.size());
  to.setBase(base_);
  switch (form_) {
    case schema::Column::SAME:
      return to.setSame();
    case schema::Column::CONSECUTIVE:
      return to.setConsecutive();
    case schema::Column::BYTES1:
      return fill_list(to.initBytes1(count), numbers_, base_);
    case schema::Column::BYTES2:
      return fill_list(to.initBytes2(count), numbers_, base_);
    case schema::Column::BYTES4:
      return fill_list(to.initBytes4(count), numbers_, base_);
    case schema::Column::BYTES8:
      return fill_list(to.initBytes8(count), numbers_, base_);
  }
}

std::uint64_t count_of(std::chrono::nanoseconds duration) {
  check(duration.count() >= 0, "a duration is not negative");
  return static_cast<std::uint64_t>(duration.count());
}

void write(const std::vector<std::string>& from, capnp::List<capnp::Text>::Builder to) {
  for (unsigned i = 0; i < to.size(); ++i)
    to.set(i, text(from[i]));
}

void write(const error& from, schema::Error::Builder to) {
  to.setCode(static_cast<std::uint16_t>(from.code));
  to.setMessage(text(from.message));
  to.setType(text(from.type));
  to.setTask(text(from.task));
  to.setWorker(text(from.worker));
  if (from.chain.empty()) return;
  write(from.chain, to.initChain(static_cast<unsigned>(from.chain.size())));
}

void write(const std::map<std::string, double>& from, capnp::List<schema::Resource>::Builder to) {
  unsigned i = 0;
  for (const auto& [name, amount] : from) {
    to[i].setName(text(name));
    to[i].setAmount(amount);
    ++i;
  }
}

void write(const task_spec& from, schema::Spec::Builder to) {
  to.setFunction(text(from.function));
  to.setSignature(text(from.signature));
  to.setPriority(from.priority);
  to.setRetries(from.retries);
  to.setTimeout(count_of(from.timeout));
  to.setRetryDelay(count_of(from.retry_delay));
  to.setAllowOtherWorkers(from.allow_other_workers);
  if (!from.retry_on.empty())
    write(from.retry_on, to.initRetryOn(static_cast<unsigned>(from.retry_on.size())));
  if (!from.workers.empty())
    write(from.workers, to.initWorkers(static_cast<unsigned>(from.workers.size())));
  if (!from.resources.empty())
    write(from.resources, to.initResources(static_cast<unsigned>(from.resources.size())));
}

kj::byte* append(const value& from, kj::byte* at) {
  const auto encoded = from.encoded();
  check(encoded.size() == from.size(), "a value is as large as it says");
  if (!encoded.empty()) std::memcpy(at, encoded.data(), encoded.size());
  return at + words_for(encoded.size()) * word_bytes;
}

}  // namespace troupe::wire
