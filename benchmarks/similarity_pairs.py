"""Pair kernels beside their peers, each first held to a slow version of itself."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from similarity_gaze import random_features
from similarity_timing import THREADS, Work, has, tell, tell_ratios, timed

from learning.similarity import CORRECTED, REFERENCE, SCHEMES
from learning.similarity.comparison import Part, strip_edges
from learning.similarity.edges import Selection
from learning.similarity.job import Job
from learning.similarity.packing import Packed

FloatArray = NDArray[np.float64]
ONE_THREAD = frozenset({"published, cached", "multimatch-gaze"})
THRESHOLD = 0.95


def pairs(scale: float) -> None:
    tima(scale)
    for scheme in ("moments", "dhash"):
        packed = random_features(scheme, int(60_000 * scale**0.5))
        check(scheme, packed)
        contestants = {each.__name__: each(packed, scheme, THRESHOLD) for each in (counted, listed)}
        rates = timed(contestants | {"written": written(packed, scheme)})
        tell(f"{scheme}, written", rates["written"], "pairs/s", ">= 2e9")
        tell(f"{scheme}, counted at {THRESHOLD}", rates["counted"], "pairs/s", ">= 1e10")
        tell(f"{scheme}, edges above {THRESHOLD}", rates["listed"], "pairs/s")
        tell_positives(packed, scheme)
    multimatch(scale)


def tima(scale: float) -> None:
    for length in (None, 5, 10):
        n = int((20_000 if length is None else 6_000) * scale**0.5)
        packed = random_features("tima", n, length)
        contestants = {"ours": written(packed, "tima"), "published, cached": published_tima(packed, 2000)}
        if has("dtaidistance"):
            contestants["dtaidistance, C"] = dtaidistance_pairs(packed, int(2500 * scale**0.5))
        if has("aeon"):
            contestants["aeon"] = aeon_pairs(packed, int(1000 * scale**0.5))
        rates = timed(contestants, one_thread=ONE_THREAD)
        name = f"TIMA, {length or '1 to 5'} clusters ({cells(packed):.3g} cells a pair), written"
        tell(name, rates["ours"], "pairs/s", ">= 2e8" if length is None else "")
        of_c = {None: ">= 10", 10: ">= 4"}.get(length)
        reaches = {"published, cached": ">= 5000"} | ({"dtaidistance, C": of_c} if of_c else {})
        tell_ratios(rates, reaches)
        check("tima", packed)
    packed = random_features("tima", int(40_000 * scale**0.5))
    rates = timed({"listed": listed(packed, "tima", THRESHOLD)})
    tell(f"TIMA, edges above {THRESHOLD}", rates["listed"], "pairs/s")
    tell_positives(packed, "tima")


def multimatch(scale: float) -> None:
    for length, n in ((None, 6_000), (10, 3_000), (30, 800)):
        packed = random_features("multimatch", int(n * scale**0.5), length)
        contestants = {"ours": written(packed, "multimatch")}
        if length is None and has("multimatch_gaze"):
            contestants["multimatch-gaze"] = multimatch_gaze_pairs(100)
        rates = timed(contestants, one_thread=ONE_THREAD)
        name = f"MultiMatch ({cells(packed):.3g} cells a pair), written"
        tell(name, rates["ours"], "pairs/s", ">= 5e6" if length is None else "")
        tell_ratios(rates, {"multimatch-gaze": ">= 1000"})


def cells(packed: Packed) -> float:
    return float(np.mean(packed.lengths)) ** 2


# --- ours -----------------------------------------------------------------------------------------


def job_of(packed: Packed, scheme: str, selection: Selection) -> Job:
    n = len(packed)
    return Job((Part(scheme, 1.0, packed),), CORRECTED, np.arange(n), np.zeros(n, np.int64), selection)


def in_strips(job: Job, of_strip: Callable[[range], int]) -> Work:
    """Work on strips of rows, on all cores."""
    step, n = job.comparison.rows_a_strip, len(job.comparison.ids)
    strips = [range(start, min(start + step, n)) for start in range(0, n, step)]

    def work() -> int:
        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(of_strip, strips))

    return work


def written(packed: Packed, scheme: str) -> Work:
    """All ordered pairs as float32, tile by tile over one buffer; no pruning."""
    job = job_of(packed, scheme, Selection())
    return in_strips(job, lambda rows: sum(tile.size for _, tile in job.comparison.tiles(rows)))


def listed(packed: Packed, scheme: str, threshold: float) -> Work:
    """Unordered pairs decided at a threshold: pruned, screened, and the edges above it made."""
    job, n = job_of(packed, scheme, Selection(threshold)), len(packed)

    def of_strip(rows: range) -> int:
        strip_edges(job.comparison, rows, job.selection)
        return sum(n - 1 - row for row in rows)

    return in_strips(job, of_strip)


def counted(packed: Packed, scheme: str, threshold: float) -> Work:
    """Unordered pairs decided at a threshold and counted: close calls alone need double precision."""
    job, n = job_of(packed, scheme, Selection(threshold)), len(packed)
    kernel = SCHEMES[scheme].arrange(packed, CORRECTED)

    def of_strip(rows: range) -> int:
        places, floors = np.arange(rows.start, rows.stop), np.full(len(rows), threshold, np.float32)
        for window in kernel.windows(places, threshold):
            kernel.tally(places, range(max(window.start, rows.start), window.stop), floors)  # type: ignore[attr-defined]
        return sum(n - 1 - row for row in rows)

    return in_strips(job, of_strip)


def tell_positives(packed: Packed, scheme: str) -> None:
    n = len(packed)
    job = job_of(packed, scheme, Selection(THRESHOLD))
    edges = sum(
        len(strip_edges(job.comparison, range(r, r + 32), job.selection)) for r in range(0, n - 32, 320)
    )
    looked_at = sum(n - 1 - row for r in range(0, n - 32, 320) for row in range(r, r + 32))
    print(f"  positives at {THRESHOLD}: {100 * edges / looked_at:.3g} % of pairs", flush=True)


# --- slow versions --------------------------------------------------------------------------------


def check(scheme: str, packed: Packed) -> None:
    """All pairs of some traces against a slow version, and those above a threshold against all."""
    some = packed.take(np.arange(min(len(packed), 400)))
    kernel, n = SCHEMES[scheme].arrange(some, CORRECTED), len(some)
    fast = np.empty((n, n))
    kernel.fill(np.arange(n), range(n), fast)
    largest = np.abs(fast - SLOW[scheme](some.take(kernel.order)))[~np.eye(n, dtype=bool)].max()
    floors = np.full(n, THRESHOLD, np.float32)
    found = kernel.above(np.arange(n), range(n), floors)
    rows, columns = np.nonzero(fast.astype(np.float32) > floors[0])
    same = np.array_equal(found.rows, rows) and np.array_equal(found.columns, columns)
    if scheme != "tima":
        same = same and kernel.tally(np.arange(n), range(n), floors).sum() == len(rows)  # type: ignore[attr-defined]
    print(
        f"  largest difference from a slow version {largest:.2g} over {n * n} pairs; "
        f"pairs above {THRESHOLD} {'are those of all pairs' if same else 'DIFFER'}",
        flush=True,
    )


def slow_tima(packed: Packed) -> FloatArray:
    """Ties aside, which random features have not, the published comparison."""
    out = np.empty((len(packed), len(packed)))
    SCHEMES["tima"].arrange(packed, REFERENCE).fill(np.arange(len(packed)), range(len(packed)), out)
    return out


def slow_moments(packed: Packed) -> FloatArray:
    m00, i1 = packed.values.T
    differences = [np.abs(x[:, None] - x) / np.maximum(x[:, None], x) for x in (m00, i1)]
    similarity: FloatArray = 1 - 0.5 * (differences[0] + differences[1])
    return similarity


def slow_dhash(packed: Packed) -> FloatArray:
    bits = np.unpackbits(packed.values.astype(">u8").view(np.uint8), axis=1).astype(np.float64)
    norms = np.maximum(np.linalg.norm(bits, axis=1), 1)
    similarity: FloatArray = bits @ bits.T / norms / norms[:, None]
    return similarity


SLOW = {"tima": slow_tima, "moments": slow_moments, "dhash": slow_dhash}


# --- peers ----------------------------------------------------------------------------------------


def published_tima(packed: Packed, n_pairs: int) -> Work:
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


def dtaidistance_pairs(packed: Packed, n: int) -> Work:
    """Its C library, in two dimensions, all cores: another cost and no path length; a yardstick of speed."""
    from dtaidistance import dtw_ndim

    sequences = [np.ascontiguousarray(rows) for rows in np.split(packed.values, packed.offsets[1:-1])[:n]]

    def work() -> int:
        dtw_ndim.distance_matrix_fast(sequences, ndim=2, compact=True, parallel=THREADS > 1)
        return n * (n - 1) // 2

    return work


def aeon_pairs(packed: Packed, n: int) -> Work:
    """Its numba kernels, in two dimensions, all cores: as dtaidistance another cost and no path length."""
    from aeon.distances import dtw_pairwise_distance

    sequences = [np.ascontiguousarray(rows.T) for rows in np.split(packed.values, packed.offsets[1:-1])[:n]]

    def work() -> int:
        dtw_pairwise_distance(sequences, n_jobs=THREADS)
        return n * (n - 1) // 2

    return work


def multimatch_gaze_pairs(n_pairs: int) -> Work:
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
