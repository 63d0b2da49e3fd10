#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <capnp/message.h>

#include <troupe/bytes.hpp>

#include "protocol.capnp.h"
#include "serialization/messages.hpp"
#include "serialization/wire.hpp"
#include "serialization/wire_limits.hpp"

// What all of wire_encode_*.cpp need. Private to wire.
namespace troupe::wire {

/// Builds a frame's body in the buffer that is then handed over: as long as the guess of the size
/// was not too small, nothing is copied.
class frame_builder final : public capnp::MessageBuilder {
public:
  explicit frame_builder(std::size_t words_guess);

  kj::ArrayPtr<capnp::word> allocateSegment(unsigned words_min) override;

  /// The body in the standard form for streams. Ends the building.
  bytes finish();

private:
  using buffer = std::shared_ptr<std::uint64_t[]>;

  std::size_t words_guess_;
  std::vector<buffer> segments_;  // The first one begins with a word for the segment table.
};

/// Writes columns. One for all columns of a frame, because it keeps its memory.
class column_writer {
public:
  /// `spell_out`: the frame holds more than free_things_max.
  explicit column_writer(bool spell_out) noexcept : spell_out_(spell_out) {}

  /// A column of project(items[i]). `init` makes it; not called if all are zero.
  template <class Items, class Project, class Init>
  void put(const Items& items, Project project, Init init) {
    gather(items, project);
    finish(init);
  }

  /// The same for one of the columns which the schema wants spelled out.
  template <class Items, class Project, class Init>
  void put_spelled_out(const Items& items, Project project, Init init) {
    gather(items, project);
    finish_spelled_out(init);
  }

  /// A column that is gathered number by number: begin, push..., finish.
  void begin() noexcept { numbers_.clear(); }

  void push(std::uint64_t number) { numbers_.push_back(number); }

  template <class Init>
  void finish(Init init) {
    if (shape(false)) fill(init());
  }

  template <class Init>
  void finish_spelled_out(Init init) {
    if (shape(spell_out_)) fill(init());
  }

private:
  template <class Items, class Project>
  void gather(const Items& items, Project project) {
    numbers_.resize(items.size());
    for (std::size_t i = 0; i < numbers_.size(); ++i)
      numbers_[i] = project(items[i]);
  }

  /// Finds the smallest form; false if nothing need be written.
  bool shape(bool spelled_out);
  void fill(schema::Column::Builder) const;

  bool spell_out_;
  schema::Column::Which form_ = schema::Column::SAME;
  std::uint64_t base_ = 0;
  std::vector<std::uint64_t> numbers_;
};

/// At most text_bytes_max of a text that outlives this.
class text {
public:
  explicit text(const std::string& from)
      : cut_(from.size() > text_bytes_max ? from.substr(0, text_bytes_max) : std::string()),
        view_(cut_.empty() ? from : cut_) {}

  operator capnp::Text::Reader() const { return {view_.c_str(), view_.size()}; }

private:
  std::string cut_;  // A copy, because a Text::Reader ends with a zero byte.
  const std::string& view_;
};

/// Nanoseconds; not negative.
std::uint64_t count_of(std::chrono::nanoseconds);

void write(const std::vector<std::string>&, capnp::List<capnp::Text>::Builder);
void write(const error&, schema::Error::Builder);
void write(const task_spec&, schema::Spec::Builder);
void write(const std::map<std::string, double>&, capnp::List<schema::Resource>::Builder);

/// Copies the bytes of a value; returns the next word's address.
kj::byte* append(const value&, kj::byte* at);

/// The i-th value is value_at(i), a pointer; null stands for one without bytes.
template <class ValueAt, class Init>
void write_values(column_writer& columns, std::size_t count, ValueAt value_at, Init init) {
  std::size_t words = 0;
  columns.begin();
  for (std::size_t i = 0; i < count; ++i) {
    const value* v = value_at(i);
    auto size = v ? v->size() : 0;
    columns.push(size);
    words += words_for(size);
  }
  if (words == 0) return;
  schema::Values::Builder to = init();
  columns.finish([&] { return to.initSizes(); });
  auto* at = to.initContent(static_cast<unsigned>(words * word_bytes)).begin();
  for (std::size_t i = 0; i < count; ++i)
    if (const value* v = value_at(i)) at = append(*v, at);
}

}  // namespace troupe::wire
