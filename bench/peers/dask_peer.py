#!/usr/bin/env python3
"""Dask: scheduler, two workers of one thread each, and the client are processes (mode sep). Mode
sep-tuned does not queue root tasks on the scheduler (worker-saturation: inf): many times faster."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")
import contract
import tasks


def dask_command(kind, *arguments):
    quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # A session of its own: the kernel's autogroups share the cores among sessions.
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{kind}",
            "--no-dashboard",
            "--host",
            "127.0.0.1",
            *arguments,
        ],
        start_new_session=True,
        **quiet,
    )


class Cluster:
    def __init__(self, workers):
        from distributed import Client

        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self.folder = tempfile.TemporaryDirectory()
        contact = self.folder.name + "/scheduler.json"
        self.scheduler = dask_command("scheduler", "--port", "0", "--scheduler-file", contact)
        while not (os.path.exists(contact) and os.path.getsize(contact)):
            time.sleep(0.01)
        self.workers = [
            dask_command(
                "worker",
                "--scheduler-file",
                contact,
                "--nthreads",
                "1",
                "--no-nanny",
                "--local-directory",
                self.folder.name,
            )
            for _ in range(workers)
        ]
        self.client = Client(scheduler_file=contact, timeout=60)
        if workers:
            self.client.wait_for_workers(workers)

    def who(self):
        return {
            "sched": [self.scheduler.pid],
            "client": [os.getpid()],
            "worker": [worker.pid for worker in self.workers],
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        for process in self.workers + [self.scheduler]:
            process.kill()
            process.wait()
        self.folder.cleanup()


def warmed(workers=2):
    cluster = Cluster(workers)
    cluster.client.gather(cluster.client.map(tasks.noop, range(200 * workers), pure=False))
    time.sleep(0.3)
    return cluster


def in_dask(inputs):
    if len(inputs) > 3:
        return (tasks.total, [f"t-{i}" for i in inputs])
    return (tasks.node, *[f"t-{i}" for i in inputs])


def run_graph(cluster, name, p):
    graph = contract.graph(name, p)
    wanted = contract.sinks(graph)
    dask = {f"t-{i}": in_dask(inputs) for i, inputs in enumerate(graph)}
    meter = contract.Meter(cluster.who())
    found = cluster.client.get(dask, [f"t-{i}" for i in wanted], sync=True)
    metrics, noise = meter.stop(len(graph))
    expected = contract.values(graph)
    assert list(found) == [expected[i] for i in wanted]
    metrics["us_per_hop"] = metrics["us_per_task"]
    return metrics, noise


def run_shuffle(cluster, p):
    n = p["parts"]
    dask = {f"s-{i}": (tasks.split, n, p["bytes"]) for i in range(n)}
    for i in range(n):
        dask.update({f"p-{i}-{j}": (tasks.pick, f"s-{i}", j) for j in range(n)})
    dask.update({f"j-{j}": (tasks.join, [f"p-{i}-{j}" for i in range(n)]) for j in range(n)})
    meter = contract.Meter(cluster.who())
    found = cluster.client.get(dask, [f"j-{j}" for j in range(n)], sync=True)
    assert list(found) == [n * p["bytes"]] * n
    return meter.stop(len(dask))


def one_by_one(client, n):
    """A short function: Dask sends the source of whoever calls submit()."""
    times = []
    for i in range(n):
        start = time.perf_counter()
        client.submit(tasks.noop, i, pure=False).result()
        times.append(time.perf_counter() - start)
    return times


def submit_chain(client, n):
    last = client.submit(tasks.increment, 0, pure=False)
    for _ in range(1, n):
        last = client.submit(tasks.increment, last, pure=False)
    return last.result()


def run_tasks(cluster, scenario, p):
    from distributed import wait

    client, n = cluster.client, p["n"]
    meter = contract.Meter(cluster.who())
    if scenario == "map_noop":
        wait(client.map(tasks.noop, range(n), pure=False))
        return meter.stop(n)
    if scenario == "map_grain":
        wait(client.map(tasks.busy, range(n), us=p["us"], pure=False))
        metrics, noise = meter.stop(n)
        metrics["efficiency"] = n * p["us"] * 1e-6 / 2 / metrics["total_s"]
        return metrics, noise
    if scenario == "roundtrip":
        times = one_by_one(client, n)
        metrics, noise = meter.stop(n)
        contract.percentiles(metrics, times)
        return metrics, noise
    assert submit_chain(client, n) == n
    metrics, noise = meter.stop(n)
    metrics["us_per_hop"] = metrics["us_per_task"]
    return metrics, noise


def run_bytes(cluster, scenario, p):
    from distributed import wait

    client, size = cluster.client, p["bytes"]
    holder, other = list(client.scheduler_info()["workers"])[:2]
    if scenario == "scatter_big":
        content = tasks.blob(size)
    else:
        made = client.submit(tasks.blob, size, workers=[holder], pure=False)
        wait(made)
    meter = contract.Meter(cluster.who())
    if scenario == "scatter_big":
        wait(client.scatter(content, hash=False))
    elif scenario == "gather_big":
        assert len(made.result()) == size
    else:
        assert client.submit(tasks.length, made, workers=[other], pure=False).result() == size
    metrics, noise = meter.stop()
    metrics["GB_per_s"] = size * 1e-9 / metrics["total_s"]
    return metrics, noise


def run_scatter_small(cluster, p):
    from distributed import wait

    content = [os.urandom(p["bytes"]) for _ in range(p["n"])]
    meter = contract.Meter(cluster.who())
    wait(cluster.client.scatter(content, hash=False))
    metrics, noise = meter.stop(p["n"])
    metrics["objects_per_s"] = metrics["tasks_per_s"]
    return metrics, noise


def run_ingest(p):
    with Cluster(0) as cluster:
        meter = contract.Meter(cluster.who())
        start = time.perf_counter()
        futures = cluster.client.map(tasks.noop, range(p["n"]), pure=False)
        submitted = time.perf_counter() - start
        while (
            cluster.client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))
            < p["n"]
        ):
            time.sleep(0.02)
        metrics, noise = meter.stop(p["n"])
        metrics["submit_s"] = submitted
        metrics["ingest_us_per_task"] = metrics["us_per_task"]
        del futures
        return metrics, noise


def run_idle(cluster, p):
    time.sleep(2)
    meter = contract.Meter(cluster.who())
    time.sleep(p["seconds"])
    metrics, noise = meter.stop()
    metrics["cpu_pct_total"] = sum(
        100 * metrics[role + "_cpu_s"] / p["seconds"] for role in cluster.who()
    )
    metrics["rss_mb_max"] = max(
        contract.status_mb(process, "VmRSS")
        for all_of_role in cluster.who().values()
        for process in all_of_role
    )
    return metrics, noise


def run_startup():
    """A program of its own, which tells by the clock of all processes when it had the result."""
    program = (
        f"import sys, time; sys.path.insert(0, {os.environ['PYTHONPATH']!r})\n"
        "import dask_peer, tasks\n"
        "with dask_peer.Cluster(2) as cluster:\n"
        "    cluster.client.submit(tasks.increment, 1).result()\n"
        "    print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)\n"
    )
    meter = contract.Meter({})
    start = time.clock_gettime(time.CLOCK_MONOTONIC)
    out = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, check=True
    )
    metrics, noise = meter.stop()
    metrics["first_result_s"] = float(out.stdout) - start
    return metrics, noise


def sleep_all(p, kill_after_s):
    from distributed import wait

    with warmed(p["workers"]) as cluster:
        start = time.perf_counter()
        futures = cluster.client.map(tasks.doze, range(p["n"]), ms=p["ms"], pure=False)
        if kill_after_s:
            threading.Timer(
                kill_after_s, os.kill, (cluster.workers[-1].pid, signal.SIGKILL)
            ).start()
        wait(futures)
        assert all(future.status == "finished" for future in futures)
        return time.perf_counter() - start


def run_death(p):
    base = sleep_all(p, None)
    meter = contract.Meter({})
    killed = sleep_all(p, base / 2)
    metrics, noise = meter.stop()
    w = p["workers"]
    metrics.update(
        base_s=base,
        kill_s=killed,
        lost_s=killed - base,
        beyond_s=killed - base / 2 * (1 + w / (w - 1)),
    )
    return metrics, noise


def run_one(mode, scenario, p):
    if mode == "sep-tuned":
        os.environ["DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION"] = "inf"
    if scenario == "startup":
        return run_startup()
    if scenario == "ingest":
        return run_ingest(p)
    if scenario == "worker_death":
        return run_death(p)
    with warmed() as cluster:
        if scenario in contract.GRAPHS:
            return run_graph(cluster, scenario, p)
        if scenario == "shuffle":
            return run_shuffle(cluster, p)
        if scenario == "scatter_small":
            return run_scatter_small(cluster, p)
        if scenario in ("gather_big", "scatter_big", "transfer_ww"):
            return run_bytes(cluster, scenario, p)
        if scenario == "idle_cpu":
            return run_idle(cluster, p)
        return run_tasks(cluster, scenario, p)


if __name__ == "__main__":
    contract.main("distributed", run_one, ["sep", "sep-tuned"])
