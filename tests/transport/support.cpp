#include "tests/transport/support.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>

#include <doctest/doctest.h>

#include "actors/runtime/handover.hpp"
#include "actors/transport/addresses.hpp"
#include "actors/transport/certificates.hpp"
#include "actors/transport/hello_frames.hpp"

namespace troupe::test {

temporary_folder::temporary_folder() {
  auto pattern = std::filesystem::temp_directory_path() / "troupe_test_XXXXXX";
  auto text = pattern.string();
  REQUIRE(::mkdtemp(text.data()) != nullptr);
  path_ = text;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void record::add(event one) {
  std::lock_guard lock(mutex_);
  events_.push_back(std::move(one));
  changed_.notify_all();
}

bool record::empty() {
  std::lock_guard lock(mutex_);
  return events_.empty();
}

event record::take() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [this] { return !events_.empty(); }))
    FAIL("nothing happened in time");
  auto one = std::move(events_.front());
  events_.pop_front();
  return one;
}

void record::complain(const event& one) {
  std::string what = "another event came, of kind " + std::to_string(one.index());
  if (auto* failed = std::get_if<transport::connect_failed>(&one))
    what += ": " + describe(failed->why);
  if (auto* failed = std::get_if<transport::link_failed>(&one))
    what += ": " + describe(failed->why);
  FAIL(what);
  std::abort();
}

namespace {

class recording_part final : public runtime::part {
public:
  recording_part(runtime::self& me, std::shared_ptr<record> events, reaction react)
      : me_(me), events_(std::move(events)), react_(std::move(react)) {}

  const char* name() const override { return "recorder"; }

  using part::on;

  void on(const transport::envelope& e, const caf::actor_addr& from) override {
    if (react_) react_(me_, e, from);
    events_->add(got_frame{e.kind, e.body, e.local, from});
  }

  void on(const transport::accepted& peer) override {
    me_.watch(peer.from.actor);
    events_->add(got_accepted{peer.from, *peer.who});
  }

  void on(const transport::connected& peer) override {
    me_.watch(peer.to.actor);
    events_->add(peer);
  }

  void on(const transport::connect_failed& why) override { events_->add(why); }

  void on(const transport::link_failed& why, const caf::actor_addr&) override { events_->add(why); }

  void on(const transport::value_arrived& v, const caf::actor_addr&) override {
    events_->add(got_value{v.task, v.content, v.store});
  }

  void on_gone(const caf::actor_addr& who) override { events_->add(got_gone{who}); }

  void on_stop() override { me_.quit(); }

private:
  runtime::self& me_;
  std::shared_ptr<record> events_;
  reaction react_;
};

}  // namespace

recorder spawn_recorder(runtime::node& node, reaction react) {
  auto events = std::make_shared<record>();
  auto made = runtime::spawn(node.actors(), [=](runtime::self& me) {
    return std::make_unique<recording_part>(me, events, react);
  });
  return {made, events};
}

config quiet_config() {
  config options;
  options.log.level = "off";
  options.security.token = "open sesame";
  return options;
}

std::vector<way> all_ways(const temporary_folder& folder) {
  auto plain = quiet_config();
  auto tcp = plain;
  tcp.network.local_sockets = false;
  auto secure = quiet_config();
  auto made = transport::create_certificates(folder / "cluster", {});
  REQUIRE_MESSAGE(made.has_value(), made.error().message);
  secure.security.mode = "tls";
  secure.security.ca = folder / "cluster/ca.pem";
  secure.security.certificate = folder / "cluster/troupe.pem";
  secure.security.key = folder / "cluster/troupe.key";
  return {{"tcp", "tcp://127.0.0.1:0", tcp, tcp},
          {"tcp, shortened", "tcp://127.0.0.1:0", plain, plain},
          {"tls", "tcp://localhost:0", secure, secure},
          {"unix", "unix://" + folder / "s.sock", plain, plain}};
}

hello hello_as(role as) {
  hello who;
  who.as = as;
  who.name = "alice";
  who.process = {1, 2, 3};
  return who;
}

bytes body_of(const std::string& text) {
  auto padded = text;
  padded.resize((text.size() + 7) / 8 * 8);
  return bytes::copy(padded);
}

void send(const transport::link& to, transport::envelope what) {
  runtime::hand_over(what);
  caf::anon_send(to.actor, std::move(what));
}

void send(const transport::link& to, transport::send_value what) {
  runtime::hand_over(what);
  caf::anon_send(to.actor, std::move(what));
}

