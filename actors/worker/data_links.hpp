#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <caf/actor_addr.hpp>

#include "actors/runtime/host.hpp"
#include "actors/runtime/outbox.hpp"
#include "actors/transport/network.hpp"
#include "actors/worker/core/events.hpp"
#include "actors/worker/encoder.hpp"

namespace troupe {

/// A worker's connections to other workers and to clients: those that it makes to fetch inputs,
/// each at its first use, and those on which others fetch its results. Lives on the worker's actor.
///
/// A peer that says what it may not say is closed with one line in the log. What peers say is
/// appended to `heard` as events.
class data_links {
public:
  using event = core::working::event;

  data_links(runtime::self&, transport::network&, hello who, logger);

  // To workers whose results we want.

  void know(worker_id, std::string address);
  void fetch(worker_id, task_id);
  void connected(const transport::connected&);
  void failed(const transport::connect_failed&, std::vector<event>& heard);

  // From workers and clients that want ours.

  void accepted(const transport::accepted&);
  /// Typed values leave encoded, and are encoded only once.
  void answer(std::uint64_t connection, data_message);
  /// The result is dropped, and so is its encoded form.
  void forget(task_id);

  // From either.

  void hear(const transport::envelope&, const caf::actor_addr& from, std::vector<event>& heard);
  void hear(const transport::value_arrived&, const caf::actor_addr& from,
            std::vector<event>& heard);
  void gone(const caf::actor_addr&, std::vector<event>& heard);

  void flush();
  void close();

private:
  struct connection {
    runtime::outbox<data_message, wire::frame_kind::data_messages> out;
    wire::decoder decoder;
    std::uint64_t bytes = 0;  ///< Waiting in `out`.
    std::string name;         ///< Of the peer, for the log.
  };

  struct peer {
    std::string address;
    bool connecting = false;
    std::unique_ptr<connection> open;
    std::vector<task_id> waiting;  ///< To be asked for when it is open.
  };

  struct asker {
    std::uint64_t number = 0;
    connection link;
  };

  /// What one actor is to us. A worker of this process may be both: it has one address, not two
  /// sessions.
  struct known_actor {
    std::optional<worker_id> peer;
    std::unique_ptr<asker> asks;
  };

  void send(connection&, data_message, std::uint64_t size);
  bool take(const known_actor&, data_message, std::size_t frame_size, std::vector<event>& heard);
  void refuse(const caf::actor_addr&, const std::string& why, std::vector<event>& heard);
  std::shared_ptr<once_encoded> encoded_once(task_id, const value&);

  runtime::self& me_;
  transport::network& net_;
  const hello who_;
  logger log_;
  std::map<worker_id, peer> peers_;
  std::unordered_map<caf::actor_addr, known_actor> actors_;
  std::unordered_map<std::uint64_t, connection*> askers_;
  std::unordered_map<task_id, std::shared_ptr<once_encoded>> encoded_;
  std::vector<connection*> to_flush_;
  std::uint64_t next_number_ = 1;
  encoder encoder_;
};

}  // namespace troupe
