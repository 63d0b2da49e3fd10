#include "backends/jobqueue/allocation.hpp"

#include <set>
#include <utility>
#include <vector>

#include "backends/jobqueue/report_text.hpp"

namespace troupe::backends::jobqueue {

namespace {

/// Variables of launchers, those of the innermost first: mpiexec may run within srun's reach.
constexpr std::pair<const char*, const char*> launchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"PMI_RANK", "PMI_SIZE"},
    {"MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE"},
    {"PALS_RANKID", "PALS_SIZE"},
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}};

constexpr const char* job_variables[] = {"PBS_JOBID",  "LSB_JOBID",      "JOB_ID",
                                         "OAR_JOB_ID", "PMIX_NAMESPACE", "PALS_APID"};

std::string id_of(const environment& variables) {
  // An allocation may be used for one program after the other.
  const auto step = variable(variables, "SLURM_STEP_ID");
  if (const auto job = variable(variables, "SLURM_JOB_ID"); !job.empty())
    return job + (step.empty() ? "" : "." + step);
  for (const auto* name : job_variables)
    if (auto job = variable(variables, name); !job.empty()) return job;
  return {};
}

class allocation_place final : public backend {
public:
  explicit allocation_place(const allocation_rank& of) : size_(of.size) {}

  result<std::vector<launch_id>> launch(const launch_order& order) override {
    std::vector<launch_id> ids;
    for (auto number = order.first; number < order.first + order.count && number < size_; ++number)
      ids.push_back(*here_.insert("rank-" + std::to_string(number)).first);
    if (!ids.empty()) return ids;
    return error{errc::bad_config,
                 "the allocation has no more than " + std::to_string(size_ - 1) +
                     " processes for workers, and those that have ended do not come back"};
  }

  result<void> retire(const std::vector<launch_id>& ids) override {
    for (const auto& id : ids)
      here_.erase(id);
    return {};
  }

  result<std::vector<launch_status>> survey() override {
    std::vector<launch_status> all;
    for (const auto& id : here_) {
      launch_status one;
      one.id = id;
      one.at = launch_status::phase::running;
      all.push_back(std::move(one));
    }
    return all;
  }

  result<std::string> preview(const launch_order&) override {
    return "# nothing is submitted: workers are " + std::to_string(size_ - 1) +
           " processes that are here\n";
  }

private:
  const std::uint32_t size_;
  std::set<launch_id> here_;
};

}  // namespace

std::optional<allocation_rank> find_rank(const environment& variables) {
  for (const auto& [rank_name, size_name] : launchers) {
    const auto rank = number_of(variable(variables, rank_name));
    const auto size = number_of(variable(variables, size_name));
    if (!rank || !size || *rank < 0 || *size <= *rank || *size > 1'000'000) continue;
    return allocation_rank{static_cast<std::uint32_t>(*rank), static_cast<std::uint32_t>(*size),
                           id_of(variables)};
  }
  return std::nullopt;
}

std::unique_ptr<backend> make_allocation(const allocation_rank& of) {
  return std::make_unique<allocation_place>(of);
}

}  // namespace troupe::backends::jobqueue
