#include "actors/client/introduction.hpp"

#include <array>
#include <errno.h>
#include <unistd.h>

#include "actors/runtime/random_uuid.hpp"
#include "serialization/release.hpp"

namespace troupe::detail {

hello introduce_client(const std::string& name) {
  static const uuid this_process = runtime::random_uuid();
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
