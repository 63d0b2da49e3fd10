#pragma once

#include <memory>

#include <troupe/backend.hpp>

namespace troupe::backends::local {

/// `cluster.type = "local"`: workers on this machine. [cluster.local] has one key, `isolation`:
/// "process" (a process each; they end with the owner even if it is killed) or "thread" (all in
/// this process).
result<std::unique_ptr<backend>> make(settings&, const services&);

/// The two places behind it. What processes write on their standard error goes to the file
/// descriptor `errors`, which must stay open.
std::unique_ptr<backend> make_process_place(int errors);
std::unique_ptr<backend> make_thread_place(const services&);

}  // namespace troupe::backends::local
