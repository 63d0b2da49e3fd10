#!/usr/bin/env python3
"""HyperQueue: a server and two workers of one core each. Its tasks are programs, so each no-op here
is a process (/bin/true) and carries no value: a bound of what such a system can do."""

import contextlib
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import contract


def run_one(_, scenario, p):
    from hyperqueue import Job, LocalCluster
    from hyperqueue.cluster import WorkerConfig

    if scenario == "map_noop":
        graph = [[] for _ in range(p["n"])]
    elif scenario in contract.GRAPHS:
        graph = contract.graph(scenario, p)
    else:
        raise SystemExit(f"no scenario {scenario}")
    with tempfile.TemporaryDirectory() as folder, LocalCluster(folder) as cluster:
        for _ in range(2):
            cluster.start_worker(WorkerConfig(cores=1))
        client = cluster.client()
        # The progress bar belongs to nobody's measurement.
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stderr(nowhere):
            submit(client, Job, [[] for _ in range(100)])
            meter = contract.Meter({"here": [os.getpid()]})
            submit(client, Job, graph)
            metrics, noise = meter.stop(len(graph))
    metrics["us_per_hop"] = metrics["us_per_task"]
    return metrics, noise


def submit(client, job_type, graph):
    job = job_type()
    made = []
    for inputs in graph:
        made.append(
            job.program(["/bin/true"], stdout=None, stderr=None, deps=[made[i] for i in inputs])
        )
    assert client.wait_for_jobs([client.submit(job)])


if __name__ == "__main__":
    contract.main("hyperqueue", run_one, ["local"])
