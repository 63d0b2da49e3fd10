#include "backends/jobqueue/owner_guard.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace troupe::backends::jobqueue {

namespace {

/// Nothing of ours is put into the text: all comes as arguments. A small shell rather than a
/// program of our own, for this library does not know where one is.
constexpr auto script = R"(
ids=$1 folder=$2
shift 2
read -r word <&3
if [ "$word" != goodbye ] && [ -s "$ids" ]; then
  for try in 1 2 3 4 5; do
    xargs -n 100 "$@" <"$ids" && break
    sleep $((try * 2))
  done
  rm -rf "$folder"
fi
)";

}  // namespace

result<owner_guard> owner_guard::start(const std::vector<std::string>& cancel,
                                       const std::string& ids_file, const std::string& folder) {
  auto ends = make_pipe();
  if (!ends) return ends.error();
  const descriptor nowhere(open("/dev/null", O_WRONLY | O_CLOEXEC));
  process_order order;
  order.command = {"/bin/sh", "-c", script, "troupe-guard", ids_file, folder};
  order.command.insert(order.command.end(), cancel.begin(), cancel.end());
  order.lifeline = ends->read.number();
  order.errors = nowhere.number();
  order.output = nowhere.number();
  order.outlives_us = true;
  auto started = process::start(order);
  if (!started) return started.error();
  return owner_guard(std::move(ends->write));
}

void owner_guard::dismiss() {
  if (!lifeline_) return;
  constexpr char word[] = "goodbye\n";
  // That it has been killed is no concern of ours.
  [[maybe_unused]] const auto written = write(lifeline_.number(), word, sizeof word - 1);
  lifeline_ = {};
}

}  // namespace troupe::backends::jobqueue
