#!/usr/bin/env python3
"""Ray on two cores of this machine, started by ray.init() as its manual says."""

import os
import subprocess
import sys
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
os.environ["PYTHONPATH"] = here
os.environ.setdefault("RAY_DEDUP_LOGS", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
import contract
import tasks


class Cluster:
    def __init__(self):
        import ray

        self.ray = ray
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            logging_level="ERROR",
            log_to_driver=False,
            object_store_memory=3 << 30,
        )

    def __enter__(self):
        remote = self.ray.remote(tasks.noop)
        self.ray.get([remote.remote(i) for i in range(400)])
        return self

    def __exit__(self, *_):
        self.ray.shutdown()


def run_graph(ray, name, p):
    graph = contract.graph(name, p)
    wanted = contract.sinks(graph)
    node = ray.remote(tasks.node)
    meter = contract.Meter({"client": [os.getpid()]})
    refs = []
    for inputs in graph:
        refs.append(node.remote(*[refs[i] for i in inputs]))
    kept = [refs[i] for i in wanted]
    refs.clear()
    found = ray.get(kept)
    metrics, noise = meter.stop(len(graph))
    expected = contract.values(graph)
    assert found == [expected[i] for i in wanted]
    metrics["us_per_hop"] = metrics["us_per_task"]
    return metrics, noise


def run_shuffle(ray, p):
    n = p["parts"]
    split, pick, join = (ray.remote(f) for f in (tasks.split, tasks.pick, joined))
    meter = contract.Meter({"client": [os.getpid()]})
    splits = [split.remote(n, p["bytes"]) for _ in range(n)]
    picks = [[pick.remote(one, j) for j in range(n)] for one in splits]
    found = ray.get([join.remote(*[row[j] for row in picks]) for j in range(n)])
    assert found == [n * p["bytes"]] * n
    return meter.stop(n * n + 2 * n)


def joined(*pieces):
    return tasks.join(pieces)


def run_tasks(ray, scenario, p):
    n = p["n"]
    noop, busy, increment = (ray.remote(f) for f in (tasks.noop, tasks.busy, tasks.increment))
    meter = contract.Meter({"client": [os.getpid()]})
    if scenario == "map_noop":
        ray.wait([noop.remote(i) for i in range(n)], num_returns=n, fetch_local=False)
        return meter.stop(n)
    if scenario == "map_grain":
        refs = [busy.remote(i, p["us"]) for i in range(n)]
        ray.wait(refs, num_returns=n, fetch_local=False)
        metrics, noise = meter.stop(n)
        metrics["efficiency"] = n * p["us"] * 1e-6 / 2 / metrics["total_s"]
        return metrics, noise
    if scenario == "roundtrip":
        times = []
        for i in range(n):
            start = time.perf_counter()
            ray.get(noop.remote(i))
            times.append(time.perf_counter() - start)
        metrics, noise = meter.stop(n)
        contract.percentiles(metrics, times)
        return metrics, noise
    if scenario != "chain_submit":
        raise SystemExit(f"no scenario {scenario}")
    last = increment.remote(0)
    for _ in range(1, n):
        last = increment.remote(last)
    assert ray.get(last) == n
    metrics, noise = meter.stop(n)
    metrics["us_per_hop"] = metrics["us_per_task"]
    return metrics, noise


def run_bytes(ray, scenario, p):
    """One object store a machine: workers and client map the same memory."""
    size = p["bytes"]
    content = tasks.blob(size)
    if scenario != "scatter_big":
        made = ray.remote(tasks.blob).remote(size)
        ray.wait([made], fetch_local=False)
    meter = contract.Meter({"client": [os.getpid()]})
    if scenario == "scatter_big":
        made = ray.put(content)
    elif scenario == "gather_big":
        assert len(ray.get(made)) == size
    else:
        assert ray.get(ray.remote(tasks.length).remote(made)) == size
    metrics, noise = meter.stop()
    metrics["GB_per_s"] = size * 1e-9 / metrics["total_s"]
    return metrics, noise


def run_scatter_small(ray, p):
    content = [os.urandom(p["bytes"]) for _ in range(p["n"])]
    meter = contract.Meter({"client": [os.getpid()]})
    kept = [ray.put(one) for one in content]
    metrics, noise = meter.stop(len(kept))
    metrics["objects_per_s"] = metrics["tasks_per_s"]
    return metrics, noise


def run_startup():
    program = (
        f"import sys, time; sys.path.insert(0, {here!r})\n"
        "import ray_peer, tasks\n"
        "cluster = ray_peer.Cluster()\n"
        "cluster.ray.get(cluster.ray.remote(tasks.increment).remote(1))\n"
        "print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)\n"
        "cluster.ray.shutdown()\n"
    )
    meter = contract.Meter({})
    start = time.clock_gettime(time.CLOCK_MONOTONIC)
    out = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    metrics, noise = meter.stop()
    metrics["first_result_s"] = float(out.stdout.split()[-1]) - start
    return metrics, noise


def run_one(_, scenario, p):
    if scenario == "startup":
        return run_startup()
    with Cluster() as cluster:
        if scenario in contract.GRAPHS:
            return run_graph(cluster.ray, scenario, p)
        if scenario == "shuffle":
            return run_shuffle(cluster.ray, p)
        if scenario == "scatter_small":
            return run_scatter_small(cluster.ray, p)
        if scenario in ("gather_big", "scatter_big", "transfer_ww"):
            return run_bytes(cluster.ray, scenario, p)
        return run_tasks(cluster.ray, scenario, p)


if __name__ == "__main__":
    contract.main("ray", run_one, ["local"])
