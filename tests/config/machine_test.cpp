#include "config/machine.hpp"

#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/config/temporary_folder.hpp"

using namespace troupe;

namespace {

/// A machine with 8 cores, of which 6 are allowed, and 16 GiB.
struct machine {
  temporary_folder root;

  machine() {
    root.write("proc/self/status", "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t0-3,6,7\n");
    root.write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree: 1 kB\n");
  }

  void groups(const std::string& groups, const std::string& mounts) const {
    root.write("proc/self/cgroup", groups);
    root.write("proc/self/mountinfo", mounts);
  }

  machine_share share() const { return find_machine_share(root.path()); }
};

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

constexpr const char* v1_mounts =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
constexpr const char* v2_mounts =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";

}  // namespace

TEST_CASE("without groups, affinity and physical memory count") {
  const machine m;
  CHECK(m.share() == machine_share{6, 16 * gib});
}

TEST_CASE("an unknown machine has one core") {
  const temporary_folder empty;
  CHECK(find_machine_share(empty.path()) == machine_share{1, 0});
}

TEST_CASE("limits of v2 count, those of the enclosing groups too") {
  const machine m;
  m.groups("0::/a/b\n", v2_mounts);
  m.root.write("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
  m.root.write("sys/fs/cgroup/a/b/memory.max", "max\n");
  CHECK(m.share() == machine_share{6, 16 * gib});
  m.root.write("sys/fs/cgroup/a/cpu.max", "300000 100000\n");
  m.root.write("sys/fs/cgroup/a/memory.max", "2147483648\n");
  CHECK(m.share() == machine_share{3, 2 * gib});
  m.root.write("sys/fs/cgroup/a/b/memory.max", "1073741824\n");
  CHECK(m.share() == machine_share{3, gib});
}

TEST_CASE("a quota that is not whole is rounded up") {
  const machine m;
  m.groups("0::/\n", v2_mounts);
  m.root.write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  CHECK(m.share().cores == 2);
  m.root.write("sys/fs/cgroup/cpu.max", "20000 100000\n");
  CHECK(m.share().cores == 1);
  m.root.write("sys/fs/cgroup/cpu.max", "200000 100000\n");
  CHECK(m.share().cores == 2);
}

TEST_CASE("limits of v1 count, those of the enclosing groups too") {
  const machine m;
  m.groups("4:memory:/a/b\n3:cpuacct,cpu:/a\n1:name=systemd:/\n0::/\n", v1_mounts);
  m.root.write("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
  m.root.write("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
  m.root.write("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(m.share() == machine_share{6, 16 * gib});
  m.root.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
  m.root.write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  m.root.write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "3221225472\n");
  CHECK(m.share() == machine_share{3, 3 * gib});
}

TEST_CASE("in a container the path is of a hierarchy of which only a part is mounted") {
  const machine m;
  m.groups("4:memory:/docker/x\n",
           "35 31 0:32 /docker/x /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  m.root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
  CHECK(m.share().memory_bytes == gib);
  m.groups("0::/../outside\n", v2_mounts);
  m.root.write("sys/fs/cgroup/memory.max", "2147483648\n");
  CHECK(m.share().memory_bytes == 2 * gib);
}

TEST_CASE("the limit of the address space counts") {
  const machine m;
  m.root.write("proc/self/limits",
               "Limit                     Soft Limit           Hard Limit           Units\n"
               "Max address space         1073741824           unlimited            bytes\n");
  CHECK(m.share().memory_bytes == gib);
  m.root.write("proc/self/limits", "Max address space         unlimited  unlimited  bytes\n");
  CHECK(m.share().memory_bytes == 16 * gib);
}

TEST_CASE("files that are mapped or cached are not counted as memory in use") {
  const machine m;
  m.root.write("proc/self/status", "RssAnon:\t 1000 kB\nRssFile:\t 500 kB\nRssShmem:\t 24 kB\n");
  CHECK(memory_gauge(gib, m.root.path()).used_bytes() == 1024 * 1024);
  m.groups("0::/a\n", v2_mounts);
  m.root.write("sys/fs/cgroup/a/memory.max", "1073741824\n");
  m.root.write("sys/fs/cgroup/a/memory.current", "5000000\n");
  m.root.write("sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 2000000\n");
  CHECK(memory_gauge(gib, m.root.path()).used_bytes() == 3'000'000);
  CHECK(memory_gauge(gib / 2, m.root.path()).used_bytes() == 1024 * 1024);
  CHECK(memory_gauge(0).used_bytes() > 100'000);
}

TEST_CASE("in a group of v1 the same is counted") {
  const machine m;
  m.groups("4:memory:/a\n", v1_mounts);
  m.root.write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1073741824\n");
  m.root.write("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "5000000\n");
  m.root.write("sys/fs/cgroup/memory/a/memory.stat", "total_inactive_file 2000000\n");
  CHECK(memory_gauge(gib, m.root.path()).used_bytes() == 3'000'000);
}

TEST_CASE("processes that the kernel ended for want of memory are counted") {
  const machine m;
  CHECK(out_of_memory_kills(m.root.path()) == 0);
  m.groups("4:memory:/a\n0::/a\n", v1_mounts);
  m.root.write("sys/fs/cgroup/memory/a/memory.oom_control",
               "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
  CHECK(out_of_memory_kills(m.root.path()) == 3);
  m.groups("0::/a\n", v2_mounts);
  m.root.write("sys/fs/cgroup/a/memory.events", "max 9\noom 3\noom_kill 2\n");
  CHECK(out_of_memory_kills(m.root.path()) == 2);
}

TEST_CASE("this machine has something to offer") {
  const auto share = find_machine_share();
  CHECK(share.cores >= 1);
  CHECK(share.memory_bytes > 1'000'000);
}
