#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include <troupe/config.hpp>
#include <troupe/result.hpp>

#include "actors/scheduler/core/events.hpp"
#include "actors/scheduler/journal_blocks.hpp"
#include "config/log.hpp"
#include "serialization/record_file.hpp"
#include "serialization/wire.hpp"

namespace troupe {

// The flight recorder: a scheduler's machine decides by nothing but what happens to it and when, so
// a file of that is all that is needed to see it do the same again.

/// What a recording begins with.
struct recorded_scheduler {
  scheduler_options options;
  std::string name;
  uuid session{};
};

/// Appends to a recording. Not thread-safe.
class recorder {
public:
  /// Begins the file of options.record anew. It ends when it has options.record_max bytes.
  static result<std::unique_ptr<recorder>> open(const recorded_scheduler&, logger);

  ~recorder();

  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;

  void note(const core::scheduling::event&, core::time_point now);
  /// What the scheduler did because of it.
  void note(std::span<const core::scheduling::effect>);
  /// What was noted is in the file after this, and a digest of all effects so far.
  void flush();

private:
  struct state;
  explicit recorder(std::unique_ptr<state>);

  std::unique_ptr<state> state_;
};

struct recorded_event {
  core::time_point at;
  core::scheduling::event what;
};

/// Of all effects so far: see effect_digest.
struct recorded_digest {
  std::uint64_t sum = 0;
};

using recorded_step = std::variant<recorded_event, recorded_digest>;

/// Reads a recording step by step: decoded as a whole it would be many times its size.
class recording {
public:
  static result<recording> open(const std::string& path);

  const recorded_scheduler& scheduler() const noexcept { return scheduler_; }

  /// None at the end.
  result<std::optional<recorded_step>> next();

  /// At the end of the file, of a block that was not written whole.
  std::uint64_t cut_bytes() const noexcept { return cut_bytes_; }

private:
  recording() = default;

  result<void> read(const wire::block&);
  void add(const wire::block&, core::scheduling::event);
  template <class Message, class Make>
  result<void> add_all(const wire::block&, const result<batch<Message>>&, Make);
  template <class Joined>
  result<void> add_joined(const wire::block&);

  std::string path_;
  recorded_scheduler scheduler_;
  wire::found_blocks found_;
  std::size_t next_block_ = 1;
  std::deque<recorded_step> ready_;
  wire::decoder decoder_;
  journal_reader journal_;
  std::uint64_t cut_bytes_ = 0;
};

}  // namespace troupe
