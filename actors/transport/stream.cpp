#include "actors/transport/stream.hpp"

#include <chrono>
#include <sys/socket.h>
#include <utility>

namespace troupe::transport {

namespace network = caf::io::network;

std::uint64_t open_connections::add(int fd) {
  std::lock_guard lock(mutex_);
  fds_.emplace(++last_, fd);
  return last_;
}

void open_connections::remove(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  fds_.erase(number);
  gone_.notify_all();
}

std::size_t open_connections::count() const {
  std::lock_guard lock(mutex_);
  return fds_.size();
}

void open_connections::wait_or_cut(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (gone_.wait_for(lock, patience, [this] { return fds_.empty(); })) return;
  // Under the lock nothing is closed, so no number here belongs to somebody else's file.
  for (auto& [number, fd] : fds_)
    ::shutdown(fd, SHUT_RDWR);
}

channel_stream::channel_stream(network::default_multiplexer& multiplexer, int fd, channel io,
                               std::shared_ptr<open_connections> connections)
    : stream(multiplexer, fd),
      policy_{std::move(io)},
      connections_(std::move(connections)),
      number_(connections_->add(fd)) {}

channel_stream::~channel_stream() {
  // Before the base class closes the file.
  connections_->remove(number_);
}

void channel_stream::handle_event(network::operation op) {
  handle_event_impl(op, policy_);
}

network::rw_state channel_stream::policy::read_some(std::size_t& size, native_socket, void* to,
                                                    std::size_t room) {
  size = 0;
  if (room == 0) return rw_state::indeterminate;
  auto got = io.read({static_cast<std::byte*>(to), room});
  if (got.state == io_state::closed || got.state == io_state::failed) return rw_state::failure;
  size = got.size;
  return rw_state::success;
}

network::rw_state channel_stream::policy::write_some(std::size_t& size, native_socket,
                                                     const void* from, std::size_t left) {
  size = 0;
  if (left == 0) return rw_state::indeterminate;
  auto sent = io.write({static_cast<const std::byte*>(from), left});
  if (sent.state == io_state::closed || sent.state == io_state::failed) return rw_state::failure;
  size = sent.size;
  return rw_state::success;
}

channel_scribe::channel_scribe(network::default_multiplexer& multiplexer, int fd, channel io,
                               std::shared_ptr<open_connections> connections)
    : scribe(network::conn_hdl_from_socket(fd)),
      stream_(multiplexer, fd, std::move(io), std::move(connections)) {}

void channel_scribe::configure_read(caf::io::receive_policy::config how) {
  stream_.configure_read(how);
  if (launched_) return;
  launched_ = true;
  stream_.start(this);
}

void channel_scribe::ack_writes(bool enable) {
  stream_.ack_writes(enable);
}

std::vector<char>& channel_scribe::wr_buf() {
  return stream_.wr_buf();
}

std::vector<char>& channel_scribe::rd_buf() {
  return stream_.rd_buf();
}

void channel_scribe::graceful_shutdown() {
  stream_.graceful_shutdown();
  detach(&stream_.backend(), false);
}

void channel_scribe::flush() {
  stream_.flush(this);
}

std::string channel_scribe::addr() const {
  return {};
}

std::uint16_t channel_scribe::port() const {
  return 0;
}

void channel_scribe::add_to_loop() {
  stream_.activate(this);
  // If the removal by remove_from_loop() is still to be done, activate() has done nothing; this
  // takes that removal back.
  stream_.backend().add(network::operation::read, stream_.fd(), &stream_);
}

void channel_scribe::remove_from_loop() {
  stream_.passivate();
}

void channel_scribe::finish_writing() {
  ::shutdown(stream_.fd(), SHUT_WR);
}

void channel_scribe::cut() {
  ::shutdown(stream_.fd(), SHUT_RDWR);
}

}  // namespace troupe::transport
