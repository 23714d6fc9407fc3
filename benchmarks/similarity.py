"""What similarity costs, beside its peers: one process, contestants in turn, best and median of five.

python benchmarks/similarity.py [pairs | features | clustering | graphs | growth]... [--scale 0.1]

Lines read `name value unit (reach)`. Peers (dtaidistance, multimatch-gaze, aeon) are measured where they are
installed: `uv run --group bench`. Every pair kernel is first held to a slow version of itself.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray

from learning.similarity import CORRECTED, REFERENCE, SCHEMES, describe_traces, graph_of_features
from learning.similarity.comparison import Part
from learning.similarity.dbscan import dbscan
from learning.similarity.edges import Edges, Selection, count_above
from learning.similarity.job import Job, band_edges, run_job
from learning.similarity.packing import Packed, pack

FloatArray = NDArray[np.float64]
CANVAS = (800.0, 800.0)
RADIUS = 0.2
CLUSTER_COUNTS = np.array([63, 65, 61, 6, 5]) / 200
"""How often a reading has 1, 2, 3, 4 or 5 clusters."""
THREADS = os.cpu_count() or 1
BY_CPU = "--cpu" in sys.argv
ONE_THREAD = ("published, cached", "multimatch-gaze", "scikit-learn", "grid", *SCHEMES)


def wander(n: int, seed: int, rate_hz: float = 60.0) -> FloatArray:
    """(n, 3) fixations of a third of a second at a few favoured places of the canvas, with tremor."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(n) / rate_hz
    homes = rng.uniform(120, 680, (4, 2))
    places = homes[rng.integers(4, size=int(t_s[-1] / 0.3) + 1)] + rng.normal(
        0, 60, (int(t_s[-1] / 0.3) + 1, 2)
    )
    xy = places[(t_s / 0.3).astype(int)] + rng.normal(0, 4, (n, 2))
    return np.column_stack([np.clip(xy, 0, 800), t_s])


def timed(contestants: Mapping[str, Callable[[], int]], n_times: int = 5) -> dict[str, list[float]]:
    """Work a second of each contestant, in turn; each tells how much it did.

    With --cpu a second is one of all cores working for us alone: where others work on the machine as well,
    the clock on the wall tells of them.
    """
    for work in contestants.values():
        work()
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(n_times):
        for name, work in contestants.items():
            start_s, start_cpu_s = time.perf_counter(), time.process_time()
            done = work()
            wall_s, cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
            n_threads = 1 if name in ONE_THREAD else THREADS
            rates[name].append(done / (cpu_s / n_threads if BY_CPU else wall_s))
    return rates


def tell(name: str, rates: list[float], unit: str, reach: str = "") -> None:
    best, middle = max(rates), statistics.median(rates)
    print(f"{name} {best:.3g} {unit}, median {middle:.3g}{f' ({reach})' if reach else ''}", flush=True)


def tell_ratios(rates: dict[str, list[float]], reaches: Mapping[str, str]) -> None:
    ours, *peers = rates
    for peer in peers:
        ratio = max(rates[ours]) / max(rates[peer])
        print(
            f"  {ours} / {peer}: {ratio:.3g}x{f' ({reaches[peer]})' if peer in reaches else ''}", flush=True
        )


def rss_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def has(module: str) -> bool:
    if importlib.util.find_spec(module) is None:
        print(f"  {module} is not installed: not compared", flush=True)
        return False
    return True


def job_of(packed: Packed, scheme: str, selection: Selection) -> Job:
    n = len(packed)
    return Job((Part(scheme, 1.0, packed),), CORRECTED, np.arange(n), np.zeros(n, np.int64), selection)


# --- pairs ----------------------------------------------------------------------------------------


def random_features(scheme: str, n: int, length: int | None = None) -> Packed:
    """Features as readings have them, or of one length."""
    rng = np.random.default_rng(0)
    if scheme == "dhash":
        words = np.bitwise_and.reduce(rng.integers(0, 2**63, (2, n), np.uint64))
        return pack([np.full((1, 1), word, np.uint64) for word in words])
    if scheme == "moments":
        return pack(list(rng.lognormal(0, 0.3, (n, 1, 2))))
    if scheme == "tima":
        lengths = np.full(n, length) if length else rng.choice(np.arange(1, 6), n, p=CLUSTER_COUNTS)
        return pack([rng.lognormal(0, 0.7, (k, 2)) for k in lengths])
    lengths = np.full(n, length) if length else rng.integers(3, 6, n)
    return pack([_saccades(rng, k) for k in lengths])