namespace {

void set_timeout(int fd, std::chrono::milliseconds time) {
  timeval raw{time.count() / 1000, time.count() % 1000 * 1000};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &raw, sizeof raw);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &raw, sizeof raw);
}

}  // namespace

raw_peer::raw_peer(const std::string& address, const security_options& files, bool secure) {
  auto where = transport::parse_address(address);
  REQUIRE(where.has_value());
  transport::socket_name name;
  std::string host;
  if (auto* tcp = std::get_if<transport::tcp_address>(&*where)) {
    host = tcp->host;
    auto names = transport::resolve(*tcp);
    REQUIRE(names.has_value());
    for (auto& one : *names)
      if (one.family() == AF_INET) name = one;
  } else {
    name = *transport::unix_name(std::get<transport::unix_address>(*where));
  }
  fd_ = transport::socket_fd(::socket(name.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_timeout(fd_.get(), patience);
  REQUIRE(::connect(fd_.get(), name.get(), name.size) == 0);
  transport::set_no_delay(fd_.get());
  if (!secure) {
    io_ = transport::channel(fd_.get(), nullptr);
    return;
  }
  tls_ = transport::tls::load(files).value();
  io_ = transport::channel(fd_.get(), tls_->client_side(fd_.get(), host));
  REQUIRE(io_.handshake() == transport::io_state::done);
}

bool raw_peer::write(std::span<const std::byte> data) {
  while (!data.empty()) {
    auto sent = io_.write(data);
    if (sent.state != transport::io_state::done) return false;
    data = data.subspan(sent.size);
  }
  return true;
}

std::size_t raw_peer::write_until_stuck(std::span<const std::byte> unit, std::size_t units_max) {
  set_timeout(fd_.get(), std::chrono::milliseconds(500));
  std::size_t units = 0;
  while (units < units_max) {
    for (auto left = unit; !left.empty();) {
      auto sent = io_.write(left);
      if (sent.state != transport::io_state::done) {
        // The unit that is half written has to be finished by the caller's rest.
        set_timeout(fd_.get(), patience);
        rest_.assign(left.begin(), left.end());
        return units;
      }
      left = left.subspan(sent.size);
    }
    ++units;
  }
  set_timeout(fd_.get(), patience);
  return units;
}

bool raw_peer::read_exactly(std::span<std::byte> to) {
  while (!to.empty()) {
    auto got = io_.read(to);
    if (got.state != transport::io_state::done) return false;
    to = to.subspan(got.size);
  }
  return true;
}

std::optional<raw_peer::read_frame> raw_peer::read() {
  std::array<std::byte, 8> head;
  if (!read_exactly(head)) return std::nullopt;
  auto header = transport::header_of(head);
  std::vector<std::byte> body(std::size_t{header.words} * 8);
  if (!read_exactly(body)) return std::nullopt;
  return read_frame{header, bytes::adopt(std::move(body))};
}

std::optional<raw_peer::read_frame> raw_peer::read_message() {
  for (;;) {
    auto one = read();
    if (!one || one->header.kind != static_cast<std::uint16_t>(wire::frame_kind::heartbeat))
      return one;
  }
}

void raw_peer::introduce(const config& options, role as) {
  auto who = hello_as(as);
  who.token = options.security.token;
  REQUIRE(write(transport::hello_frame(who)));
  auto answer = read();
  REQUIRE(answer.has_value());
  CHECK(answer->header.kind == static_cast<std::uint16_t>(wire::frame_kind::heartbeat));
}

std::vector<std::byte> header_bytes(wire::frame_header header) {
  std::vector<std::byte> raw(sizeof header);
  std::memcpy(raw.data(), &header, sizeof header);
  return raw;
}

std::vector<std::byte> frame_bytes(wire::frame_kind kind, const bytes& body) {
  auto raw = header_bytes(
      {static_cast<std::uint32_t>(body.size() / 8), static_cast<std::uint16_t>(kind), 0});
  raw.insert(raw.end(), body.begin(), body.end());
  return raw;
}

pair::pair(const way& by, role as)
    : server(by.server),
      client(by.client),
      at_server(spawn_recorder(server)),
      at_client(spawn_recorder(client)) {
  auto opened = server.net().listen(by.listen, at_server.actor);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
  listening = *opened;
  client.net().connect(7, listening.address, hello_as(as), at_client.actor);
  to_client = at_server.events->next<got_accepted>().from;
  auto connected = at_client.events->next<transport::connected>();
  CHECK(connected.request == 7);
  to_server = connected.to;
}

}  // namespace troupe::test
