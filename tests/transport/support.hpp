#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <troupe/config.hpp>

#include "actors/runtime/host.hpp"
#include "actors/runtime/runtime.hpp"
#include "actors/transport/network.hpp"
#include "actors/transport/tls.hpp"

namespace troupe::test {

constexpr std::chrono::seconds patience{20};

/// A folder that is there as long as this.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();

  const std::filesystem::path& path() const { return path_; }

  std::string operator/(const std::string& name) const { return path_ / name; }

private:
  std::filesystem::path path_;
};

struct got_frame {
  wire::frame_kind kind{};
  bytes body;
  std::shared_ptr<transport::local_batch> local;
  caf::actor_addr from;
};

struct got_value {
  task_id task;
  bytes content;
  bool store = false;
};

struct got_accepted {
  transport::link from;
  hello who;
};

struct got_gone {
  caf::actor_addr who;
};

using event = std::variant<got_frame, got_value, got_accepted, transport::connected,
                           transport::connect_failed, transport::link_failed, got_gone>;

/// What happened to a part, for another thread to look at.
class record {
public:
  void add(event);

  /// The next event, which must be of that type; fails the test if it is another or none comes.
  template <class Event>
  Event next() {
    auto one = take();
    if (auto* wanted = std::get_if<Event>(&one)) return std::move(*wanted);
    complain(one);
  }

  /// Goes past all others until one of that type comes.
  template <class Event>
  Event next_of() {
    for (;;) {
      auto one = take();
      if (auto* wanted = std::get_if<Event>(&one)) return std::move(*wanted);
    }
  }

  bool empty();

private:
  event take();
  [[noreturn]] static void complain(const event&);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<event> events_;
};

/// An actor that writes down all that it gets, and watches its links.
struct recorder {
  caf::actor actor;
  std::shared_ptr<record> events;
};

using reaction =
    std::function<void(runtime::self&, const transport::envelope&, const caf::actor_addr&)>;

/// `react` is called in the actor, before the event is written down.
recorder spawn_recorder(runtime::node&, reaction react = nullptr);

/// One way of connecting: plain TCP, TLS, a Unix socket.
struct way {
  const char* name;
  std::string listen;
  config server;
  config client;

  bool secure() const { return server.security.mode == "tls"; }
};

/// All ways; the folder holds certificates and sockets.
std::vector<way> all_ways(const temporary_folder&);

/// Options for a test: no waiting for people, no files outside the test.
config quiet_config();

hello hello_as(role);

/// Frame body of that text, padded to whole words.
bytes body_of(const std::string&);

void send(const transport::link&, transport::envelope);
void send(const transport::link&, transport::send_value);

/// A peer that is not ours: says what the test wants, byte by byte.
class raw_peer {
public:
  /// Connects; by TLS with these certificates if the address wants it.
  raw_peer(const std::string& address, const security_options&, bool secure);

  /// False once the other side has closed, or takes nothing more for a while.
  bool write(std::span<const std::byte>);

  bool write(std::string_view text) { return write(std::as_bytes(std::span(text))); }

  /// How much could be written before the other side stopped taking it.
  std::size_t write_until_stuck(std::span<const std::byte> unit, std::size_t units_max);

  struct read_frame {
    wire::frame_header header;
    bytes body;
  };

  int fd() const noexcept { return fd_.get(); }

  /// Writes what write_until_stuck() could not finish.
  bool write_rest() { return write(rest_); }

  /// Nothing if the connection ended.
  std::optional<read_frame> read();

  /// Goes past heartbeats.
  std::optional<read_frame> read_message();

  /// Says a good hello and waits for the answer.
  void introduce(const config&, role);

private:
  bool read_exactly(std::span<std::byte>);

  std::vector<std::byte> rest_;  ///< Of the unit that was being written.
  transport::socket_fd fd_;
  transport::channel io_;
  std::shared_ptr<const transport::tls> tls_;
};

/// A whole frame.
std::vector<std::byte> frame_bytes(wire::frame_kind, const bytes& body);
std::vector<std::byte> header_bytes(wire::frame_header);

/// A server and a client, connected.
struct pair {
  explicit pair(const way&, role as = role::worker);

  runtime::node server;
  runtime::node client;
  recorder at_server;
  recorder at_client;
  transport::listener listening;
  transport::link to_client;
  transport::link to_server;
};

}  // namespace troupe::test