def _saccades(rng: np.random.Generator, n: int) -> FloatArray:
    start, step = rng.random((n, 2)) * 0.7, rng.normal(0, 0.2, (n, 2))
    angle = np.arctan2(step[:, 1], step[:, 0]) % (2 * np.pi)
    return np.column_stack([start, step, np.hypot(*step.T), angle, rng.uniform(0.1, 0.6, n)])


def written(packed: Packed, scheme: str) -> Callable[[], int]:
    """All ordered pairs as float32, tile by tile over one buffer, on all cores; no pruning."""
    job = job_of(packed, scheme, Selection(top_k=0))

    def work() -> int:
        for band in job.bands(1):
            band_edges(job, band, THREADS)
        return len(packed) ** 2

    return work


def counted(packed: Packed, scheme: str, threshold: float) -> Callable[[], int]:
    """Unordered pairs decided at a threshold and counted, pruned where that is exact; on all cores."""
    job = job_of(packed, scheme, Selection(threshold))
    comparison = job.comparison
    step, n = comparison.rows_a_strip, len(packed)
    strips = [range(start, min(start + step, n)) for start in range(0, n, step)]

    def count(rows: range) -> int:
        tiles = comparison.tiles(rows, job.selection)
        return sum(_count_above(tile, rows.start, first, job.selection.floor) for first, tile in tiles)

    def work() -> int:
        with ThreadPoolExecutor(THREADS) as pool:
            sum(pool.map(count, strips))
        return n * (n - 1) // 2

    return work


@numba.njit(nogil=True, cache=True)
def _count_above(tile, first_row, first_column, floor):  # type: ignore[no-untyped-def]
    total = 0
    for r in range(tile.shape[0]):
        total += count_above(tile[r], max(first_row + r + 1 - first_column, 0), tile.shape[1], floor)
    return total


def published_tima(packed: Packed, n_pairs: int) -> Callable[[], int]:
    """The published arithmetic in Python, features cached: local costs one by one, a DTW in numpy."""
    sequences = np.split(packed.values, packed.offsets[1:-1])

    def work() -> int:
        done = 0
        for i in range(len(sequences)):
            for j in range(i + 1, len(sequences)):
                _published_pair(sequences[i], sequences[j])
                done += 1
                if done == n_pairs:
                    return done
        return done

    return work


