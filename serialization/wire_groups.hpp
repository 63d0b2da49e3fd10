#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include <troupe/bytes.hpp>

#include "serialization/check.hpp"
#include "serialization/messages.hpp"
#include "serialization/wire.hpp"
#include "serialization/wire_limits.hpp"
#include "serialization/wire_size.hpp"
#include "serialization/wire_write.hpp"

// How a batch becomes groups. Private to wire.
namespace troupe::wire {

/// True of types that the schema gives one message a group.
template <class T>
inline constexpr bool alone =
    std::is_same_v<T, inspect_cluster> || std::is_same_v<T, welcome_client> ||
    std::is_same_v<T, snapshot_reply> || std::is_same_v<T, worker_report> ||
    std::is_same_v<T, worker_changed> || std::is_same_v<T, welcome_worker> ||
    std::is_same_v<T, stop_worker> || std::is_same_v<T, end_claims> ||
    std::is_same_v<T, leave_scheduler> || std::is_same_v<T, scheduler_ends> ||
    std::is_same_v<T, registered> || std::is_same_v<T, steer_cluster> ||
    std::is_same_v<T, leave_cluster> || std::is_same_v<T, task_story> ||
    std::is_same_v<T, rebalance_results> || std::is_same_v<T, retire_workers> ||
    std::is_same_v<T, name_dataset> || std::is_same_v<T, dataset_reply>;

/// Messages of one type, in the order in which they are in the batch.
template <class Message>
struct group {
  std::vector<const Message*> messages = {};
  std::size_t value_bytes = 0;
  bool forget_specs = false;
  std::vector<spec_ptr> new_specs = {};
  std::vector<std::uint64_t> specs = {};  ///< A number for each message, if they have specs.
};

/// The messages of a group as what they are.
template <class T, class Message>
class rows {
public:
  explicit rows(const group<Message>& of) : messages_(of.messages) {}

  std::size_t size() const noexcept { return messages_.size(); }

  const T& operator[](std::size_t i) const noexcept { return *std::get_if<T>(messages_[i]); }

private:
  std::span<const Message* const> messages_;
};

template <class Message>
class grouping {
public:
  grouping(std::span<const Message> messages, spec_numbers& specs) : specs_(specs) {
    open_.fill(nowhere);
    order_.reserve(messages.size());
    for (const auto& message : messages)
      std::visit([&](const auto& m) { add(message, m); }, message);
    for (const auto& g : groups_)
      for (const auto& spec : g.new_specs)
        size_.add(*spec);
  }

  const std::vector<group<Message>>& groups() const noexcept { return groups_; }

  /// Empty if the groups one after the other are the batch.
  std::span<const std::uint32_t> order() const noexcept {
    return in_order_ ? std::span<const std::uint32_t>() : order_;
  }

  frame_size size() const noexcept { return size_; }

private:
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

  template <class T>
  void add(const Message& message, const T& m) {
    const value* v = carried(m);
    const std::size_t bytes = v ? v->size() : 0;
    check(bytes <= value_bytes_max, "values in messages are not larger than value_bytes_max");
    size_.add_message(m);
    auto& at = open_[message.index()];
    if (at == nowhere || alone<T> || groups_[at].value_bytes + bytes > value_bytes_max)
      at = begin_group();
    if constexpr (requires { m.spec; }) number(m.spec, at);
    auto& g = groups_[at];
    g.value_bytes += words_for(bytes) * word_bytes;
    g.messages.push_back(&message);
    in_order_ = in_order_ && (order_.empty() || order_.back() <= at);
    order_.push_back(at);
  }

  std::uint32_t begin_group() {
    groups_.emplace_back();
    size_.words += 48;
    return static_cast<std::uint32_t>(groups_.size() - 1);
  }

  /// Puts the spec's number into group `at`, or into a new one if the table was full.
  void number(const spec_ptr& spec, std::uint32_t& at) {
    check(spec != nullptr, "a task has a spec");
    if (spec == last_spec_) {
      groups_[at].specs.push_back(last_number_);
      return;
    }
    auto before = specs_.size();
    auto found = specs_.find_or_add(spec);
    if (!found) {
      if (!groups_[at].messages.empty()) at = begin_group();
      groups_[at].forget_specs = true;
      specs_.forget();
      before = 0;
      found = specs_.find_or_add(spec);
    }
    if (specs_.size() != before) groups_[at].new_specs.push_back(spec);
    groups_[at].specs.push_back(*found);
    last_spec_ = spec;
    last_number_ = *found;
  }

  spec_numbers& specs_;
  spec_ptr last_spec_;
  std::uint32_t last_number_ = 0;
  std::array<std::uint32_t, std::variant_size_v<Message>> open_;
  std::vector<group<Message>> groups_;
  std::vector<std::uint32_t> order_;
  bool in_order_ = true;
  frame_size size_;
};

/// The frame of a batch. `write(columns, rows, group, to)` writes one group.
template <class Root, class Message, class Write>
bytes write_batch(frame_kind kind, std::span<const Message> messages, spec_numbers& specs,
                  Write write) {
  const grouping<Message> batch(messages, specs);
  frame_builder frame(batch.size().words);
  auto root = frame.template initRoot<Root>();
  root.setKind(static_cast<std::uint16_t>(kind));
  column_writer columns(batch.size().things > free_things_max);
  auto to = root.initGroups(static_cast<unsigned>(batch.groups().size()));
  for (unsigned i = 0; i < to.size(); ++i) {
    const auto& g = batch.groups()[i];
    auto at = to[i];
    std::visit(
        [&]<class T>(const T&) {
          const rows<T, Message> from(g);
          write(columns, from, g, at);
        },
        *g.messages.front());
  }
  if (auto order = batch.order(); !order.empty()) {
    auto interleaved = root.initOrder();
    interleaved.setCount(static_cast<std::uint32_t>(order.size()));
    columns.put(
        order, [](auto at) { return at; }, [&] { return interleaved.initGroups(); });
  }
  return frame.finish();
}

}  // namespace troupe::wire
