#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>
#include <variant>

#include "actors/scheduler/effect_digest.hpp"
#include "actors/scheduler/journal_blocks.hpp"
#include "actors/scheduler/recorded_options.hpp"
#include "actors/scheduler/recording.hpp"

namespace troupe {

namespace {

using namespace core::scheduling;
using wire::block_kind;

constexpr std::size_t buffer_bytes_max = std::size_t{1} << 20;

}  // namespace

struct recorder::state {
  std::string path;
  logger log;
  int file = -1;
  std::uint64_t room = 0;  ///< Bytes that may still be written.
  wire::encoder encoder;
  journal_writer journal;
  effect_digest digest;
  bool digest_due = false;
  std::vector<std::byte> buffer;

  // What one peer said at one time is one block.
  block_kind pending = {};
  std::uint64_t who = 0;
  std::int64_t at_ns = 0;
  batch<client_message> from_client;
  batch<worker_message> from_worker;

  state() = default;
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  ~state() {
    if (!ended()) ::close(file);
  }

  bool ended() const { return file < 0; }

  void put(block_kind kind, std::uint64_t peer, bytes body) {
    append(wire::seal({kind, at_ns, peer, std::move(body), 0}).span());
  }

  void append(std::span<const std::byte> block) {
    if (ended()) return;
    if (block.size() > room) {
      log->warn("the recording ends here: it has scheduler.record_max bytes path={}", path);
      return end();
    }
    room -= block.size();
    buffer.insert(buffer.end(), block.begin(), block.end());
    if (buffer.size() > buffer_bytes_max) write();
  }

  void end() {
    write();
    if (!ended()) ::close(std::exchange(file, -1));
  }

  void end_batch() {
    if (!from_client.empty()) put(block_kind::client_said, who, encoder.encode(from_client));
    if (!from_worker.empty()) put(block_kind::worker_said, who, encoder.encode(from_worker));
    from_client.clear();
    from_worker.clear();
  }

  void write() {
    std::size_t done = 0;
    while (!ended() && done < buffer.size()) {
      const auto n = ::write(file, buffer.data() + done, buffer.size() - done);
      if (n > 0) done += static_cast<std::size_t>(n);
      if (n >= 0 || errno == EINTR) continue;
      log->error("the recording ends here: cannot write path={} why=\"{}\"", path,
                 std::strerror(errno));
      ::close(std::exchange(file, -1));
    }
    buffer.clear();
  }

  template <class Message>
  void gather(block_kind kind, std::uint64_t peer, std::int64_t now_ns, batch<Message>& to,
              const Message& m) {
    if (pending != kind || who != peer || at_ns != now_ns) end_batch();
    pending = kind;
    who = peer;
    at_ns = now_ns;
    to.push_back(m);
  }

  void note(const client_said& e, std::int64_t now_ns) {
    gather(block_kind::client_said, e.client.value, now_ns, from_client, e.message);
  }

  void note(const worker_said& e, std::int64_t now_ns) {
    gather(block_kind::worker_said, e.worker.value, now_ns, from_worker, e.message);
  }

  template <class Event>
  void note(const Event& e, std::int64_t now_ns) {
    end_batch();
    at_ns = now_ns;
    lone(e);
  }

  void lone(const client_joined& e) {
    put(block_kind::client_joined, e.connection, wire::encode(without_secret(*e.who)));
  }

  void lone(const worker_joined& e) {
    put(block_kind::worker_joined, e.connection, wire::encode(without_secret(*e.who)));
  }

  void lone(const client_lost& e) { put(block_kind::client_lost, e.client.value, {}); }

  void lone(const worker_lost& e) { put(block_kind::worker_lost, e.worker.value, {}); }

  void lone(const clock_ticked&) { put(block_kind::clock_ticked, 0, {}); }

  void lone(const journal_read& e) {
    std::vector<std::byte> blocks;
    journal.write(std::span(&e.record, 1), blocks, at_ns);
    append(blocks);
  }

  void lone(const journal_ended&) { put(block_kind::journal_ended, 0, {}); }

  void lone(const launch_ended& e) {
    put(block_kind::launch_ended, 0, bytes::copy(e.launch + "\n" + e.how));
  }

  void lone(const launch_unwanted& e) {
    put(block_kind::launch_unwanted, 0, bytes::copy(e.launch));
  }

  static hello without_secret(hello who) {
    who.token.clear();
    return who;
  }
};

result<std::unique_ptr<recorder>> recorder::open(const recorded_scheduler& who, logger log) {
  const auto& path = who.options.record;
  auto made = std::make_unique<state>();
  made->path = path;
  made->room = who.options.record_max;
  made->log = std::move(log);
  made->file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
  if (made->file < 0)
    return error{errc::system, "cannot record to " + path + ": " + std::strerror(errno)};
  made->put(block_kind::recording_begun, 0, to_bytes(who));
  return std::unique_ptr<recorder>(new recorder(std::move(made)));
}

recorder::recorder(std::unique_ptr<state> made) : state_(std::move(made)) {}

recorder::~recorder() {
  flush();
}

void recorder::note(const event& what, core::time_point now) {
  if (state_->ended()) return;
  const auto now_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  std::visit([&](const auto& e) { state_->note(e, now_ns); }, what);
}

void recorder::note(std::span<const effect> effects) {
  if (state_->ended()) return;
  state_->digest.add(effects);
  state_->digest_due = true;
}

void recorder::flush() {
  state_->end_batch();
  if (std::exchange(state_->digest_due, false))
    state_->put(block_kind::effects_so_far, state_->digest.sum(), {});
  state_->write();
}

}  // namespace troupe