def _published_pair(a: FloatArray, b: FloatArray) -> float:
    cost = np.full((len(a) + 1, len(b) + 1), np.inf)
    cost[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            local = 0.7 * _difference(a[i, 0], b[j, 0]) + 0.3 * _difference(a[i, 1], b[j, 1])
            cost[i + 1, j + 1] = local + min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
    i, j, steps = len(a), len(b), 1
    while (i, j) != (1, 1):
        step = int(np.argmin((cost[i - 1, j - 1], cost[i - 1, j], cost[i, j - 1])))
        i, j, steps = i - (step != 2), j - (step != 1), steps + 1
    return float(1 - cost[-1, -1] / steps)


def _difference(a: float, b: float) -> float:
    if np.isnan(a) or np.isnan(b):
        return 1.0
    if a == b:
        return 0.0
    return abs(a - b) / abs(max(a, b))


def dtaidistance_pairs(packed: Packed, n: int) -> Callable[[], int]:
    """Its C library, in two dimensions, all cores: another cost and no path length; a yardstick of speed."""
    from dtaidistance import dtw_ndim

    sequences = [np.ascontiguousarray(rows) for rows in np.split(packed.values, packed.offsets[1:-1])[:n]]

    def work() -> int:
        dtw_ndim.distance_matrix_fast(sequences, ndim=2, compact=True, parallel=THREADS > 1)
        return n * (n - 1) // 2

    return work


def multimatch_gaze_pairs(n_pairs: int) -> Callable[[], int]:
    """Whole comparisons of five fixations, without its simplification."""
    import multimatch_gaze

    rng = np.random.default_rng(0)
    kind = [("start_x", float), ("start_y", float), ("duration", float)]
    paths = [np.array([tuple(row) for row in rng.random((5, 3)) * 700 + 1], kind) for _ in range(30)]

    def work() -> int:
        for k in range(n_pairs):
            multimatch_gaze.docomparison(paths[k % 30], paths[(k * 7 + 1) % 30], screensize=[800, 800])
        return n_pairs

    return work


def check_tima(packed: Packed) -> None:
    """Every pair of some traces against the slow kernel, whose ties only a symmetric cost leaves alike."""
    some = packed.take(np.arange(min(len(packed), 400)))
    n = len(some)
    fast, slow = (SCHEMES["tima"].arrange(some, profile) for profile in (CORRECTED, REFERENCE))
    one, other = np.empty((n, n)), np.empty((n, n))
    fast.fill(np.arange(n), range(n), one)
    slow.fill(fast.order, range(n), other)
    largest = np.abs(one - other[:, fast.order]).max()
    positives = int((one > 0.95).sum() - (np.diag(one) > 0.95).sum()) // 2
    print(
        f"  largest difference from the slow kernel {largest:.2g} over {n * n} pairs; {positives} above 0.95"
    )


def pairs(scale: float) -> None:
    for length in (None, 5, 10):
        n = int((20_000 if length is None else 6_000) * scale**0.5)
        packed = random_features("tima", n, length)
        cells = float(np.mean(packed.lengths)) ** 2
        name = f"TIMA, {length or '1 to 5'} clusters ({cells:.3g} cells a pair)"
        contestants = {"ours": written(packed, "tima"), "published, cached": published_tima(packed, 2000)}
        if has("dtaidistance"):
            contestants["dtaidistance, C"] = dtaidistance_pairs(packed, int(2500 * scale**0.5))
        rates = timed(contestants)
        tell(name, rates["ours"], "pairs/s", ">= 2e8" if length is None else "")
        tell_ratios(
            rates,
            {"published, cached": ">= 5000", "dtaidistance, C": ">= 4" if length == 10 else ">= 10"},
        )
        check_tima(packed)
    packed = random_features("tima", int(20_000 * scale**0.5))
    rates = timed({"window": counted(packed, "tima", 0.95), "all": counted(packed, "tima", 0.0)})
    tell("TIMA, unordered pairs decided at 0.95", rates["window"], "pairs/s")
    tell_ratios(rates, {})
    for scheme in ("moments", "dhash"):
        packed = random_features(scheme, int(40_000 * scale**0.5))
        rates = timed({"written": written(packed, scheme), "counted": counted(packed, scheme, 0.95)})
        tell(f"{scheme}, written", rates["written"], "pairs/s", ">= 2e9")
        tell(f"{scheme}, counted at 0.95", rates["counted"], "pairs/s", ">= 1e10")
    for length, n in ((None, 6_000), (10, 3_000), (30, 800)):
        packed = random_features("multimatch", int(n * scale**0.5), length)
        contestants = {"ours": written(packed, "multimatch")}
        if length is None and has("multimatch_gaze"):
            contestants["multimatch-gaze"] = multimatch_gaze_pairs(100)
        rates = timed(contestants)
        cells = float(np.mean(packed.lengths)) ** 2
        tell(
            f"MultiMatch, {cells:.3g} cells a pair",
            rates["ours"],
            "pairs/s",
            ">= 5e6" if length is None else "",
        )
        tell_ratios(rates, {"multimatch-gaze": ">= 1000"})


# --- features and clustering ----------------------------------------------------------------------


def features(scale: float) -> None:
    traces = [wander(2000, seed) for seed in range(max(int(60 * scale), 5))]
    total = 0.0
    for scheme in SCHEMES:

        def work(scheme: str = scheme) -> int:
            describe_traces(traces, scheme, canvas=CANVAS)
            return len(traces)

        best = max(timed({scheme: work})[scheme])
        if scheme in ("tima", "multimatch", "moments", "dhash"):
            total += 1e3 / best
        print(f"features, {scheme}: {1e3 / best:.3g} ms a trace of 2000 samples", flush=True)
    print(f"features, all four schemes: {total:.3g} ms a trace a core (<= 8)", flush=True)


def clustering(scale: float) -> None:
    """First of all: a peak can only be seen to grow."""
    points = {n: wander(n, 1, 1200.0) / [*CANVAS, n / 1200] for n in (5_000, 20_000, 72_000, 100_000)}
    dbscan(points[5_000], np.ones(5_000), RADIUS, 501)
    before = rss_mib()
    dbscan(points[72_000], np.ones(72_000), RADIUS, 7201)
    print(f"DBSCAN of 72000 samples, extra memory {rss_mib() - before:.0f} MiB (<= 50)", flush=True)
    from sklearn.cluster import DBSCAN

    for n, reach_s in ((5_000, 0.015), (20_000, 0.1), (72_000, 1.0), (100_000, 2.0)):
        own = points[n]
        contestants = {"grid": lambda own=own, n=n: len(dbscan(own, np.ones(n), RADIUS, n // 10 + 1))}
        if n <= 20_000 * scale:
            contestants["scikit-learn"] = lambda own=own, n=n: len(
                DBSCAN(eps=RADIUS, min_samples=n // 10 + 1).fit(own).labels_
            )
            same = np.array_equal(
                dbscan(own, np.ones(n), RADIUS, n // 10 + 1),
                DBSCAN(eps=RADIUS, min_samples=n // 10 + 1).fit(own).labels_,
            )
            print(f"  labels {'equal' if same else 'DIFFER'}", flush=True)
        rates = timed(contestants, 3)
        print(f"DBSCAN of {n} samples {n / max(rates['grid']):.3g} s (<= {reach_s})", flush=True)
        tell_ratios(rates, {})


# --- graphs ---------------------------------------------------------------------------------------


def graphs(scale: float) -> None:
    n = int(10_000 * scale)
    start = time.perf_counter()
    traces = [wander(2000, seed) for seed in range(n)]
    made_s = time.perf_counter() - start
    start = time.perf_counter()
    packed = describe_traces(traces, "tima", canvas=CANVAS)
    described_s = time.perf_counter() - start
    del traces
    graph = graph_of_features(packed, "tima", threshold=0.95)
    spent = time.perf_counter() - start
    print(
        f"{n} traces of 2000 samples to a TIMA graph at 0.95: {spent:.3g} s, {described_s:.3g} features "
        f"(<= 120 for 10000), {graph.nnz // 2} edges, peak {rss_mib():.0f} MiB (<= 2048); "
        f"their making took {made_s:.0f} s more",
        flush=True,
    )
    n = int(100_000 * scale)
    packed = random_features("tima", n)
    start = time.perf_counter()
    graph = graph_of_features(packed, "tima", top_k=32)
    print(
        f"top-32 TIMA graph of {n} traces: {time.perf_counter() - start:.3g} s "
        f"(<= 60 for 100000), {graph.nnz // 2} edges, peak {rss_mib():.0f} MiB (<= 2048)",
        flush=True,
    )


def growth(scale: float) -> None:
    """From 10^3 traces up, top 32 of each."""
    sizes = [n for n in (1_000, 3_000, 10_000, 30_000, 100_000) if n <= 100_000 * scale]
    spent = []
    for n in sizes:
        packed = random_features("tima", n)
        start = time.perf_counter()
        edges: Edges = run_job(job_of(packed, "tima", Selection(top_k=32)))
        spent.append(time.perf_counter() - start)
        print(
            f"growth: {n} traces, {spent[-1]:.3g} s, {len(edges)} edges, peak {rss_mib():.0f} MiB", flush=True
        )
    if len(sizes) > 1:
        exponent = np.polyfit(np.log(sizes[1:]), np.log(spent[1:]), 1)[0]
        print(f"growth: time rises with the number of traces to the power of {exponent:.2f}", flush=True)


PARTS = {
    "clustering": clustering,
    "features": features,
    "pairs": pairs,
    "graphs": graphs,
    "growth": growth,
}


def cpu() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        names = [line for line in listed.read_text().splitlines() if line.startswith("model name")]
        return names[0].partition(":")[2].strip() if names else platform.machine()
    return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cpu", action="store_true", help="rates by processor time, for a shared machine")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    parser.add_argument(
        "--scale", type=float, default=1.0, help="share of the work, 1 for the figures to show"
    )
    arguments = parser.parse_args()
    print(
        f"{cpu()}, {THREADS} threads, Python {platform.python_version()}, numpy {np.__version__}, "
        f"numba {numba.__version__}, load {os.getloadavg()[0] if sys.platform != 'win32' else 0:.1f}",
        flush=True,
    )
    for part in arguments.parts or PARTS:
        PARTS[part](arguments.scale)
    print(f"peak memory {rss_mib():.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
