#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <troupe/client.hpp>
#include <troupe/cluster.hpp>
#include <troupe/config.hpp>

#include "actors/runtime/runtime.hpp"
#include "config/connection_file.hpp"
#include "serialization/messages.hpp"

namespace troupe {

/// A cluster that another process runs, here or elsewhere, asked and told by its scheduler.
class attached_cluster {
public:
  /// By name, connection file or address. Throws troupe::exception if nothing is known of it.
  attached_cluster(std::string name, config);
  attached_cluster(const attached_cluster&) = delete;
  attached_cluster& operator=(const attached_cluster&) = delete;
  ~attached_cluster();

  result<cluster_snapshot> look();
  /// `group` may be empty if there are none.
  void scale(const std::string& group, const cluster_size&);
  void wait_for(std::uint32_t count, std::chrono::nanoseconds);
  /// Once the first worker is there, if any is wanted.
  client connect();
  const std::string& address() const noexcept { return contact_.address; }
  cluster_summary summary();
  /// Asks it to end, and does not wait.
  void end();

private:
  const std::string name_;
  config options_;
  const scheduler_contact contact_;
  runtime::node node_;
};

}  // namespace troupe
