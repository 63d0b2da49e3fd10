#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include <caf/actor_addr.hpp>

#include "actors/client/core/events.hpp"
#include "actors/runtime/host.hpp"
#include "actors/runtime/outbox.hpp"
#include "actors/transport/network.hpp"

namespace troupe::detail {

/// A client's connections to workers, each made when it is first used. Lives on the client actor.
class data_links {
public:
  data_links(runtime::self&, transport::network&, hello who);

  void know(worker_id, const std::string& address);
  /// Sent with the next flush(), or once the connection is there.
  void say(worker_id, data_message);
  void flush();
  void close();

  /// The worker at the other end.
  std::optional<worker_id> find(const caf::actor_addr&) const;
  /// Passes on what an envelope of the worker says; an error if it says what workers do not say.
  std::optional<error> hear(worker_id, const transport::envelope&,
                            const std::function<void(core::asking::event)>& pass_on);

  void connected(const transport::connected&);
  /// The worker of a connection that failed or ended, now forgotten with all that was said to it.
  std::optional<worker_id> failed(std::uint64_t request);
  std::optional<worker_id> lost(const caf::actor_addr&);

private:
  using outbox = runtime::outbox<data_message, wire::frame_kind::data_messages>;

  struct worker_link {
    std::optional<outbox> out;    ///< Empty: being connected.
    batch<data_message> waiting;  ///< For that.
    std::uint64_t bytes = 0;      ///< In `out`.
    wire::decoder decoder;
  };

  void send(worker_link&, data_message);

  runtime::self& me_;
  transport::network& net_;
  const hello who_;
  std::map<worker_id, std::string> addresses_;
  std::map<worker_id, worker_link> links_;
  std::map<std::uint64_t, worker_id> requests_;
  std::map<caf::actor_addr, worker_id> by_actor_;
  std::uint64_t next_request_ = 1;
};

}  // namespace troupe::detail
