#include <map>
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
    for (const auto& [id, number] : launched_)
      services_.retire_here(id);
  }

  result<std::vector<launch_id>> launch(const launch_order& order) override {
    std::vector<launch_id> ids;
    for (std::uint32_t i = 0; i < order.count; ++i) {
      auto id = services_.launch_here(order, order.first + i);
      if (!id && ids.empty()) return id.error();
      if (!id) break;
      launched_[*id] = order.first + i;
      ids.push_back(std::move(*id));
    }
    return ids;
  }

  result<void> retire(const std::vector<launch_id>& ids) override {
    for (const auto& id : ids)
      if (launched_.erase(id) > 0) services_.retire_here(id);
    return {};
  }

  result<std::string> preview(const launch_order& order) override {
    return "# " + std::to_string(order.count * order.workers) + " workers with " +
           std::to_string(order.threads) + " threads each, in this process\n";
  }

  result<std::vector<launch_status>> survey() override {
    std::vector<launch_status> all;
    for (const auto& [id, number] : launched_) {
      launch_status one;
      one.id = id;
      one.at = launch_status::phase::running;
      one.launch = number;
      all.push_back(std::move(one));
    }
    return all;
  }

private:
  services services_;
  std::map<launch_id, std::uint64_t> launched_;
};

}  // namespace

std::unique_ptr<backend> make_thread_place(const services& from) {
  return std::make_unique<thread_place>(from);
}

}  // namespace troupe::backends::local
