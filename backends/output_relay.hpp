#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <troupe/result.hpp>

#include "backends/process.hpp"

namespace troupe::backends {

/// Copies what children write on their standard error to ours, line by line, and remembers how it
/// ended: a worker that cannot start says why there, and nowhere else.
///
/// Thread-safe.
class output_relay {
public:
  struct source {
    std::uint64_t number = 0;
    descriptor write;  ///< For the child; to be closed here once it runs.
  };

  /// Lines go to the file descriptor `to`, which must stay open.
  explicit output_relay(int to);
  ~output_relay();

  result<source> open();

  /// The last lines of a child that has ended, as one: "a | b". Forgets it.
  std::string last_words(std::uint64_t number);

private:
  struct stream {
    descriptor read;
    std::string line;               ///< Not complete yet.
    std::vector<std::string> tail;  ///< The last lines.
    bool at_end = false;
  };

  void run();
  void drain(stream&);
  void take(stream&, const char* data, std::size_t size);
  void end_line(stream&);
  void wake();

  const int to_;
  const std::string line_start_;
  pipe_ends wake_;
  std::mutex mutex_;
  std::map<std::uint64_t, stream> streams_;
  std::uint64_t next_ = 1;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace troupe::backends
