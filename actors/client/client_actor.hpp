#pragma once

#include <memory>
#include <string>

#include <caf/actor.hpp>

#include "actors/client/connection.hpp"
#include "actors/runtime/runtime.hpp"

namespace troupe {

/// The actor behind all copies of one client. It connects to the scheduler, carries calls to
/// core::client and its answers to the futures, and decides nothing. It ends when it is stopped,
/// or when the scheduler is lost.
caf::actor spawn_client(runtime::node&, const std::string& scheduler,
                        std::shared_ptr<detail::client_connection>);

}  // namespace troupe
