#include "backends/jobqueue/allocation.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::backends::jobqueue;

TEST_CASE("srun and mpiexec tell a process its rank, the inner of them first") {
  CHECK_FALSE(find_rank({}));
  // A batch script is no task of srun.
  CHECK_FALSE(find_rank({{"SLURM_JOB_ID", "7"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}));
  const environment step{{"SLURM_JOB_ID", "7"},
                         {"SLURM_STEP_ID", "2"},
                         {"SLURM_PROCID", "3"},
                         {"SLURM_STEP_NUM_TASKS", "4"}};
  CHECK(find_rank(step) == allocation_rank{3, 4, "7.2"});
  auto both = step;
  both["OMPI_COMM_WORLD_RANK"] = "1";
  both["OMPI_COMM_WORLD_SIZE"] = "2";
  CHECK(find_rank(both) == allocation_rank{1, 2, "7.2"});
  CHECK(find_rank({{"PMI_RANK", "1"}, {"PMI_SIZE", "3"}, {"PBS_JOBID", "8.host"}}) ==
        allocation_rank{1, 3, "8.host"});
  for (const auto* wrong : {"", "-1", "3", "many"})
    CHECK_FALSE(find_rank({{"PMI_RANK", wrong}, {"PMI_SIZE", "3"}}));
}

TEST_CASE("the processes of an allocation are its launches, and none comes back") {
  const auto place = make_allocation({0, 3, "7"});
  launch_order order;
  order.count = 2;
  CHECK(place->launch(order).value() == std::vector<launch_id>{"rank-1", "rank-2"});
  CHECK(place->survey().value().size() == 2);
  place->retire({"rank-2"}).value();
  CHECK(place->survey().value().size() == 1);
  order.first = 3;
  order.count = 1;
  CHECK_FALSE(place->launch(order));
}
