#pragma once

#include <mutex>
#include <optional>
#include <string>

#include <troupe/client.hpp>

#include "actors/runtime/runtime.hpp"

namespace troupe {

/// The client that the tasks of this process share, made when one of them first asks. Thread-safe.
///
/// Must not be destroyed on an actor's thread, because closing a client waits for its actor.
class home_client {
public:
  /// The node must stay.
  home_client(runtime::node& node, std::string scheduler, std::string name)
      : node_(node), scheduler_(std::move(scheduler)), name_(std::move(name)) {}

  /// Waits for the scheduler's answer; throws troupe::exception if none comes.
  client get();

  /// get() throws from now on. Copies that tasks have stay good.
  void close();

private:
  runtime::node& node_;
  const std::string scheduler_;
  const std::string name_;
  std::mutex mutex_;
  std::optional<client> client_;
  bool closed_ = false;
};

}  // namespace troupe
