#include "backends/jobqueue/job_script.hpp"

#include <algorithm>
#include <cctype>

#include "backends/jobqueue/dialect.hpp"
#include "backends/process.hpp"
#include "config/units.hpp"

namespace troupe::backends::jobqueue {

namespace {

using std::to_string;

/// Variables in it are the shell's, nothing else is special.
std::string expanding_word(const std::string& text) {
  std::string word(1, '"');
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '`') word += '\\';
    word += c;
  }
  return word + "\"";
}

std::string words(const std::vector<std::string>& all, std::string (*form)(const std::string&)) {
  std::string line;
  for (const auto& word : all)
    line += (line.empty() ? std::string() : std::string(" ")).append(form(word));
  return line;
}

/// Which worker it is, to the worker; the same names as launch_order's.
std::string identity_line(const job_order& order, const std::string& worker) {
  auto name = shell_word(order.name + "-") + "$launch";
  if (order.workers > 1) name += "-" + worker;
  return "export TROUPE_LAUNCH=" + launch_prefix(order.group) +
         "$launch TROUPE_WORKER__NAME=" + name + "\n";
}

std::string worker_line(const job_settings& job, const job_order& order) {
  auto all = order.command;
  all.insert(all.end(), job.worker_arguments.begin(), job.worker_arguments.end());
  return words(all, shell_word);
}

bool skipped(const job_settings& job, const std::string& directive) {
  return std::any_of(job.skip_directives.begin(), job.skip_directives.end(),
                     [&](const auto& part) { return directive.find(part) != std::string::npos; });
}

std::string header(const job_settings& job, const job_order& order, const std::string& mark) {
  std::string text;
  for (const auto& line : dialect_of(job.system).directives(job, order))
    if (!skipped(job, line)) text += mark + line + "\n";
  for (const auto& line : job.directives)
    text += mark + line + "\n";
  return text;
}

std::string launch_number(const job_settings& job, const job_order& order) {
  if (order.count <= 1) return "launch=" + to_string(order.first) + "\n";
  const auto& form = dialect_of(job.system);
  const auto index = form.index_base == 0
                         ? std::string(form.index)
                         : std::string(form.index) + " - " + to_string(form.index_base);
  return "launch=$((" + to_string(order.first) + " + " + index + "))\n";
}

/// What the configuration says wins.
std::string default_line(const std::string& key, std::chrono::nanoseconds time) {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(time);
  return ": \"${TROUPE_WORKER__" + key + ":=" + format_duration(whole) + "}\"\n";
}

std::string environment_lines(const job_settings& job, const job_order& order) {
  auto text = "set -a\n. " + shell_word(environment_file(order)) + " || exit 1\n";
  if (!job.local_directory.empty())
    text += "TROUPE_WORKER__LOCAL_DIRECTORY=" + expanding_word(job.local_directory) + "\n";
  if (!job.interface.empty())
    text += "TROUPE_WORKER__INTERFACE=" + shell_word(job.interface) + "\n";
  if (job.walltime.count() > 0 && job.walltime_warning.count() > 0) {
    // Workers leave by themselves before the system warns them, and not all at one time.
    const auto spread = job.walltime_warning / 2;
    text += default_line("LIFETIME", job.walltime - 3 * spread) +
            default_line("LIFETIME_STAGGER", spread) +
            default_line("LEAVE_TIMEOUT", job.walltime_warning);
  }
  return text + "set +a\n";
}

/// Several workers, or one that something comes after: the shell stays, hands signals on, and ends
/// as badly as the worst of them.
std::string many_workers(const job_settings& job, const job_order& order,
                         const std::string& worker_prefix) {
  return "workers=\n"
         "told=0\n"
         "trap told=1 TERM INT USR1 USR2 XCPU\n"
         "number=0\n"
         "while [ $number -lt " +
         to_string(workers_on_node(job, order)) + " ]; do\n  " +
         identity_line(order, worker_prefix + "$number") + "  " + worker_line(job, order) +
         " &\n"
         "  workers=\"$workers $!\"\n"
         "  number=$((number + 1))\n"
         "done\n"
         "trap 'kill -TERM $workers 2>/dev/null' TERM INT USR1 USR2 XCPU\n"
         "[ $told = 0 ] || kill -TERM $workers\n"
         "status=0\n"
         "for process in $workers; do\n"
         "  # A signal interrupts wait: again, until the worker has ended.\n"
         "  while :; do\n"
         "    wait $process\n"
         "    code=$?\n"
         "    kill -0 $process 2>/dev/null || break\n"
         "  done\n"
         "  [ $code = 0 ] || status=$code\n"
         "done\n";
}

