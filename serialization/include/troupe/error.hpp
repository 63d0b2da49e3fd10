#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// Why something that can fail did fail. Codes are stable: they travel on the wire.
enum class errc : std::uint16_t {
  ok = 0,
  cancelled,          ///< Somebody cancelled the task, or an input of it.
  task_failed,        ///< The user's function threw.
  unknown_task,       ///< No worker knows a task of this name, or only with another signature.
  unknown_input,      ///< An input was released before it was used, or never existed.
  worker_lost,        ///< Its workers died too often, or scattered data went down with one.
  scheduler_lost,     ///< The connection to the scheduler is gone.
  connection_failed,  ///< Nobody answered at that address, or the other side refused.
  refused,            ///< The other side refused the hello: token, version, certificate.
  bad_bytes,          ///< Bytes that do not decode to what they should be.
  bad_config,         ///< A configuration or command line that cannot be used.
  bad_argument,       ///< The caller passed something that cannot be used.
  timeout,            ///< It took longer than allowed.
  resource,           ///< Memory, disk or another limit of the machine.
  system,             ///< The operating system said no; the message has its words.
};

std::string_view to_string(errc) noexcept;

/// What went wrong. For a task's failure also where, and which tasks could not run because of it.
struct error {
  errc code = errc::ok;
  std::string message;
  std::string type = {};    ///< Of the exception, e.g. "std::out_of_range".
  std::string task = {};    ///< Name of the task whose function threw.
  std::string worker = {};  ///< Name of the worker it ran on.
  std::vector<std::string> chain =
      {};  ///< Names from the failed task's dependent to the one asked for.

  friend bool operator==(const error&, const error&) = default;
};

/// All that is known, in one line (errc::bad_config: a line for each mistake), e.g.
/// "task 'price' failed on worker 'node7-1': std::out_of_range: no such bond (needed by 'total')".
std::string describe(const error&);

/// Thrown by the public API only; inside troupe errors are values.
class exception : public std::runtime_error {
public:
  explicit exception(error why) : std::runtime_error(describe(why)), why_(std::move(why)) {}

  errc code() const noexcept { return why_.code; }

  const error& why() const noexcept { return why_; }

private:
  error why_;
};

}  // namespace troupe
