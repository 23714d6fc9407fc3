"""What TIMA costs: features, pairs, clustering beside scikit-learn. One line a figure.

python benchmarks/tima.py
"""

from __future__ import annotations

import platform
import resource
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN

from learning.similarity import CORRECTED, REFERENCE, describe_traces, graph_of_features
from learning.similarity.dbscan import dbscan
from learning.similarity.packing import pack
from learning.similarity.tima import block

N_TRACES, SECONDS, RATE_HZ = 300, 30, 60
CANVAS = (800.0, 800.0)
RADIUS = 0.2


def wander(n: int, seed: int, rate_hz: float) -> NDArray[np.float64]:
    """(n, 3) fixations of 0.3 s at random places of the canvas, with tremor."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(n) / rate_hz
    places = rng.uniform(80, 720, (int(t_s[-1] / 0.3) + 1, 2))
    return np.column_stack([places[(t_s / 0.3).astype(int)] + rng.normal(0, 8, (n, 2)), t_s])


def best_s(work: Callable[[], object], n_times: int = 3) -> float:
    work()
    times = []
    for _ in range(n_times):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def features() -> None:
    traces = [wander(SECONDS * RATE_HZ, seed, RATE_HZ) for seed in range(N_TRACES)]
    for profile, part in ((CORRECTED, traces), (REFERENCE, traces[:20])):
        spent = best_s(
            lambda part=part, profile=profile: describe_traces(part, "tima", canvas=CANVAS, profile=profile)
        )
        each = spent / len(part) * 1e3
        print(f"features, {profile.name}: {each:.2f} ms a trace of {SECONDS * RATE_HZ} samples")


def pairs() -> None:
    for n_clusters in (4, 10):
        n = 2000
        packed = pack(list(np.random.default_rng(0).random((n, n_clusters, 2))))
        spent = best_s(lambda packed=packed, n=n: block(packed, range(n), range(n), CORRECTED))
        print(f"pairs, {n_clusters} x {n_clusters} clusters: {n * n / spent:.2e} a second")
    spent = best_s(lambda: graph_of_features(packed, "tima", threshold=0.9))
    print(f"graph above 0.9 of {n} traces of 10 clusters: {spent:.2f} s")


def clustering() -> None:
    for n, with_peer in ((5_000, True), (20_000, True), (72_000, False)):
        trace = wander(n, 1, 1200.0)
        points = trace / [CANVAS[0], CANVAS[1], trace[-1, 2]]
        ours = best_s(lambda points=points, n=n: dbscan(points, np.ones(n), RADIUS, n // 10 + 1), 2)
        line = f"DBSCAN of {n} samples: {ours:.3f} s"
        if with_peer:
            start = time.perf_counter()
            labels = DBSCAN(eps=RADIUS, min_samples=n // 10 + 1).fit(points).labels_
            peer = time.perf_counter() - start
            same = np.array_equal(labels, dbscan(points, np.ones(n), RADIUS, n // 10 + 1))
            line += (
                f"; scikit-learn {peer:.2f} s ({peer / ours:.0f}x); labels {'equal' if same else 'DIFFER'}"
            )
        print(line)


def memory() -> None:
    """First of all: a peak can only be seen to grow."""
    points = wander(72_000, 1, 1200.0) / [CANVAS[0], CANVAS[1], 60.0]
    dbscan(points[:1000], np.ones(1000), RADIUS, 101)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    dbscan(points, np.ones(len(points)), RADIUS, len(points) // 10 + 1)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"DBSCAN of 72000 samples: {grown:.0f} MiB more at the peak")


def main() -> None:
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, one thread")
    memory()
    clustering()
    features()
    pairs()


if __name__ == "__main__":
    main()
