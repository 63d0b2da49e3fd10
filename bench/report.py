"""RESULTS.md from lines of results: medians, ratios, targets met and missed."""

import json
import os
import platform
import statistics

from suite import HIGHER, LIMITS, SUITE, title

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINES = os.path.join(ROOT, "build/bench/lines.jsonl")
REPORT = os.path.join(ROOT, "bench/RESULTS.md")


def number(v):
    return f"{v:,.0f}" if abs(v) >= 1000 else f"{v:.3g}"


class Results:
    """Of one scenario: by contender its lines of the newest run."""

    def __init__(self, s, lines):
        mine = [
            line for line in lines if (line["scenario"], line["params"]) == (s["name"], s["params"])
        ]
        newest = max(mine, key=lambda line: line["run"], default={"run": ""})
        self.when = newest["run"].replace("T", " ")
        self.command = newest.get("command", "")
        self.revision = newest.get("revision", "?")
        self.scenario = s
        self.by_name = {}
        for line in mine:
            if line["run"] == newest["run"]:
                self.by_name.setdefault(line["contender"], []).append(line)

    def values(self, name, metric):
        return [
            line["metrics"][metric]
            for line in self.by_name.get(name, [])
            if metric in line["metrics"]
        ]

    def median(self, name, metric):
        found = self.values(name, metric)
        return statistics.median(found) if found else None

    def target(self, mode, target):
        """The number to reach, in this run."""
        if len(target) == 3:
            return target[2]
        other = target[3]
        base = (
            self.median("limit " + other, target[0])
            if other in LIMITS
            else self.median("troupe " + mode, other)
        )
        return base and target[2] * base

    def against_dask(self, metric):
        """How many times as good as tuned Dask we are, in the mode like Dask's."""
        ours = self.median("troupe sep", metric)
        theirs = self.median("dask-tuned", metric)
        if not ours or not theirs or ours < 0 or theirs < 0:
            return ""
        return number(ours / theirs if metric in HIGHER else theirs / ours)

    def target_rows(self):
        for target in self.scenario["targets"]:
            cells = []
            for mode in ("sep", "processes", "threads"):
                value = self.median("troupe " + mode, target[0])
                wanted = self.target(mode, target)
                if value is None or wanted is None:
                    cells.append("")
                    continue
                met = value >= wanted if target[1] == ">=" else value <= wanted
                cells.append(f"{number(value)} {'✓' if met else f'✗ ({number(wanted)})'}")
            words = number(target[2]) + (f" × {target[3]}" if len(target) == 4 else "")
            if any(cells):
                start = f"| {title(self.scenario)} | {target[0]} | {target[1]} {words} | "
                yield start + " | ".join(cells + [self.against_dask(target[0])]) + " |"

    def rows(self):
        key = self.scenario["key"]
        ours = self.median(f"troupe {self.scenario['modes'][0]}", key)
        for name, lines in self.by_name.items():
            found = self.values(name, key)
            if not found:
                continue
            median = statistics.median(found)
            ratio = (ours / median if key in HIGHER else median / ours) if ours and median else 0
            who = name if name.startswith(("troupe", "limit")) else f"{name} ({lines[0]['peer']})"
            noise = [line["noise"].get("other_cpu_pct") for line in lines]
            other = "" if None in noise else f"{statistics.median(noise):.0f}"
            others = [
                f"{m} {number(self.median(name, m))}"
                for m in EXTRA
                if m != key and self.values(name, m)
            ]
            yield (
                f"| {who} | {number(median)} [{number(min(found))} – {number(max(found))}] | "
                f"{len(found)} | "
                f"{number(ratio)} | {other} | {', '.join(others)} |"
            )


EXTRA = (
    "tasks_per_s",
    "p99_us",
    "sched_cpu_us_per_task",
    "cpu_us_per_task",
    "sched_bytes_per_task",
    "client_bytes_per_task",
    "submit_s",
    "first_result_s",
    "drain_s",
    "read_all_s",
    "control_p99_us",
    "beyond_s",
    "client_growth_mb",
    "sched_growth_mb",
    "here_growth_mb",
    "worker_growth_mb",
    "worker_rss_mb",
    "sched_rss_mb",
    "bytes_per_task",
    "submit_us",
    "run_us",
    "release_us",
)


def machine():
    model = "?"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    with open("/etc/os-release") as release:
        system = dict(line.rstrip().split("=", 1) for line in release if "=" in line)
    return (
        f"{len(os.sched_getaffinity(0))} cores ({model}), {memory_gib:.0f} GiB, "
        f"Linux {platform.release()}, "
        f"{system['PRETTY_NAME'].strip(chr(34))}"
    )


def read_lines():
    with open(LINES) as file:
        return [json.loads(line) for line in file]


def report():
    """Writes it, and gives the results of all scenarios that were run."""
    lines = read_lines()
    known = [r for r in (Results(s, lines) for s in SUITE) if r.by_name]
    targets = [row for r in known for row in r.target_rows()]
    text = [
        "# Results",
        "",
        f"{machine()}.",
        "",
        "Made by `make bench`; `bench/run` says how, [README.md](README.md) what the scenarios and the",
        "metrics are. Cells are medians. × compares with the first line of a table: Troupe is so many",
        "times as good. Judge by what was measured in the same run, not by another day's numbers.",
        "",
        "## Targets",
        "",
        "✗ shows in brackets what was to be reached. × is for mode sep, which is how Dask runs.",
        "",
        "| scenario | metric | target | sep | processes | threads | × tuned Dask |",
        "|---|---|---|---|---|---|---|",
        *targets,
    ]
    for r in known:
        s = r.scenario
        text += [
            "",
            f"## {title(s)}",
            "",
            f"`bench/run {r.command}` at {r.when}, revision {r.revision}:",
            "",
            f"| | {s['key']}: median [min – max] | n | × | other CPU, % | also |",
            "|---|---|---|---|---|---|",
            *r.rows(),
        ]
    with open(REPORT, "w") as out:
        out.write("\n".join(text) + "\n")
    return known
