"""Graphs of many traces from their features, and how their cost grows."""

from __future__ import annotations

import time

import numpy as np
from similarity_gaze import random_features
from similarity_pairs import job_of
from similarity_timing import BY_CPU, peak_mib

from learning.similarity.edges import Edges, Selection
from learning.similarity.job import run_job

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)


def graphs(scale: float) -> None:
    """Up to 100,000 traces: above a threshold, and the strongest of each."""
    sizes = [n for n in SIZES if n <= SIZES[-1] * scale]
    for name, selection in (("TIMA above 0.95", Selection(0.95)), ("top-32 TIMA", Selection(top_k=32))):
        run_job(job_of(random_features("tima", 500), "tima", selection))
        spent = [graph(name, n, selection) for n in sizes]
        if len(sizes) > 2:
            whole, later = (np.polyfit(np.log(sizes[k:]), np.log(spent[k:]), 1)[0] for k in (0, 1))
            print(
                f"{name}, {'processor time' if BY_CPU else 'time'} grows with traces to the power of "
                f"{whole:.2f}, from {sizes[1]} on {later:.2f}",
                flush=True,
            )


def graph(name: str, n: int, selection: Selection) -> float:
    """Seconds that it took: of all cores together with --cpu."""
    packed = random_features("tima", n)
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    edges: Edges = run_job(job_of(packed, "tima", selection))
    spent_s, cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
    reach = " (<= 60)" if selection.top_k and n == SIZES[-1] else ""
    print(
        f"{name} graph of {n} traces {spent_s:.3g} s{reach}, {cpu_s:.3g} s of "
        f"processor time, {len(edges)} edges, peak {peak_mib():.0f} MiB (<= 2048)",
        flush=True,
    )
    return cpu_s if BY_CPU else spent_s