std::string one_worker(const job_settings& job, const job_order& order,
                       const std::string& worker_prefix) {
  // The worker replaces the shell, so that the system's signals reach it.
  return identity_line(order, worker_prefix + "0") + "exec " + worker_line(job, order) + "\n";
}

std::string workers_part(const job_settings& job, const job_order& order,
                         const std::string& worker_prefix, bool last) {
  if (workers_on_node(job, order) == 1 && last && !dialect_of(job.system).warns_with_other_signal)
    return one_worker(job, order, worker_prefix);
  return many_workers(job, order, worker_prefix);
}

std::string lines_of(const std::vector<std::string>& all) {
  std::string text;
  for (const auto& line : all)
    text += line + "\n";
  return text;
}

std::string launcher_line(const job_settings& job, const job_order& order) {
  const auto line = job.launcher.empty()
                        ? words(dialect_of(job.system).launcher(job),
                                [](const std::string& word) {
                                  return word[0] == '$' ? expanding_word(word) : shell_word(word);
                                })
                        : words(job.launcher, shell_word);
  return line + " sh " + shell_word(node_script_file(order)) + " $launch\n";
}

}  // namespace

std::string shell_word(const std::string& text) {
  return shell_words({text});
}

std::string job_name_start(const job_settings& job, const std::string& cluster,
                           const std::string& group) {
  // The id of a cluster begins with "troupe-" by itself.
  auto name = cluster.rfind(job.job_name + "-", 0) == 0 ? cluster : job.job_name + "-" + cluster;
  name += "-" + (group.empty() ? std::string() : group + "-");
  for (auto& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_' && c != '.')
      c = '_';
  return name;
}

std::string job_name(const job_settings& job, const launch_order& order) {
  return job_name_start(job, order.cluster, order.group) + to_string(order.first);
}

std::string environment_file(const job_order& order) {
  return order.folder + "/environment";
}

std::string script_file(const job_order& order) {
  return order.folder + "/job-" + to_string(order.first) + ".sh";
}

std::string node_script_file(const job_order& order) {
  return order.folder + "/node-" + to_string(order.first) + ".sh";
}

std::string description_file(const job_order& order) {
  return order.folder + "/job-" + to_string(order.first) + ".submit";
}

std::string log_folder(const job_settings& job, const job_order& order) {
  return job.log_directory.empty() ? order.folder + "/log" : job.log_directory;
}

job_texts write_job(const job_settings& job, const job_order& order) {
  const bool condor = job.system == batch_system::htcondor;
  const bool one_node = job.nodes_per_job <= 1;
  job_texts texts;
  texts.script = job.shebang + "\n";
  if (condor)
    texts.description = header(job, order, "") + "queue " + to_string(order.count) + "\n";
  else
    texts.script += header(job, order, dialect_of(job.system).mark);
  texts.script += lines_of(job.prologue) + launch_number(job, order);
  if (one_node) {
    texts.script +=
        environment_lines(job, order) + workers_part(job, order, "", job.epilogue.empty());
  } else {
    texts.script += launcher_line(job, order) + "status=$?\n";
    texts.node_script =
        "launch=$1\n" + environment_lines(job, order) +
        workers_part(job, order, "${SLURM_NODEID:-${PBS_NODENUM:-$(uname -n)}}-", true);
    if (workers_on_node(job, order) > 1) texts.node_script += "exit $status\n";
  }
  texts.script += lines_of(job.epilogue);
  if (texts.script.find("\nstatus=") != std::string::npos) texts.script += "exit $status\n";
  return texts;
}

}  // namespace troupe::backends::jobqueue
