#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/event_handler.hpp>
#include <caf/io/scribe.hpp>

#include "actors/transport/frame_reader.hpp"
#include "actors/transport/frame_writer.hpp"
#include "actors/transport/socket.hpp"

namespace troupe::transport {

/// The sockets that sessions of this process have open. Thread-safe.
class open_connections {
public:
  std::uint64_t add(int fd);
  void remove(std::uint64_t number);

  std::size_t count() const;

  /// Waits until all are gone, but not longer than that; then cuts what is left. A socket with
  /// unsent bytes would otherwise keep CAF's thread at work for ever.
  void wait_or_cut(std::chrono::milliseconds patience);

private:
  mutable std::mutex mutex_;
  std::condition_variable gone_;
  std::map<std::uint64_t, int> fds_;
  std::uint64_t last_ = 0;
};

/// A channel in CAF's network thread: reads straight to where frames stay, and writes straight from
/// where they lie. CAF's own stream would copy both through buffers of its own.
class channel_stream final : public caf::io::network::event_handler {
public:
  channel_stream(caf::io::network::default_multiplexer&, int fd, channel, reader_limits, bool files,
                 std::shared_ptr<open_connections>);
  ~channel_stream() override;

  void handle_event(caf::io::network::operation) override;
  void removed_from_loop(caf::io::network::operation) override;
  void graceful_shutdown() override;

  /// What has come, for who is told by the manager's consume().
  std::vector<arrival>& arrivals() noexcept { return arrivals_; }

  /// The frame that broke the rules, if one did. Nothing is read after it.
  const result<void>& good() const noexcept { return good_; }

  std::chrono::steady_clock::time_point last_read() const noexcept { return last_read_; }

  frame_writer& out() noexcept { return out_; }

  const channel& io() const noexcept { return io_; }

  void feed(std::span<const std::byte>);
  void start_reading(caf::io::network::stream_manager*);
  void stop_reading();

  /// Writes what it can at once, and the rest when there is room. The manager hears of it by
  /// data_transferred() each time more has been written later.
  void flush(caf::io::network::stream_manager*);

private:
  using manager_ptr = caf::intrusive_ptr<caf::io::network::stream_manager>;

  void read();
  void write();
  io_state read_once(std::size_t& budget);
  io_state write_some();

  channel io_;
  frame_reader reader_;
  frame_writer out_;
  std::vector<arrival> arrivals_;
  result<void> good_;
  std::chrono::steady_clock::time_point last_read_;
  std::vector<std::byte> buffer_;
  std::vector<socket_fd> files_;
  manager_ptr read_for_;
  manager_ptr write_for_;
  bool reading_ = false;
  bool writing_ = false;
  std::shared_ptr<open_connections> connections_;
  std::uint64_t number_;
};

/// What a session broker reads from and writes to.
class channel_scribe final : public caf::io::scribe {
public:
  /// Takes over `fd`. `files`: large values may come and go as files.
  channel_scribe(caf::io::network::default_multiplexer&, int fd, channel, reader_limits, bool files,
                 std::shared_ptr<open_connections>);

  channel_stream& stream() noexcept { return stream_; }

  const channel_stream& stream() const noexcept { return stream_; }

  // CAF's buffers and policies are not used.
  void configure_read(caf::io::receive_policy::config) override {}

  void ack_writes(bool) override {}

  std::vector<char>& wr_buf() override { return unused_; }

  std::vector<char>& rd_buf() override { return unused_; }

  void graceful_shutdown() override;
  void flush() override;
  std::string addr() const override;
  std::uint16_t port() const override;
  void add_to_loop() override;
  void remove_from_loop() override;

  /// No more will be written: the peer reads what was sent, and then the end.
  void finish_writing();

  /// Ends both directions at once.
  void cut();

  /// Why the channel failed, if it did.
  const std::string& trouble() const { return stream_.io().trouble(); }

private:
  channel_stream stream_;
  std::vector<char> unused_;
};

}  // namespace troupe::transport
