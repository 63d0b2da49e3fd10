#pragma once

#include <chrono>
#include <string>

#include <troupe/config.hpp>

#include "actors/runtime/runtime.hpp"
#include "actors/transport/network.hpp"
#include "config/connection_file.hpp"
#include "config/load.hpp"

namespace troupe::tool {

/// Quiet, unless the user wants it otherwise: what goes wrong is told once, by us. Throws
/// troupe::exception.
inline config quiet_config(const load_request& request) {
  auto loaded = load_config(request).value();
  if (!loaded.origins.contains("log.level")) loaded.values.log.level = "off";
  return std::move(loaded.values);
}

/// Asks a scheduler from a node that is there for that only: question(node, address, limit), where
/// the limit is for connecting and for an answer.
template <class Question>
auto ask(config options, const scheduler_contact& contact, Question question) {
  contact.apply(options.security);
  runtime::node node(options);
  auto answer =
      question(node, contact.address, options.network.connect_timeout + std::chrono::seconds(5));
  node.net().stop();
  return answer;
}

}  // namespace troupe::tool
