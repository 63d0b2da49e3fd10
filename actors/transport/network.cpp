#include "actors/transport/network.hpp"

#include <map>
#include <mutex>
#include <utility>

#include "actors/transport/acceptor.hpp"
#include "actors/transport/connector.hpp"

namespace troupe::transport {

namespace {

constexpr std::chrono::seconds stop_patience{3};

}  // namespace

struct network::state {
  state(caf::actor_system& system, security_policy policy, network_options options, logger log)
      : actors(system), security(std::move(policy)) {
    auto made = std::make_shared<session_context>();
    made->options = std::move(options);
    made->log = std::move(log);
    context = std::move(made);
  }

  caf::actor_system& actors;
  security_policy security;
  std::shared_ptr<const session_context> context;
  std::mutex mutex;
  bool stopped = false;
  std::uint64_t last = 0;
  std::map<std::uint64_t, caf::actor> locals;
  // Made when first needed: a process that only connects needs no thread that accepts.
  std::unique_ptr<acceptor> accepting;
  std::unique_ptr<connector> connecting;
};

network::network(caf::actor_system& actors, const config& options, log_sink& log)
    : state_(std::make_shared<state>(actors, security_policy::load(options.security).value(),
                                     options.network, log.make("network"))) {}

network::~network() {
  stop();
}

result<listener> network::listen(const std::string& text, const caf::actor& owner) {
  auto where = parse_address(text);
  if (!where) return where.error();
  auto allowed = state_->security.may_listen(*where);
  if (!allowed) return allowed.error();
  auto socket = bind_and_listen(*where);
  if (!socket) return socket.error();
  const auto& options = state_->context->options;
  const bool tcp = std::holds_alternative<tcp_address>(*where);
  // The connections that are accepted there take it over.
  if (tcp)
    if (auto good = set_congestion(socket->fd.get(), options.congestion); !good)
      return good.error();
  std::lock_guard lock(state_->mutex);
  if (state_->stopped) return error{errc::cancelled, "the network is stopped"};
  if (!state_->accepting)
    state_->accepting =
        std::make_unique<acceptor>(state_->actors, state_->context, state_->security);
  listener made{socket->address, ++state_->last};
  if (tcp && options.local_sockets && state_->security.may_shorten())
    if (auto twin = listen_on_twin(made.address); twin.fd)
      state_->accepting->add(made.number, std::move(twin), owner);
  state_->accepting->add(made.number, *std::move(socket), owner);
  return made;
}

listener network::listen_local(const caf::actor& owner) {
  std::lock_guard lock(state_->mutex);
  auto number = ++state_->last;
  if (!state_->stopped) state_->locals.emplace(number, owner);
  return {to_string(address(local_address{number})), number};
}

void network::close(const listener& which) {
  std::lock_guard lock(state_->mutex);
  state_->locals.erase(which.number);
  if (state_->accepting) state_->accepting->remove(which.number);
}

void network::connect(std::uint64_t request, const std::string& text, hello who,
                      const caf::actor& owner) {
  auto fail = [&](error why) { caf::anon_send(owner, connect_failed{request, std::move(why)}); };
  auto where = parse_address(text);
  if (!where) return fail(where.error());
  std::lock_guard lock(state_->mutex);
  if (state_->stopped) return fail({errc::cancelled, "the network is stopped"});
  if (auto* local = std::get_if<local_address>(&*where)) {
    auto found = state_->locals.find(local->number);
    if (found == state_->locals.end())
      return fail({errc::connection_failed, "no actor listens on " + text +
                                                " in this process; local addresses cannot be "
                                                "used from other processes"});
    // In this order: the other side may answer at once, and its words must not come first.
    caf::anon_send(owner, connected{request, {found->second, true}});
    caf::anon_send(found->second,
                   accepted{{owner, true}, std::make_shared<const hello>(std::move(who))});
    return;
  }
  if (!state_->connecting)
    state_->connecting =
        std::make_unique<connector>(state_->actors, state_->context, state_->security);
  state_->connecting->add(request, *std::move(where), std::move(who), owner);
}

void network::stop() {
  std::unique_ptr<acceptor> accepting;
  std::unique_ptr<connector> connecting;
  {
    std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->stopped, true)) return;
    accepting = std::move(state_->accepting);
    connecting = std::move(state_->connecting);
    state_->locals.clear();
  }
  // Without the lock: their threads end when what they are doing ends.
  accepting.reset();
  connecting.reset();
  state_->context->sessions->stop_all();
  state_->context->connections->wait_or_cut(stop_patience);
}

void close(const link& which) {
  if (!which.local && which.actor) caf::anon_send(which.actor, runtime::stop_atom::value);
}

}  // namespace troupe::transport
