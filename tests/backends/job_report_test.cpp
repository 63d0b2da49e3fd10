#include "backends/jobqueue/job_report.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "test_paths.hpp"

using namespace troupe;
using namespace troupe::backends::jobqueue;

namespace {

using phase = launch_status::phase;
using parser = job_reports (*)(std::string_view);

std::string recorded(const std::string& name) {
  std::ifstream in(std::string(TROUPE_SOURCE_DIR "/tests/backends/recorded/") + name + ".txt");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, job_report> reports(parser parse, const std::string& file) {
  const auto text = recorded(file);
  REQUIRE_FALSE(text.empty());
  auto all = parse(text);
  REQUIRE_MESSAGE(all, describe(all.error()));
  std::map<std::string, job_report> by_id;
  for (const auto& job : *all)
    by_id[job.id] = job;
  CHECK(by_id.size() == all->size());
  return by_id;
}

const std::map<std::string, parser>& recordings() {
  static const std::map<std::string, parser> all{{"squeue", parse_squeue},
                                                 {"made_sacct", parse_sacct},
                                                 {"made_qstat_json", parse_qstat_json},
                                                 {"qstat_full_torque", parse_qstat_full},
                                                 {"qstat_xml", parse_qstat_xml},
                                                 {"qacct", parse_qacct},
                                                 {"made_bjobs_json", parse_bjobs_json},
                                                 {"made_bjobs_table", parse_bjobs_table},
                                                 {"condor_q", parse_condor_json},
                                                 {"condor_history", parse_condor_json},
                                                 {"made_showq_xml", parse_showq_xml},
                                                 {"made_oarstat_json", parse_oarstat_json}};
  return all;
}

}  // namespace

TEST_CASE("Slurm: when a job would start, in what --test-only says") {
  const auto at = parse_start_estimate(
      "sbatch: Job 9 to start at 2026-11-23T23:07:42 using 4 processors on nodes n1 in partition "
      "main\n");
  REQUIRE(at);
  CHECK(*at - *parse_start_estimate(" to start at 2026-11-23T23:07:40") == std::chrono::seconds(2));
  CHECK_FALSE(
      parse_start_estimate("allocation failure: Requested node configuration is not available\n"));
  CHECK_FALSE(parse_start_estimate("sbatch: Job 9 to start at "));
}

TEST_CASE("Slurm: who runs, who waits and why, who can never start, how jobs ended") {
  auto jobs = reports(parse_squeue, "squeue");
  CHECK(jobs["1"].at == phase::running);
  CHECK(jobs["1"].name == "tr-k7-1");
  CHECK(jobs["1"].deadline);
  CHECK(jobs["1"].node == "n1");
  CHECK(jobs["2_1"].index == 1);
  CHECK(jobs["3"].at == phase::pending);
  CHECK(jobs["3"].impossible);
  CHECK(explain(batch_system::slurm, jobs["3"]).find("PartitionConfig: no node of the") == 0);
  CHECK(jobs["5"].impossible);
  CHECK(jobs["8_0"].start_estimate);
  CHECK_FALSE(jobs["8_0"].impossible);
  CHECK_FALSE(jobs["6"].impossible);
  CHECK(jobs["4"].failure == launch_failure::cancelled);
  CHECK(jobs["7"].failure == launch_failure::exit_code);
  CHECK(jobs["7"].reason == "NonZeroExitCode");

  auto ended = reports(parse_sacct, "made_sacct");
  CHECK(ended.size() == 4);
  CHECK(ended["12"].failure == launch_failure::none);
  CHECK(ended["13_0"].failure == launch_failure::cancelled);
  CHECK(ended["13_1"].failure == launch_failure::out_of_memory);
  CHECK(ended["14"].failure == launch_failure::node_failure);
}

TEST_CASE("a state that a later Slurm adds is taken for running, and nothing is done about it") {
  const auto jobs = parse_squeue("12|DREAMING|None|N/A|N/A|n1|a|b\n");
  REQUIRE(jobs);
  CHECK(jobs->front().at == phase::running);
  CHECK(jobs->front().name == "a|b");
}

TEST_CASE("PBS: from JSON, and from the text of Torque and of Slurm's wrappers") {
  auto jobs = reports(parse_qstat_json, "made_qstat_json");
  CHECK(jobs.size() == 6);  // Without the array itself.
  CHECK(jobs["12.pbshost"].at == phase::running);
  CHECK(jobs["13[0].pbshost"].start_estimate);
  CHECK(jobs["13[1].pbshost"].index == 1);
  CHECK(jobs["13[1].pbshost"].failure == launch_failure::none);
  CHECK(jobs["14.pbshost"].impossible);
  CHECK(jobs["15.pbshost"].failure == launch_failure::walltime);
  CHECK(jobs["16.pbshost"].failure == launch_failure::exit_code);

  auto torque = reports(parse_qstat_full, "qstat_full_torque");
  CHECK(torque["1"].at == phase::running);
  CHECK(torque["3"].at == phase::pending);
  CHECK(torque["7"].at == phase::gone);
  CHECK(torque["14"].name == "tr-k8-1");
}

TEST_CASE("Grid Engine: tasks of an array, held jobs, and what the accounts say about the end") {
  auto jobs = reports(parse_qstat_xml, "qstat_xml");
  CHECK(jobs["1"].at == phase::running);
  CHECK(jobs["2.3"].index == 3);
  CHECK(jobs["3"].reason == "held");
  CHECK(jobs["6"].at == phase::pending);

  auto ended = reports(parse_qacct, "qacct");
  CHECK(ended["6"].exit_code == 3);
  CHECK(ended["6"].failure == launch_failure::exit_code);
  CHECK(ended["2.1"].failure == launch_failure::cancelled);
}

TEST_CASE("Grid Engine's tasks that wait are told as a range") {
  const auto jobs = parse_qstat_xml(
      "<job_info><queue_info/><job_info><job_list state='pending'><JB_job_number>5</JB_job_number>"
      "<JB_name>a</JB_name><state>Eqw</state><tasks>1-5:2,9</tasks></job_list></job_info>"
      "</job_info>");
  REQUIRE(jobs);
  REQUIRE(jobs->size() == 4);
  CHECK((*jobs)[1].id == "5.3");
  CHECK((*jobs)[3].id == "5.9");
  CHECK((*jobs)[0].impossible);
}

TEST_CASE("LSF, HTCondor, OAR and Moab") {
  auto lsf = reports(parse_bjobs_json, "made_bjobs_json");
  CHECK(lsf["26[2]"].at == phase::pending);
  CHECK(lsf["26[2]"].name == "troupe-k7-2");
  CHECK(lsf["27"].failure == launch_failure::walltime);
  CHECK(lsf["28"].failure == launch_failure::none);
  auto table = reports(parse_bjobs_table, "made_bjobs_table");
  CHECK(table["26"].at == phase::pending);

  auto condor = reports(parse_condor_json, "condor_q");
  CHECK(condor["1.2"].at == phase::running);
  CHECK(condor["1.2"].index == 2);
  CHECK(condor["2.0"].at == phase::pending);
  CHECK(condor["3.0"].reason == "submitted on hold at user's request");
  CHECK_FALSE(condor["3.0"].impossible);
  // What HTCondor itself holds will not start again; what a person holds may.
  const auto held = [](int code) {
    return parse_condor_json(R"([{"ClusterId":7,"ProcId":0,"JobStatus":5,"HoldReasonCode":)" +
                             std::to_string(code) + R"(,"HoldReason":"why"}])")
        .value()
        .front();
  };
  CHECK_FALSE(held(1).impossible);
  CHECK(held(6).impossible);
  CHECK(held(6).reason == "why");
  auto history = reports(parse_condor_json, "condor_history");
  CHECK(history["1.1"].failure == launch_failure::cancelled);

  auto oar = reports(parse_oarstat_json, "made_oarstat_json");
  CHECK(oar["41"].at == phase::running);
  CHECK(oar["42"].index == 2);
  CHECK(oar["43"].failure == launch_failure::cancelled);

  auto moab = reports(parse_showq_xml, "made_showq_xml");
  CHECK(moab["Moab.6[2]"].index == 2);
  CHECK(moab["Moab.7"].impossible);
  CHECK(moab["Moab.8"].failure == launch_failure::exit_code);
}

TEST_CASE("ids are found in what the submitting commands print") {
  const auto ids = [](batch_system system, const std::string& output, std::uint32_t count) {
    return parse_submitted(system, output, count).value();
  };
  using list = std::vector<std::string>;
  CHECK(ids(batch_system::slurm, "Submitted batch job 12\n", 1) == list{"12"});
  CHECK(ids(batch_system::slurm, "12;cluster\n", 2) == list{"12_0", "12_1"});
  CHECK(ids(batch_system::slurm, "You have 3 hours left.\n14\n", 1) == list{"14"});
  CHECK(ids(batch_system::pbs, "12.pbs01\n", 1) == list{"12.pbs01"});
  CHECK(ids(batch_system::pbs, "12[].pbs01\n", 2) == list{"12[0].pbs01", "12[1].pbs01"});
  CHECK(ids(batch_system::sge, "12.1-2:1\n", 2) == list{"12.1", "12.2"});
  CHECK(ids(batch_system::lsf, "Job <12> is submitted to queue <n4>.\n", 2) ==
        list{"12[1]", "12[2]"});
  CHECK(ids(batch_system::htcondor, "12.0 - 12.1\n", 2) == list{"12.0", "12.1"});
  CHECK(ids(batch_system::htcondor, "12.0 - 12.0\n", 1) == list{"12.0"});
  CHECK(ids(batch_system::moab, "\nMoab.12\n", 1) == list{"Moab.12"});
  CHECK(ids(batch_system::oar, "[ADMISSION] fine\nOAR_JOB_ID=12\nOAR_JOB_ID=13\n", 2) ==
        list{"12", "13"});
  CHECK(parse_submitted(batch_system::slurm, "error: no\n", 1).error().message.find("error: no") !=
        std::string::npos);
}

TEST_CASE("nothing is no jobs") {
  for (const auto& [name, parse] : recordings()) {
    CAPTURE(name);
    const auto jobs = parse("");
    REQUIRE(jobs);
    CHECK(jobs->empty());
  }
}

TEST_CASE("an error shows what was not understood, and nothing that a terminal would take amiss") {
  const auto jobs = parse_squeue("slurm_load_jobs error: \x1b[31mUnable to contact\n");
  REQUIRE_FALSE(jobs);
  CHECK(jobs.error().message ==
        "squeue printed something that is not understood: "
        "\"slurm_load_jobs error: ?[31mUnable to contact\"");
}

TEST_CASE("mutilated output is an error or some jobs, and never the end of the program") {
  std::uint64_t state = 88172645463325252ULL;
  const auto random = [&state] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  const std::string hostile =
      "{}[]<>|_.:-\"\\\n\0\xff"
      "9e";
  for (const auto& [name, parse] : recordings()) {
    const auto good = recorded(name);
    for (int turn = 0; turn < 400; ++turn) {
      auto bad = good;
      for (auto changes = random() % 8 + 1; changes > 0; --changes) {
        const auto at = random() % bad.size();
        switch (random() % 3) {
          case 0:
            bad[at] = hostile[random() % hostile.size()];
            break;
          case 1:
            bad.erase(at, random() % 20);
            break;
          default:
            bad.insert(at, bad.substr(random() % bad.size(), random() % 40));
        }
        if (bad.empty()) bad = "x";
      }
      const auto jobs = parse(bad);
      if (!jobs) CHECK_FALSE(jobs.error().message.empty());
      parse(std::string_view(good).substr(0, random() % good.size())).has_value();
    }
  }
}
