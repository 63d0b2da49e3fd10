#include "actors/cluster/snapshot_text.hpp"

#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

using namespace troupe;

namespace {

cluster_snapshot two_workers() {
  cluster_snapshot s;
  s.scheduler = "local-4711";
  s.address = "tcp://127.0.0.1:8786";
  s.release = "0.1.0";
  s.uptime_seconds = 75;
  s.clients = 1;
  s.tasks_waiting = 7;
  s.tasks_queued = 12;
  s.tasks_processing = 2;
  s.tasks_in_memory = 30;
  s.tasks_failed = 1;
  s.runs_finished = 31;
  worker_snapshot w;
  w.worker = {1};
  w.name = "local-1";
  w.host = "node7";
  w.address = "tcp://127.0.0.1:40001";
  w.pid = 12;
  w.threads = 2;
  w.memory_bytes = std::uint64_t{8} << 30;
  w.memory_used_bytes = std::uint64_t{120} << 20;
  w.results = 15;
  w.results_bytes = 1536;
  w.runs_assigned = 3;
  w.runs_finished = 16;
  s.workers.push_back(w);
  w.worker = {2};
  w.name = "another-worker";
  w.address = "tcp://127.0.0.1:4";
  w.memory_used_bytes = 0;
  w.spilled_bytes = std::uint64_t{2} << 20;
  w.state = worker_state::paused;
  w.runs_finished = 15;
  s.workers.push_back(w);
  return s;
}

}  // namespace

TEST_CASE("a snapshot is a few lines and a table for people") {
  CHECK(
      snapshot_text(two_workers()) ==
      "scheduler 'local-4711' at tcp://127.0.0.1:8786, up 1 min 15 s, troupe 0.1.0\n"
      "workers   2 with 4 threads and 16.0 GiB\n"
      "clients   1\n"
      "tasks     7 waiting, 12 queued, 2 processing, 30 in memory, 1 failed; 31 runs finished\n"
      "\n"
      "  WORKER          ADDRESS                STATE    THREADS  ASSIGNED  FINISHED  RESULTS     "
      "SIZE  ON DISK     MEMORY       OF\n"
      "  local-1         tcp://127.0.0.1:40001  running        2         3        16       15  1.5 "
      "KiB  "
      "      -  120.0 MiB  8.0 GiB\n"
      "  another-worker  tcp://127.0.0.1:4      paused         2         3        15       15  1.5 "
      "KiB  "
      "2.0 MiB          -  8.0 GiB\n");
}

TEST_CASE("a scheduler without workers says how to start one, and why tasks wait") {
  auto s = two_workers();
  s.workers.clear();
  s.pending_reason = "there are no workers";
  s.stuck = {"nothing has ended for 60 s"};
  const auto text = snapshot_text(s);
  CHECK(text.find("held up   there are no workers\n") != std::string::npos);
  CHECK(text.find("stuck     nothing has ended for 60 s\n") != std::string::npos);
  CHECK(text.find("start one with `troupe worker tcp://127.0.0.1:8786`") != std::string::npos);
}

TEST_CASE("a snapshot is an object for programs") {
  const auto read = nlohmann::json::parse(snapshot_json(two_workers()));
  CHECK(read["scheduler"] == "local-4711");
  CHECK(read["tasks"]["in_memory"] == 30);
  CHECK(read["workers"].size() == 2);
  CHECK(read["workers"][0]["memory_used_bytes"] == 125829120);
  CHECK(read["workers"][1]["name"] == "another-worker");
  CHECK(read["workers"][1]["state"] == "paused");
  CHECK(read["workers"][1]["spilled_bytes"] == 2097152);
}

TEST_CASE("a name that is not text makes no invalid object") {
  auto s = two_workers();
  s.workers[0].name = "\xff\xfe\"";
  CHECK(nlohmann::json::accept(snapshot_json(s)));
}

TEST_CASE("sizes and times are rounded for people") {
  CHECK(rounded_size(0) == "0 B");
  CHECK(rounded_size(1023) == "1023 B");
  CHECK(rounded_size(1024) == "1.0 KiB");
  CHECK(rounded_size((std::uint64_t{1} << 20) - 1) == "1.0 MiB");
  CHECK(rounded_size(~std::uint64_t{0}) == "16384.0 PiB");
  CHECK(rounded_time(0) == "0 s");
  CHECK(rounded_time(3599) == "59 min 59 s");
  CHECK(rounded_time(7620) == "2 h 7 min");
  CHECK(rounded_time(90000) == "1 d 1 h");
}
