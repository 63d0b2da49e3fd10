#pragma once

#include "serialization/wire_groups.hpp"

// What several of wire_encode_*.cpp write in the same way. Private to wire.
namespace troupe::wire {

template <class Rows>
void write_tasks(column_writer& columns, const Rows& from, auto to) {
  to.setCount(static_cast<std::uint32_t>(from.size()));
  columns.put_spelled_out(
      from, [](const auto& m) { return m.task.value; }, [&] { return to.initTasks(); });
}

template <class Rows>
void write_runs(column_writer& columns, const Rows& from, auto to) {
  columns.put(
      from, [](const auto& m) { return m.run.value; }, [&] { return to.initRuns(); });
}

template <class Rows>
void write_kills(column_writer& columns, const Rows& from, auto to) {
  columns.put(
      from, [](const auto& m) { return std::uint64_t{m.kill}; }, [&] { return to.initKills(); });
}

template <class Rows>
void write_sizes(column_writer& columns, const Rows& from, auto to) {
  columns.put(
      from, [](const auto& m) { return m.size; }, [&] { return to.initSizes(); });
}

/// Results that may come along: `inlined` and `small`.
template <class Rows>
void write_small(column_writer& columns, const Rows& from, auto to) {
  columns.put(
      from, [](const auto& m) { return std::uint64_t{m.inlined}; },
      [&] { return to.initInlined(); });
  write_values(
      columns, from.size(), [&](std::size_t i) { return carried(from[i]); },
      [&] { return to.initSmall(); });
}

template <class Rows>
void write_arguments(column_writer& columns, const Rows& from, auto to) {
  write_values(
      columns, from.size(), [&](std::size_t i) { return &from[i].arguments; },
      [&] { return to.initArguments(); });
}

template <class Rows, class Message>
void write_specs(column_writer& columns, const Rows& from, const group<Message>& g, auto to) {
  to.setForgetSpecs(g.forget_specs);
  if (!g.new_specs.empty()) {
    auto specs = to.initNewSpecs(static_cast<unsigned>(g.new_specs.size()));
    for (unsigned i = 0; i < specs.size(); ++i)
      write(*g.new_specs[i], specs[i]);
  }
  check(g.specs.size() == from.size(), "each message of a group with specs has a number");
  columns.put(
      g.specs, [](auto number) { return number; }, [&] { return to.initSpecs(); });
}

/// inputs_of(from[i]) are the locations of message i.
template <class Rows, class InputsOf>
void write_locations(column_writer& columns, const Rows& from, InputsOf inputs_of,
                     schema::Locations::Builder to) {
  auto each = [&](auto push) {
    columns.begin();
    for (std::size_t i = 0; i < from.size(); ++i)
      for (const auto& input : inputs_of(from[i]))
        push(input);
  };
  columns.put(
      from, [&](const auto& m) { return inputs_of(m).size(); }, [&] { return to.initCounts(); });
  each([&](const input_location& input) { columns.push(input.task.value); });
  columns.finish_spelled_out([&] { return to.initTasks(); });
  each([&](const input_location& input) { columns.push(input.size); });
  columns.finish([&] { return to.initSizes(); });
  each([&](const input_location& input) { columns.push(input.holders.size()); });
  columns.finish([&] { return to.initHolderCounts(); });
  each([&](const input_location& input) {
    for (auto holder : input.holders)
      columns.push(holder.value);
  });
  columns.finish_spelled_out([&] { return to.initHolders(); });
}

template <class Rows>
void write_introductions(const Rows& from, capnp::List<schema::IntroduceWorker>::Builder to) {
  for (unsigned i = 0; i < to.size(); ++i) {
    to[i].setWorker(from[i].worker.value);
    to[i].setName(text(from[i].name));
    to[i].setAddress(text(from[i].address));
  }
}

template <class Rows>
unsigned list_size(const Rows& from) {
  return static_cast<unsigned>(from.size());
}

}  // namespace troupe::wire
