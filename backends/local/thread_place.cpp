#include <set>
#include <utility>

#include "backends/local/local.hpp"

namespace troupe::backends::local {

namespace {

/// Workers as threads of this process. It cannot make them itself, because a backend does not know
/// actors: `services` does.
class thread_place final : public backend {
public:
  explicit thread_place(services from) : services_(std::move(from)) {}

  ~thread_place() override {
    for (const auto& id : launched_)
      services_.retire_here(id);
  }

  result<launch_id> launch(const worker_order& order) override {
    auto id = services_.launch_here(order);
    if (id) launched_.insert(*id);
    return id;
  }

  result<void> retire(const launch_id& id) override {
    if (launched_.erase(id) > 0) services_.retire_here(id);
    return {};
  }

  result<std::vector<launch_status>> survey() override {
    std::vector<launch_status> all;
    for (const auto& id : launched_)
      all.push_back({id, launch_status::phase::running});
    return all;
  }

private:
  services services_;
  std::set<launch_id> launched_;
};

}  // namespace

std::unique_ptr<backend> make_thread_place(const services& from) {
  return std::make_unique<thread_place>(from);
}

}  // namespace troupe::backends::local
