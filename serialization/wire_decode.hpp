#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "serialization/wire_read.hpp"

// How groups become a batch, and what several of wire_decode_*.cpp read in the same way. Private to
// wire.
namespace troupe::wire {

/// A batch that is filled group by group; each message goes where the frame's order wants it.
template <class Message>
class batch_filler {
public:
  template <class Root>
  batch_filler(body_reader& body, Root from, std::size_t groups) : body_(body) {
    ordered_ = from.hasOrder();
    if (ordered_) read_order(from.getOrder(), groups);
  }

  /// The next group has that many messages.
  std::size_t begin_group(std::uint64_t count) {
    need(count != 0, "no group is empty");
    const auto taken = body_.take(count);
    if (ordered_) {
      need(taken == ends_[group_] - at_, "the order has as many messages as the groups");
      ++group_;
    } else if (const auto size = batch_.size() + taken; size > batch_.capacity()) {
      // Doubled, so that many small groups do not cost a copy each, but not beyond what may come.
      batch_.reserve(std::clamp(batch_.capacity() * 2, size, size + body_.allowance()));
    }
    return taken;
  }

  /// A new message of the group.
  template <class T>
  T& add() {
    if (ordered_) return batch_[places_[at_++]].template emplace<T>();
    return *std::get_if<T>(&batch_.emplace_back(std::in_place_type<T>));
  }

  batch<Message> finish() {
    need(!ordered_ || at_ == batch_.size(), "the order has as many messages as the groups");
    return std::move(batch_);
  }

private:
  /// Sorts the messages' places by group.
  void read_order(schema::Order::Reader from, std::size_t groups) {
    need(from.getCount() <= body_.allowance(), "the order has as many messages as the groups");
    const auto group_of = read_column(from.getGroups(), from.getCount());
    ends_.resize(groups);
    for (auto group : group_of) {
      need(group < groups, "the order names groups of the frame");
      ++ends_[group];
    }
    std::uint32_t sum = 0;
    for (auto& end : ends_)
      sum += std::exchange(end, sum);
    places_.resize(group_of.size());
    for (std::uint32_t i = 0; i < group_of.size(); ++i)
      places_[ends_[group_of[i]]++] = i;
    batch_.resize(group_of.size());
  }

  body_reader& body_;
  bool ordered_ = false;
  batch<Message> batch_;
  std::vector<std::uint32_t> places_;
  std::vector<std::uint32_t> ends_;  // Of each group in places_.
  std::size_t group_ = 0;
  std::size_t at_ = 0;
};

/// `read(body, group, filler)` reads one group.
template <class Message, class Root, class Read>
batch<Message> read_batch(body_reader& body, Root from, Read read) {
  const auto groups = from.getGroups();
  batch_filler<Message> to(body, from, groups.size());
  for (auto group : groups)
    read(body, group, to);
  return to.finish();
}

/// Groups of T that are task ids and, if T has them, sizes.
template <class T, class Message>
void read_tasks(auto from, batch_filler<Message>& to) {
  const auto count = to.begin_group(from.getCount());
  const auto tasks = read_task_ids(from.getTasks(), count);
  numbers sizes;
  if constexpr (requires(T m) { m.size; }) sizes = read_column(from.getSizes(), count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& m = to.template add<T>();
    m.task = {tasks[i]};
    if constexpr (requires { m.size; }) m.size = sizes[i];
  }
}

/// The columns `sizes`, `inlined` and `small` of results that may come along.
class small_reader {
public:
  small_reader(body_reader& body, auto from, std::size_t count)
      : sizes_(read_column(from.getSizes(), count)),
        inlined_(read_flags(from.getInlined(), count)),
        values_(body, from.getSmall(), count) {}

  template <class T>
  void next(T& m) {
    m.size = sizes_[at_];
    m.inlined = inlined_[at_] == 1;
    need(m.inlined || values_.next_size() == 0, "what is not inlined has no bytes");
    m.small = values_.next();
    ++at_;
  }

private:
  numbers sizes_;
  numbers inlined_;
  value_reader values_;
  std::size_t at_ = 0;
};

/// The specs of a group's messages: learns the new ones, knows the number of each.
class spec_reader {
public:
  spec_reader(body_reader& body, spec_table& table, auto from, std::size_t count) : table_(table) {
    if (from.getForgetSpecs()) table.forget();
    learn(body, from.getNewSpecs());
    numbers_ = read_column(from.getSpecs(), count);
  }

  const spec_ptr& next() {
    const auto* spec = table_.find(numbers_[at_++]);
    need(spec != nullptr, "a spec is sent before its number is used");
    return *spec;
  }

private:
  void learn(body_reader&, capnp::List<schema::Spec>::Reader);

  spec_table& table_;
  numbers numbers_;
  std::size_t at_ = 0;
};

/// Lists of inputs of a group's messages.
class location_reader {
public:
  location_reader(body_reader&, schema::Locations::Reader, std::size_t count);

  std::vector<input_location> next();

private:
  numbers counts_;
  numbers tasks_;
  numbers sizes_;
  numbers holder_counts_;
  numbers holders_;
  std::size_t message_ = 0;
  std::size_t input_ = 0;
  std::size_t holder_ = 0;
};

template <class Message>
void read_introductions(capnp::List<schema::IntroduceWorker>::Reader from,
                        batch_filler<Message>& to) {
  to.begin_group(from.size());
  for (auto row : from) {
    auto& m = to.template add<introduce_worker>();
    m.worker = read_worker_id(row.getWorker());
    m.name = read_text(row.getName());
    m.address = read_text(row.getAddress());
  }
}

inline constexpr const char* unknown_message = "the type of a message is known";

}  // namespace troupe::wire
