#pragma once

#include <cstddef>
#include <string>
#include <type_traits>

#include "serialization/messages.hpp"
#include "serialization/wire_limits.hpp"

// What encode() must know before it begins. Private to wire.
namespace troupe::wire {

/// How much a frame will hold.
struct frame_size {
  std::size_t things = 0;  ///< Messages, inputs and holders.
  std::size_t words = 0;   ///< About.

  void add(const std::string& text) noexcept { words += words_for(text.size() + 1); }

  void add(const std::vector<std::string>&) noexcept;
  void add(const error&) noexcept;
  void add(const task_spec&) noexcept;
  void add(const input_location&) noexcept;
  void add(const introduce_worker&) noexcept;
  void add(const cluster_snapshot&) noexcept;
  void add(const task_story&) noexcept;
  void add(const name_dataset&) noexcept;
  void add(const dataset_reply&) noexcept;

  template <class T>
  void add_message(const T&) noexcept;
};

/// The value that a message carries, if its type does and it is there.
template <class T>
const value* carried(const T& m) noexcept {
  if constexpr (requires { m.arguments; }) return &m.arguments;
  if constexpr (requires { m.content; }) return &m.content;
  if constexpr (requires { m.small; }) return m.inlined ? &m.small : nullptr;
  return nullptr;
}

template <class T>
void frame_size::add_message(const T& m) noexcept {
  things += 1;
  words += 3;  // Columns take less than that, except in frames that spell them out.
  if (const value* v = carried(m)) words += words_for(v->size());
  if constexpr (requires { m.why; }) add(m.why);
  if constexpr (std::is_same_v<T, introduce_worker> || std::is_same_v<T, task_story>) add(m);
  if constexpr (std::is_same_v<T, retire_workers>) add(m.names);
  if constexpr (std::is_same_v<T, name_dataset> || std::is_same_v<T, dataset_reply>) add(m);
  if constexpr (std::is_same_v<T, snapshot_reply>) add(*m.shown);
  if constexpr (std::is_same_v<T, submit_task>) {
    things += m.inputs.size();
    words += m.inputs.size();
  }
  if constexpr (std::is_same_v<T, run_task>)
    for (const auto& input : m.inputs)
      add(input);
  if constexpr (std::is_same_v<T, inputs_missing>)
    for (const auto& input : m.missing)
      add(input);
}

}  // namespace troupe::wire
