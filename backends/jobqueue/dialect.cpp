#include "backends/jobqueue/dialect.hpp"

#include <array>
#include <cstdio>

namespace troupe::backends::jobqueue {

namespace {

using lines = std::vector<std::string>;
using std::to_string;

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = kib * kib;
constexpr std::uint64_t gib = mib * kib;

std::uint64_t rounded_up(std::uint64_t bytes, std::uint64_t unit) {
  return (bytes + unit - 1) / unit;
}

std::int64_t seconds(std::chrono::nanoseconds time) {
  return std::chrono::ceil<std::chrono::seconds>(time).count();
}

std::string two_digits(std::int64_t number) {
  return std::string(number < 10 ? "0" : "").append(to_string(number));
}

std::string hours_minutes_seconds(std::chrono::nanoseconds time) {
  const auto all = seconds(time);
  return two_digits(all / 3600) + ":" + two_digits(all / 60 % 60) + ":" + two_digits(all % 60);
}

std::string hours_minutes(std::chrono::nanoseconds time) {
  const auto all = std::chrono::ceil<std::chrono::minutes>(time).count();
  return two_digits(all / 60) + ":" + two_digits(all % 60);
}

bool has_warning(const job_settings& job) {
  return job.walltime.count() > 0 && job.walltime_warning.count() > 0;
}

std::string memory_in_mib(const job_settings& job, const job_order& order) {
  return to_string(rounded_up(memory_of(job, order), mib));
}

std::string range(const job_order& order, std::uint32_t base) {
  return to_string(base) + "-" + to_string(base + order.count - 1);
}

void add_if(lines& to, const std::string& option, const std::string& text) {
  if (!text.empty()) to.push_back(option + shell_word(text));
}

lines slurm_directives(const job_settings& job, const job_order& order) {
  const auto nodes = to_string(job.nodes_per_job);
  const auto file = log_folder(job, order) + "/%x-" + (order.count > 1 ? "%A_%a" : "%j") + ".log";
  lines all{"--job-name=" + job_name(job, order), "--comment=troupe:" + order.cluster,
            "--output=" + file};
  if (order.count > 1) all.push_back("--array=" + range(order, 0));
  add_if(all, "--partition=", job.queue);
  add_if(all, "--account=", job.account);
  all.push_back("--nodes=" + nodes);
  all.push_back("--ntasks=" + nodes);
  if (!job.resource_spec.empty()) {
    all.push_back(job.resource_spec);
  } else {
    all.push_back("--cpus-per-task=" + to_string(cores_of(job, order)));
    if (memory_of(job, order) > 0) all.push_back("--mem=" + memory_in_mib(job, order) + "M");
  }
  if (job.walltime.count() > 0) all.push_back("--time=" + hours_minutes_seconds(job.walltime));
  // To the script alone, which has become the worker; on several nodes to what srun started. Slurm
  // sends it up to a minute early: workers that leave by themselves should have begun before that.
  if (has_warning(job) && job.walltime_warning >= std::chrono::minutes(1))
    all.push_back("--signal=" + std::string(job.nodes_per_job > 1 ? "TERM@" : "B:TERM@") +
                  to_string(seconds(job.walltime_warning / 4)));
  return all;
}

lines slurm_launcher(const job_settings&) {
  return {"srun", "--ntasks-per-node=1", "--kill-on-bad-exit=0"};
}

lines pbs_directives(const job_settings& job, const job_order& order) {
  lines all{"-N " + job_name(job, order), "-j oe", "-o " + log_folder(job, order) + "/"};
  if (order.count > 1) all.push_back("-J " + range(order, 0));
  add_if(all, "-q ", job.queue);
  add_if(all, "-A ", job.account);
  if (!job.resource_spec.empty()) {
    all.push_back("-l " + job.resource_spec);
  } else {
    auto select =
        "-l select=" + to_string(job.nodes_per_job) + ":ncpus=" + to_string(cores_of(job, order));
    if (memory_of(job, order) > 0) select += ":mem=" + memory_in_mib(job, order) + "mb";
    all.push_back(select);
  }
  if (job.walltime.count() > 0) all.push_back("-l walltime=" + hours_minutes_seconds(job.walltime));
  return all;
}

lines pbs_launcher(const job_settings&) {
  return {"pbsdsh", "--"};
}

lines moab_directives(const job_settings& job, const job_order& order) {
  lines all{"-N " + job_name(job, order), "-j oe", "-o " + log_folder(job, order) + "/"};
  if (order.count > 1) all.push_back("-t " + job_name(job, order) + ".[" + range(order, 1) + "]");
  add_if(all, "-q ", job.queue);
  add_if(all, "-A ", job.account);
  if (!job.resource_spec.empty()) {
    all.push_back("-l " + job.resource_spec);
  } else {
    all.push_back("-l nodes=" + to_string(job.nodes_per_job) +
                  ":ppn=" + to_string(cores_of(job, order)));
    if (memory_of(job, order) > 0)
      all.push_back(
          "-l mem=" + to_string(rounded_up(memory_of(job, order), mib) * job.nodes_per_job) + "mb");
  }
  if (job.walltime.count() > 0) all.push_back("-l walltime=" + hours_minutes_seconds(job.walltime));
  if (has_warning(job))
    all.push_back("-l signal=SIGTERM@" + hours_minutes_seconds(job.walltime_warning));
  return all;
}

lines sge_directives(const job_settings& job, const job_order& order) {
  lines all{"-N " + job_name(job, order), "-cwd", "-j y", "-o " + log_folder(job, order) + "/"};
  if (order.count > 1) all.push_back("-t " + range(order, 1));
  add_if(all, "-q ", job.queue);
  add_if(all, "-P ", job.account);
  const auto slots = cores_of(job, order) * job.nodes_per_job;
  if (!job.parallel_environment.empty())
    all.push_back("-pe " + job.parallel_environment + " " + to_string(slots));
  if (!job.resource_spec.empty()) all.push_back("-l " + job.resource_spec);
  if (job.walltime.count() > 0) all.push_back("-l h_rt=" + hours_minutes_seconds(job.walltime));
  if (has_warning(job))
    all.push_back("-l s_rt=" + hours_minutes_seconds(job.walltime - job.walltime_warning));
  // Grid Engine then says SIGUSR2 before it kills a job.
  all.emplace_back("-notify");
  return all;
}

lines mpi_launcher(const job_settings& job) {
  return {"mpiexec", "-n", to_string(job.nodes_per_job), "-ppn", "1"};
}

lines lsf_directives(const job_settings& job, const job_order& order) {
  auto name = job_name(job, order);
  if (order.count > 1) name += "[" + range(order, 1) + "]";
  lines all{"-J " + shell_word(name), "-o " + log_folder(job, order) + "/" + job_name(job, order) +
                                          (order.count > 1 ? "-%J_%I.log" : "-%J.log")};
  add_if(all, "-q ", job.queue);
  add_if(all, "-P ", job.account);
  const auto cores = cores_of(job, order);
  if (!job.resource_spec.empty()) {
    all.push_back("-R " + shell_word(job.resource_spec));
  } else {
    all.push_back("-n " + to_string(cores * job.nodes_per_job));
    all.push_back("-R 'span[ptile=" + to_string(cores) + "]'");
  }
  const auto unit = job.lsf_units == "KB" ? kib : job.lsf_units == "MB" ? mib : gib;
  if (memory_of(job, order) > 0)
    all.push_back("-M " + to_string(rounded_up(memory_of(job, order), unit)));
  if (job.walltime.count() > 0) all.push_back("-W " + hours_minutes(job.walltime));
  if (has_warning(job)) {
    all.emplace_back("-wa TERM");
    all.push_back("-wt " +
                  to_string(std::chrono::ceil<std::chrono::minutes>(job.walltime_warning).count()));
  }
  return all;
}

lines lsf_launcher(const job_settings&) {
  return {"blaunch", "-u", "$LSB_DJOB_HOSTFILE"};
}

lines condor_directives(const job_settings& job, const job_order& order) {
  const auto file = log_folder(job, order) + "/" + job_name(job, order) + "-$(Cluster).$(Process)";
  lines all{"universe = vanilla",
            "batch_name = " + job_name(job, order),
            "executable = " + script_file(order),
            "arguments = $(Process)",
            "output = " + file + ".log",
            "error = " + file + ".log",
            "log = " + log_folder(job, order) + "/" + job_name(job, order) + ".events",
            "stream_output = True",
            "stream_error = True",
            "getenv = True",
            "kill_sig = SIGTERM",
            "+TroupeCluster = \"" + order.cluster + "\""};
  if (!job.resource_spec.empty()) {
    all.push_back("requirements = " + job.resource_spec);
  }
  all.push_back("request_cpus = " + to_string(cores_of(job, order)));
  if (memory_of(job, order) > 0) all.push_back("request_memory = " + memory_in_mib(job, order));
  all.push_back("request_disk = " + to_string(rounded_up(job.disk_bytes, kib)));
  if (!job.account.empty()) all.push_back("accounting_group = " + job.account);
  // HTCondor holds a job that takes longer.
  if (job.walltime.count() > 0)
    all.push_back("allowed_job_duration = " + to_string(seconds(job.walltime)));
  return all;
}

lines no_launcher(const job_settings&) {
  return {};
}

lines oar_directives(const job_settings& job, const job_order& order) {
  const auto file = log_folder(job, order) + "/" + job_name(job, order) + "-%jobid%.log";
  lines all{"-n " + job_name(job, order), "-O " + file, "-E " + file};
  if (order.count > 1) all.push_back("--array " + to_string(order.count));
  add_if(all, "-q ", job.queue);
  add_if(all, "--project ", job.account);
  auto spec = job.resource_spec;
  if (spec.empty())
    spec = "/nodes=" + to_string(job.nodes_per_job) + "/core=" + to_string(cores_of(job, order));
  // On one line: with several OAR would choose between them.
  if (job.walltime.count() > 0) spec += ",walltime=" + hours_minutes_seconds(job.walltime);
  all.push_back("-l " + spec);
  if (!job.memory_per_core_property.empty() && memory_of(job, order) > 0)
    all.push_back("-p '" + job.memory_per_core_property + ">=" +
                  to_string(rounded_up(memory_of(job, order), cores_of(job, order) * mib)) + "'");
  if (has_warning(job))
    all.push_back("--checkpoint " + to_string(seconds(job.walltime_warning)) + " --signal 15");
  return all;
}

lines oar_launcher(const job_settings&) {
  return {"mpiexec", "-machinefile", "$OAR_NODE_FILE", "-ppn", "1"};
}

}  // namespace

std::uint32_t workers_on_node(const job_settings& job, const launch_order& order) {
  return (order.workers + job.nodes_per_job - 1) / job.nodes_per_job;
}

std::uint32_t cores_of(const job_settings& job, const job_order& order) {
  return job.cores > 0 ? job.cores : workers_on_node(job, order) * order.threads;
}

std::uint64_t memory_of(const job_settings& job, const job_order& order) {
  return job.memory_bytes > 0 ? job.memory_bytes : workers_on_node(job, order) * order.memory_bytes;
}

const dialect& dialect_of(batch_system system) {
  // Slurm's wrappers of qsub set its own variables alone.
  static const std::array<dialect, 7> all{{
      {"#SBATCH ", "$SLURM_ARRAY_TASK_ID", 0, false, slurm_launcher, slurm_directives},
      {"#PBS ", "${PBS_ARRAY_INDEX:-$SLURM_ARRAY_TASK_ID}", 0, false, pbs_launcher, pbs_directives},
      {"#$ ", "$SGE_TASK_ID", 1, true, mpi_launcher, sge_directives},
      {"#BSUB ", "$LSB_JOBINDEX", 1, false, lsf_launcher, lsf_directives},
      {"", "$1", 0, false, no_launcher, condor_directives},
      {"#MSUB ", "${MOAB_JOBARRAYINDEX:-$PBS_ARRAYID}", 1, false, pbs_launcher, moab_directives},
      {"#OAR ", "$OAR_ARRAY_INDEX", 1, false, oar_launcher, oar_directives},
  }};
  return all.at(static_cast<std::size_t>(system));
}

}  // namespace troupe::backends::jobqueue
