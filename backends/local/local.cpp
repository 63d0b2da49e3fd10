#include "backends/local/local.hpp"

#include <unistd.h>

#include <troupe/settings.hpp>

namespace troupe::backends::local {

result<std::unique_ptr<backend>> make(settings& section, const services& from) {
  if (section.choice("isolation", "process", {"process", "thread"}) == "thread")
    return make_thread_place(from);
  return make_process_place(STDERR_FILENO);
}

}  // namespace troupe::backends::local
