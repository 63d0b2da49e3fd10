#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <troupe/bytes.hpp>
#include <troupe/result.hpp>

// The form of a scheduler's journal and of its recording: blocks, one after the other. A block is a
// head of 40 bytes and a body, which is that of a frame (see wire.hpp), padded to whole words.
namespace troupe::wire {

/// What a block tells. New ones go last: files outlive the program that wrote them.
enum class block_kind : std::uint16_t {
  recording_begun = 1,  ///< The body is text: the options, a line each.
  client_joined,        ///< `who` is the connection, the body a hello. The same for workers.
  worker_joined,
  client_said,  ///< The body is of client_messages; the other way round for workers.
  worker_said,
  client_lost,
  worker_lost,
  clock_ticked,
  launch_ended,    ///< The body is text: the launch, a line break, how it ended.
  effects_so_far,  ///< `who` is the digest of all effects up to here.
  // Of journals; in recordings too, at the start of a scheduler that has one.
  journal_opened,  ///< By a scheduler: in what it writes, specs are numbered from 0 again.
  journal_begun,   ///< The body is the session.
  journal_said,    ///< The body is of client_messages.
  journal_failed,  ///< The body is of client_replies.
  journal_client,  ///< `who` was admitted; the body is its process. The same for workers.
  journal_client_gone,
  journal_worker,
  journal_worker_gone,
  journal_runs,  ///< Numbers up to `who` may be in use.
  journal_ended,
  launch_unwanted,  ///< The body is text: the launch.
};

struct block {
  block_kind kind{};
  std::int64_t at_ns = 0;  ///< When, on a clock of its own.
  std::uint64_t who = 0;
  bytes body = {};
  std::uint64_t offset = 0;  ///< In the file.
};

/// As it is to be appended to a file.
bytes seal(const block&);

struct found_blocks {
  std::vector<block> blocks;  ///< Bodies are slices of the file's content.
  /// Where the last whole block ends. What follows is the beginning of a block whose writing was
  /// interrupted: cut it off before the next one is appended.
  std::uint64_t good_bytes = 0;
};

/// It may be the beginning of one, or of such a file.
bool begins_a_block(const bytes& content);

/// An errc::bad_bytes with the offset if something before the end is damaged: a whole block follows
/// it, so it is no interrupted writing.
result<found_blocks> read_blocks(const bytes& content);

}  // namespace troupe::wire
