#include "actors/transport/stream.hpp"

#include <algorithm>
#include <chrono>
#include <sys/socket.h>
#include <utility>

namespace troupe::transport {

namespace network = caf::io::network;

namespace {

constexpr std::size_t buffer_size = std::size_t{64} << 10;
constexpr std::size_t head_size = std::size_t{4} << 10;
/// How long one connection may keep the network thread, in bytes.
constexpr std::size_t turn_max = std::size_t{1} << 20;

}  // namespace

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
                               reader_limits limits, bool files,
                               std::shared_ptr<open_connections> connections)
    : event_handler(multiplexer, fd),
      io_(std::move(io)),
      reader_(limits),
      out_(files),
      last_read_(std::chrono::steady_clock::now()),
      buffer_(buffer_size),
      connections_(std::move(connections)),
      number_(connections_->add(fd)) {}

channel_stream::~channel_stream() {
  // Before the base class closes the file.
  connections_->remove(number_);
}

void channel_stream::handle_event(network::operation op) {
  switch (op) {
    case network::operation::read:
      return read();
    case network::operation::write:
      return write();
    case network::operation::propagate_error:
      if (auto to = read_for_) to->io_failure(&backend(), network::operation::read);
      if (auto to = write_for_) to->io_failure(&backend(), network::operation::write);
  }
}

void channel_stream::removed_from_loop(network::operation op) {
  if (op == network::operation::read) read_for_ = nullptr;
  if (op == network::operation::write) write_for_ = nullptr;
}

void channel_stream::graceful_shutdown() {
  ::shutdown(fd(), SHUT_WR);
}

void channel_stream::start_reading(network::stream_manager* whom) {
  // CAF takes back a request that waits when the same is asked for again.
  if (std::exchange(reading_, true)) return;
  read_for_.reset(whom);
  backend().add(network::operation::read, fd(), this);
}

void channel_stream::stop_reading() {
  if (!std::exchange(reading_, false)) return;
  backend().del(network::operation::read, fd(), this);
}

void channel_stream::feed(std::span<const std::byte> data) {
  if (good_) good_ = reader_.feed(data, arrivals_);
}

void channel_stream::read() {
  const auto whom = read_for_;
  if (!whom) return;
  auto budget = turn_max;
  auto last = io_state::done;
  while (last == io_state::done && good_)
    last = read_once(budget);
  const bool over = last == io_state::closed || last == io_state::failed;
  if (!arrivals_.empty() || !good_)
    if (!whom->consume(&backend(), nullptr, 0)) stop_reading();
  if (!over) return;
  whom->io_failure(&backend(), network::operation::read);
  stop_reading();
}

/// `done` if there may be more to read at once.
io_state channel_stream::read_once(std::size_t& budget) {
  const auto room = reader_.room();
  // Together with the rest of a large frame comes the head of the next one, and of that not so much
  // that copying it matters.
  const std::size_t spare = room.empty() ? buffer_.size() : head_size;
  const iovec parts[] = {{room.data(), room.size()}, {buffer_.data(), spare}};
  const auto wanted = room.empty() ? std::span(parts).subspan(1) : std::span(parts);
  auto got = io_.read(wanted, files_);
  reader_.add_files(files_);
  if (got.state != io_state::done) return got.state;
  last_read_ = std::chrono::steady_clock::now();
  const auto direct = std::min(got.size, room.size());
  if (direct > 0) good_ = reader_.filled(direct, arrivals_);
  feed(std::span(buffer_).first(got.size - direct));
  budget -= std::min(budget, got.size);
  // A plain socket that gave less than there was room for is empty.
  if (!io_.secure() && got.size < room.size() + spare) return io_state::want_read;
  return budget > 0 || io_.pending() > 0 ? io_state::done : io_state::want_read;
}

void channel_stream::flush(network::stream_manager* whom) {
  if (writing_ || out_.empty()) return;
  // What fails here fails again in the network thread's own turn, where it can be reported.
  write_some();
  if (out_.empty()) return;
  writing_ = true;
  write_for_.reset(whom);
  backend().add(network::operation::write, fd(), this);
}

void channel_stream::write() {
  const auto whom = write_for_;
  if (!whom) return;
  const auto last = write_some();
  if (last == io_state::closed || last == io_state::failed) {
    whom->io_failure(&backend(), network::operation::write);
    backend().del(network::operation::write, fd(), this);
    return;
  }
  if (out_.empty()) {
    writing_ = false;
    backend().del(network::operation::write, fd(), this);
  }
  whom->data_transferred(&backend(), 0, out_.waiting());
}

io_state channel_stream::write_some() {
  auto budget = turn_max;
  while (budget > 0) {
    const auto next = out_.next();
    if (next.parts.empty()) return io_state::done;
    const auto done = io_.write(next.parts, next.file);
    if (done.state != io_state::done) return done.state;
    out_.sent(done.size);
    budget -= std::min(budget, done.size);
  }
  return io_state::want_write;
}

channel_scribe::channel_scribe(network::default_multiplexer& multiplexer, int fd, channel io,
                               reader_limits limits, bool files,
                               std::shared_ptr<open_connections> connections)
    : scribe(network::conn_hdl_from_socket(fd)),
      stream_(multiplexer, fd, std::move(io), limits, files, std::move(connections)) {}

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
  stream_.start_reading(this);
}

void channel_scribe::remove_from_loop() {
  stream_.stop_reading();
}

void channel_scribe::finish_writing() {
  ::shutdown(stream_.fd(), SHUT_WR);
}

void channel_scribe::cut() {
  ::shutdown(stream_.fd(), SHUT_RDWR);
}

}  // namespace troupe::transport
