#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <troupe/troupe.hpp>

namespace bench {

// The functions that workers run.

void noop(std::int64_t);

std::int64_t increment(std::int64_t);

/// Keeps a core busy for `us` microseconds of the clock.
std::int64_t busy(std::int64_t i, std::int64_t us);

std::int64_t doze(std::int64_t i, std::int64_t ms);

/// The id of the process that runs it; takes a millisecond.
std::int32_t process(std::int64_t);

// Tasks of graphs: 1 + the sum of the inputs.

std::uint64_t one();
std::uint64_t of_one(std::uint64_t);
std::uint64_t of_two(std::uint64_t, std::uint64_t);
std::uint64_t of_three(std::uint64_t, std::uint64_t, std::uint64_t);
std::uint64_t of_many(const std::vector<std::uint64_t>&);

// The same, after so many rounds of arithmetic. Unlike busy() they take longer if they have to
// share their core, so that what a task system takes from its tasks counts.

std::uint64_t work(std::uint64_t rounds);
std::uint64_t work_after(std::uint64_t rounds, const std::vector<std::uint64_t>&);

/// Rounds of arithmetic that take a microsecond of an idle core.
double rounds_per_us();

// Bytes that no compression makes smaller, and that tell where they come from.

using blob_value = troupe::array<std::uint8_t>;

/// The first 8 bytes say who made them: see maker().
blob_value blob(std::int64_t size, std::int64_t salt);

/// Who made it.
std::uint64_t first_word(const blob_value& blob);

/// A number of this process and thread.
std::uint64_t maker();

/// How many of both were made by others than the caller; throws if they are not blobs of `size`.
std::int64_t foreign(const blob_value&, const blob_value&, std::int64_t size);

/// Of all 8-byte words.
std::uint64_t sum(std::span<const std::uint8_t>);

std::vector<troupe::bytes> split(std::int64_t i, std::int64_t parts, std::int64_t size);
troupe::bytes pick(const std::vector<troupe::bytes>&, std::int64_t j);

/// All bytes of piece `j` of all splits; throws if it is another piece.
std::int64_t join(std::int64_t j, const std::vector<troupe::bytes>&);

inline constexpr auto noop_task = troupe::task<&noop>("bench.noop");
inline constexpr auto increment_task = troupe::task<&increment>("bench.increment");
inline constexpr auto busy_task = troupe::task<&busy>("bench.busy");
inline constexpr auto doze_task = troupe::task<&doze>("bench.doze");
inline constexpr auto process_task = troupe::task<&process>("bench.process");

void register_tasks(troupe::task_registry&);

/// 0, 1 … n - 1
std::vector<std::int64_t> numbers(std::int64_t n);

}  // namespace bench
