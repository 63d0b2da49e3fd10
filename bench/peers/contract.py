"""What every adapter shares: command line, lines of results, graphs. See bench/README.md."""

import argparse
import importlib.metadata
import json
import os
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(process):
    """Of all threads of a process."""
    try:
        with open(f"/proc/{process}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def status_mb(process, field):
    try:
        with open(f"/proc/{process}/status") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def machine_cpu_s():
    with open("/proc/stat") as stat:
        fields = [int(field) for field in stat.readline().split()[1:]]
    return sum(fields[0:3] + fields[5:7]) / TICKS


class Meter:
    """Time, CPU and peak memory of processes by role: "sched", "worker", "client"."""

    def __init__(self, who):
        self.who = who
        for processes in who.values():
            for process in processes:
                try:
                    with open(f"/proc/{process}/clear_refs", "w") as peak:
                        peak.write("5")
                except OSError:
                    pass
        self.rss = {role: sum(status_mb(p, "VmRSS") for p in all) for role, all in who.items()}
        self.cpu = self.cpu_by_role()
        self.machine = machine_cpu_s()
        self.start = time.perf_counter()

    def cpu_by_role(self):
        return {role: sum(cpu_s(p) for p in all) for role, all in self.who.items()}

    def stop(self, tasks=0):
        total = time.perf_counter() - self.start
        used = {role: now - self.cpu[role] for role, now in self.cpu_by_role().items()}
        metrics = {"total_s": total}
        for role, all_of_role in self.who.items():
            peak = sum(status_mb(p, "VmHWM") for p in all_of_role)
            metrics[role + "_cpu_s"] = used[role]
            metrics[role + "_hwm_growth_mb"] = peak - self.rss[role]
        if tasks:
            metrics["tasks_per_s"] = tasks / total
            metrics["us_per_task"] = total * 1e6 / tasks
            metrics["cpu_us_per_task"] = sum(used.values()) * 1e6 / tasks
            if "sched" in used:
                metrics["sched_cpu_us_per_task"] = used["sched"] * 1e6 / tasks
                metrics["sched_bytes_per_task"] = metrics["sched_hwm_growth_mb"] * 1048576 / tasks
        other = machine_cpu_s() - self.machine - sum(used.values())
        noise = {
            "other_cpu_pct": max(0.0, 100 * other / max(total, 0.02)),
            "load1": os.getloadavg()[0],
        }
        return metrics, noise


def percentiles(metrics, times_s):
    times = sorted(times_s)
    metrics["p50_us"] = times[len(times) // 2] * 1e6
    metrics["p99_us"] = times[len(times) * 99 // 100] * 1e6


def random_numbers(state):
    """The generator of the contract."""
    while True:
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        yield state >> 33


def random_dag(n, deps, window, seed):
    numbers = random_numbers(seed)
    tasks = []
    for i in range(n):
        first = max(0, i - window)
        drawn = [first + next(numbers) % (i - first) for _ in range(deps)] if i else []
        tasks.append(list(dict.fromkeys(drawn)))
    return tasks


def graph(name, p):
    """Inputs of each task; inputs come first. The value of a task is 1 + the sum of its inputs'."""
    if name == "chain":
        return [[i - 1] if i else [] for i in range(p["n"])]
    if name == "merge":
        return [[] for _ in range(p["n"])] + [list(range(p["n"]))]
    if name == "randomdag":
        return random_dag(p["n"], p["deps"], p["window"], p["seed"])
    if name == "stencil":
        w = p["width"]
        return [
            [] if t == 0 else [(t - 1) * w + (i + d) % w for d in (w - 1, 0, 1)]
            for t in range(p["steps"])
            for i in range(w)
        ]
    if name == "tree":
        tasks, begin, width = [[] for _ in range(p["leaves"])], 0, p["leaves"]
        while width > 1:
            tasks += [[begin + i, begin + i + 1] for i in range(0, width - 1, 2)]
            begin, width = begin + width, width // 2
        return tasks
    raise SystemExit(f"no graph {name}")


GRAPHS = ("chain", "merge", "randomdag", "stencil", "tree")


def sinks(tasks):
    used = {i for inputs in tasks for i in inputs}
    return [i for i in range(len(tasks)) if i not in used]


def values(tasks):
    all_values = []
    for inputs in tasks:
        all_values.append((1 + sum(all_values[i] for i in inputs)) % 2**64)
    return all_values


def main(package, run_one, modes):
    """`run_one(mode, scenario, params)` gives metrics and noise."""
    options = argparse.ArgumentParser()
    options.add_argument("--scenario", required=True)
    options.add_argument("--params", default="{}")
    options.add_argument("--mode", choices=modes, default=modes[0])
    options.add_argument("--reps", type=int, default=1)
    options.add_argument("--out")
    options = options.parse_args()
    params = json.loads(options.params)
    version = importlib.metadata.version(package).split("+")[0]
    for rep in range(options.reps):
        metrics, noise = run_one(options.mode, options.scenario, params)
        line = json.dumps(
            {
                "peer": f"{package} {version}",
                "mode": options.mode,
                "rep": rep,
                "scenario": options.scenario,
                "params": params,
                "metrics": metrics,
                "noise": noise,
            }
        )
        print(line, flush=True)
        if options.out:
            with open(options.out, "a") as out:
                out.write(line + "\n")
