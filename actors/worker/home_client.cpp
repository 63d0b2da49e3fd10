#include "actors/worker/home_client.hpp"

#include <utility>

#include "actors/client/connect.hpp"

namespace troupe {

client home_client::get() {
  const std::lock_guard lock(mutex_);
  if (closed_) throw exception({errc::cancelled, "this worker is about to end"});
  // A scheduler in this process has its workers here: values need not be encoded to get to them.
  const bool encode = !scheduler_.starts_with("local:");
  if (!client_) client_ = detail::make_client(node_, scheduler_, name_, encode);
  return *client_;
}

void home_client::close() {
  std::optional<client> last;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  last.swap(client_);
}

}  // namespace troupe
