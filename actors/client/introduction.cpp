#include "actors/client/introduction.hpp"

#include <array>
#include <errno.h>
#include <random>
#include <unistd.h>

#include "serialization/release.hpp"

namespace troupe::detail {

namespace {

uuid random_uuid() {
  std::random_device random;
  uuid made{};
  for (auto& byte : made)
    byte = static_cast<std::uint8_t>(random());
  return made;
}

}  // namespace

hello introduce_client(const std::string& name) {
  static const uuid this_process = random_uuid();
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  hello who;
  who.as = role::client;
  who.process = this_process;
  who.name = name.empty() ? program_invocation_short_name : name;
  who.host = host.data();
  who.pid = static_cast<std::uint32_t>(::getpid());
  who.release = release();
  return who;
}

}  // namespace troupe::detail
