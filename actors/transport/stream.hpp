#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/stream.hpp>
#include <caf/io/scribe.hpp>

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

/// A channel among CAF's streams: reads and writes when the socket is ready.
class channel_stream final : public caf::io::network::stream {
public:
  channel_stream(caf::io::network::default_multiplexer&, int fd, channel,
                 std::shared_ptr<open_connections>);
  ~channel_stream() override;

  void handle_event(caf::io::network::operation) override;

  const channel& io() const noexcept { return policy_.io; }

private:
  struct policy {
    using rw_state = caf::io::network::rw_state;
    using native_socket = caf::io::network::native_socket;

    rw_state read_some(std::size_t& size, native_socket, void* to, std::size_t room);
    rw_state write_some(std::size_t& size, native_socket, const void* from, std::size_t left);

    bool must_read_more(native_socket, std::size_t) const { return io.pending() > 0; }

    channel io;
  };

  policy policy_;
  std::shared_ptr<open_connections> connections_;
  std::uint64_t number_;
};

/// What a session broker reads from and writes to.
class channel_scribe final : public caf::io::scribe {
public:
  /// Takes over `fd`.
  channel_scribe(caf::io::network::default_multiplexer&, int fd, channel,
                 std::shared_ptr<open_connections>);

  void configure_read(caf::io::receive_policy::config) override;
  void ack_writes(bool enable) override;
  std::vector<char>& wr_buf() override;
  std::vector<char>& rd_buf() override;
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
  bool launched_ = false;
  channel_stream stream_;
};

}  // namespace troupe::transport
