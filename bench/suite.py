"""What is measured, and what is to be reached. See README.md."""

import json

MIB = 1 << 20
LIMITS = ("relay", "relay-unix", "tcp", "tcp-fresh", "unix", "memfd")
COPIES = ("tcp", "tcp-fresh", "unix", "memfd")
HIGHER = ("tasks_per_s", "efficiency", "GB_per_s", "objects_per_s")

ALL = ("sep", "processes", "threads")
PROCESSES = ("sep", "processes")


def scenario(name, params, key, *targets, modes=ALL, limits=(), peers=True):
    """A target is (metric, "<=" or ">=", number), or (…, factor, limit's mode or other metric)."""
    return dict(
        name=name, params=params, key=key, targets=targets, modes=modes, limits=limits, peers=peers
    )


def metg(pattern, *targets):
    params = {"pattern": pattern, "width": 16, "seconds": 0.3, "coarsest_us": 100000}
    modes = ("processes", "threads")
    return scenario("metg", params, "metg_us", *targets, modes=modes, peers=False)


def scale(workers, tasks):
    params = {"workers": workers, "tasks": tasks, "inputs": 1}
    return scenario("scheduler_scale", params, "us_per_task", modes=("threads",), peers=False)


def big(name, *targets, modes=ALL, limits=COPIES, **more):
    params = {"bytes": 256 * MIB, **more}
    return scenario(name, params, "GB_per_s", *targets, modes=modes, limits=limits)


def title(s):
    return f"{s['name']} {json.dumps(s['params'])}"


NOOPS = ("tasks_per_s", ">=", 400e3)
EACH = ("us_per_task", "<=", 5)
RANDOM = {"n": 10000, "deps": 3, "window": 1000, "seed": 42}
SUITE = [
    scenario("map_noop", {"n": 10000}, "tasks_per_s", NOOPS, limits=["relay"]),
    scenario("map_noop", {"n": 100000}, "tasks_per_s", NOOPS,
             ("sched_cpu_us_per_task", "<=", 1.5), limits=["relay"]),
    scenario("map_noop", {"n": 1000000}, "tasks_per_s", ("tasks_per_s", ">=", 1.5e6),
             modes=["threads"], limits=["relay"], peers=False),
    scenario("map_grain", {"n": 20000, "us": 100}, "efficiency"),
    scenario("map_grain", {"n": 5000, "us": 1000}, "efficiency"),
    scenario("roundtrip", {"n": 1000}, "p50_us", ("p50_us", "<=", 3, "relay"),
             ("p99_us", "<=", 4, "p50_us"), limits=["relay", "relay-unix"]),
    scenario("chain", {"n": 1000}, "us_per_hop"),
    scenario("chain", {"n": 10000}, "us_per_hop", ("us_per_hop", "<=", 5), peers=False),
    scenario("chain_submit", {"n": 1000}, "us_per_hop"),
    scenario("tree", {"leaves": 32768}, "us_per_task", EACH),
    scenario("randomdag", RANDOM, "us_per_task", EACH),
    scenario("stencil", {"width": 100, "steps": 100}, "us_per_task", EACH),
    scenario("merge", {"n": 10000}, "total_s", ("total_s", "<=", 0.04)),
    scenario("shuffle", {"parts": 100, "bytes": 1024}, "total_s", ("total_s", "<=", 0.15)),
    scenario("shuffle", {"parts": 50, "bytes": MIB}, "total_s", ("total_s", "<=", 1.0)),
    big("gather_big", ("GB_per_s", ">=", 0.7, "tcp")),
    big("scatter_big", ("GB_per_s", ">=", 0.7, "tcp")),
    big("transfer_ww", ("GB_per_s", ">=", 5), modes=PROCESSES),
    big("transfer_ww", ("GB_per_s", ">=", 0.7, "tcp"), ("control_p99_us", "<=", 2000),
        modes=PROCESSES, limits=("tcp", "tcp-fresh"), settings={"network.local_sockets": "false"}),
    scenario("scatter_small", {"n": 10000, "bytes": 100}, "objects_per_s",
             ("objects_per_s", ">=", 300e3)),
    scenario("ingest", {"n": 200000}, "ingest_us_per_task", modes=["sep"]),
    scenario("ingest", {"n": 1000000}, "ingest_us_per_task", ("ingest_us_per_task", "<=", 1),
             ("sched_bytes_per_task", "<=", 200), ("submit_s", "<=", 1),
             ("first_result_s", "<=", 0.05), modes=["sep"], peers=False),
    scenario("startup", {}, "first_result_s", ("first_result_s", "<=", 0.06)),
    scenario("idle_cpu", {"seconds": 5}, "cpu_pct_total", ("cpu_pct_total", "<=", 0.1),
             ("worker_rss_mb", "<=", 12), ("sched_rss_mb", "<=", 12)),
    scenario("worker_death", {"n": 20000, "ms": 1, "workers": 4}, "lost_s",
             ("beyond_s", "<=", 0.2), modes=PROCESSES),
    scenario("soak", {"seconds": 20, "n": 10000, "bytes": 4 * MIB}, "rounds", modes=PROCESSES,
             peers=False),
    metg("trivial", ("metg_us", "<=", 10)),
    metg("stencil_1d", ("metg_us", "<=", 50)),
    metg("fft"),
    metg("tree"),
    metg("all_to_all"),
    metg("random_nearest"),
    scale(10, 10**4),
    scale(10, 10**6),
    scale(10, 10**7),
    scale(1000, 10**6),
    scale(10**4, 10**6),
    scale(10**4, 10**7),
]
