#include "actors/worker/introduction.hpp"

#include <algorithm>
#include <array>
#include <malloc.h>
#include <random>
#include <string>
#include <unistd.h>

#include "actors/runtime/random_uuid.hpp"
#include "actors/worker/spill_folder.hpp"
#include "serialization/release.hpp"

namespace troupe {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

}  // namespace

void fill_in(worker_options& options) {
  if (options.name.empty()) options.name = host_name() + "-" + std::to_string(getpid());
  if (options.threads > 0 && options.memory > 0) return;
  const auto share = find_machine_share();
  if (options.threads == 0) options.threads = share.cores;
  if (options.memory == 0) options.memory = share.memory_bytes;
}

hello introduce_worker(const worker_options& options) {
  hello who;
  who.as = role::worker;
  who.process = runtime::random_uuid();
  who.name = options.name;
  who.host = host_name();
  who.pid = static_cast<std::uint32_t>(getpid());
  who.release = release();
  return who;
}

void add_means(const worker_options& options, hello& who) {
  who.threads = options.threads;
  who.memory_bytes = options.memory;
  who.resources = options.resources;
}

core::worker_limits limits_of(const worker_options& options, bool own_process) {
  const auto share_of_memory = [&](double share) {
    if (share <= 0 || options.memory == 0) return core::memory_marks::never;
    return static_cast<std::uint64_t>(share * static_cast<double>(options.memory));
  };
  core::memory_marks marks;
  marks.target = share_of_memory(options.memory_target);
  if (options.disk_max > 0) marks.disk = options.disk_max;
  if (own_process) {
    marks.spill = share_of_memory(options.memory_spill);
    marks.pause = share_of_memory(options.memory_pause);
    // Not at once when it is a little below, or it would pause and resume all the time.
    marks.resume = share_of_memory(options.memory_pause * 0.95);
    marks.end = share_of_memory(options.memory_terminate);
  }
  return {.threads = options.threads,
          .inline_result_max = options.inline_result_max,
          .memory = marks,
          .fetch_max = options.fetch_max,
          .fetch_peer_max = options.fetch_peer_max};
}

std::optional<std::chrono::steady_clock::time_point> end_of_life(
    const worker_options& options, std::chrono::steady_clock::time_point now) {
  if (options.lifetime.count() == 0) return {};
  const auto most = std::min(options.lifetime_stagger, options.lifetime).count();
  std::random_device source;
  std::uniform_int_distribution<std::int64_t> chance(-most, most);
  return now + options.lifetime + std::chrono::nanoseconds(chance(source));
}

memory_watch::memory_watch(const worker_options& options)
    : gauge_(options.memory),
      target_bytes_(
          static_cast<std::uint64_t>(options.memory_target * static_cast<double>(options.memory))) {
}

std::uint64_t memory_watch::measure() {
  used_bytes_ = gauge_.used_bytes();
  if (target_bytes_ == 0 || used_bytes_ < target_bytes_) return used_bytes_;
  malloc_trim(0);
  return used_bytes_ = gauge_.used_bytes();
}

std::chrono::milliseconds memory_watch::pause() const {
  // Fresh memory is filled at 1.4 GB/s by a thread; in 4 GiB a second means little.
  constexpr std::uint64_t fastest_per_ms = std::uint64_t{4} << 20;
  if (target_bytes_ == 0) return std::chrono::seconds(1);
  const auto room = target_bytes_ - std::min(used_bytes_, target_bytes_);
  return std::chrono::milliseconds(std::clamp<std::uint64_t>(room / fastest_per_ms, 100, 1000));
}

std::string out_of_memory_words(std::uint64_t used_bytes, std::uint64_t limit_bytes) {
  return "out of memory: it uses " + std::to_string(used_bytes >> 20) + " MiB of the " +
         std::to_string(limit_bytes >> 20) + " MiB that it may";
}

std::filesystem::path local_directory(const worker_options& options) {
  if (options.local_directory.empty()) return default_local_directory();
  return options.local_directory;
}

}  // namespace troupe
