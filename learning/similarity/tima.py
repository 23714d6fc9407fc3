"""TIMA: where the gaze dwelt, cluster after cluster, compared by time warping.

A trace becomes a short sequence of space-time clusters, each described by its zeroth moment M00 and
its first Hu invariant I1 = eta20 + eta02; two sequences are compared by dynamic time warping with the
local cost 0.7 rd(M00) + 0.3 rd(I1), rd(a, b) = |a - b| / max(a, b), and S = 1 - cost / path length
(McGIP, AAAI 2024, arXiv 2312.06069; the weights and the clustering are the published ones).

Corrected: M00 is the share of the dwell and I1 = (variance + that of the fovea's blur) / M00, in closed
form. Of equally cheap paths the shortest counts, which makes S symmetric. The path length still jumps
where the cheapest path changes its number of steps, and S with it: that is in the definition. So is
that a cluster comes or goes when its densest sample gains or loses one neighbour at a tenth of the trace.

A trace without a cluster (nothing looked at) is like itself alone: 1 on the diagonal, 0 elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from learning.similarity.compiled import compiled
from learning.similarity.dbscan import NOISE, dbscan
from learning.similarity.packing import Packed
from learning.similarity.profile import Profile
from learning.similarity.raster import cluster_map, map_moments
from learning.similarity.trace import COMMON_RATE_HZ, RASTER_PX, at_common_rate, clean, unit_axes

FloatArray = NDArray[np.float64]

RADIUS = 0.2
CORE_DIVISOR = 10
"""A sample is core where more than a tenth of the trace lies within the radius."""
BLUR_SD = 1 / 60
"""Standard deviation of the published Gaussian window, as a share of the canvas: 13.3 of 800 px."""


def features(samples: FloatArray, canvas_px: tuple[float, float], profile: Profile) -> FloatArray:
    """(n_clusters, 2) M00 and I1 of each cluster of a trace, in label order.

    Args:
        samples: (n, 3) x_px, y_px, t_s.
        canvas_px: width and height of the image.
        profile: the published definition or ours.
    """
    kept = clean(samples, canvas_px, profile)
    if profile.dwell_weighted:
        kept = at_common_rate(kept)
    frame_px = canvas_px if profile.exact_coordinates else (RASTER_PX, RASTER_PX)
    points = unit_axes(kept, frame_px, profile)
    labels = dbscan(points, np.ones(len(points)), RADIUS, len(points) // CORE_DIVISOR + 1)
    members = [labels == label for label in range(labels.max(initial=NOISE) + 1)]
    if profile.closed_form:
        described = [_moments(points[member, :2], _dwell(kept, profile)) for member in members]
    else:
        raster = clean(kept, frame_px, replace(profile, exact_coordinates=False))
        described = [map_moments(cluster_map(raster[member, :2])) for member in members]
    return np.array(described, np.float64).reshape(-1, 2)


def _dwell(samples: FloatArray, profile: Profile) -> float:
    """What one sample adds to M00: its share of the trace, or of the stated duration."""
    if profile.duration_s and profile.dwell_weighted:
        return 1 / (COMMON_RATE_HZ * profile.duration_s)
    return 1 / len(samples)


def _moments(xy: FloatArray, dwell: float) -> tuple[float, float]:
    m00 = dwell * len(xy)
    variance = float(xy.var(axis=0).sum())
    return m00, (variance + 2 * BLUR_SD**2) / m00


def block(packed: Packed, rows: range, columns: range, profile: Profile) -> FloatArray:
    """(len(rows), len(columns)) similarities of packed features; pairs are taken in the order i < j."""
    similarity = np.empty((len(rows), len(columns)))
    _fill(packed.values, packed.offsets, rows.start, columns.start, profile.symmetric, similarity)
    return similarity


@compiled
def _relative_difference(a: float, b: float) -> float:
    """|a - b| / max(a, b) of values that are not negative; 0 for two zeros, 1 where one is missing."""
    largest = max(a, b)
    difference = abs(a - b) / (largest if largest > 0 else 1.0)
    return difference if difference == difference else 1.0


@compiled
def _warp(
    values: FloatArray, a: range, b: range, shortest: bool, cost: FloatArray, length: NDArray[np.int64]
) -> float:
    """1 - cost / length of the cheapest warping path; ties go to the shortest, else diagonal, up, left.

    Args:
        values: (sum of clusters, 2) features of all traces.
        a: the rows of one trace.
        b: the rows of the other.
        shortest: which of equally cheap paths counts.
        cost: room for len(b) + 1 values.
        length: room for as many.
    """
    n_columns = len(b)
    cost[: n_columns + 1] = np.inf
    cost[0] = 0.0
    length[: n_columns + 1] = 0
    for i in a:
        diagonal_cost, diagonal_length = cost[0], length[0]
        cost[0] = np.inf
        for j in range(n_columns):
            best_cost, best_length = diagonal_cost, diagonal_length
            diagonal_cost, diagonal_length = cost[j + 1], length[j + 1]
            up = _is_better(diagonal_cost, diagonal_length, best_cost, best_length, shortest)
            best_cost = diagonal_cost if up else best_cost
            best_length = diagonal_length if up else best_length
            left = _is_better(cost[j], length[j], best_cost, best_length, shortest)
            best_cost = cost[j] if left else best_cost
            best_length = length[j] if left else best_length
            of_m00 = _relative_difference(values[i, 0], values[b.start + j, 0])
            of_i1 = _relative_difference(values[i, 1], values[b.start + j, 1])
            cost[j + 1] = best_cost + (0.7 * of_m00 + 0.3 * of_i1)
            length[j + 1] = best_length + 1
    return float(1.0 - cost[n_columns] / length[n_columns])


@compiled
def _is_better(cost: float, length: int, best_cost: float, best_length: int, shortest: bool) -> bool:
    # Without `or`: jumps that cannot be foreseen would cost more than the arithmetic.
    return (cost < best_cost) | (shortest & (cost == best_cost) & (length < best_length))


@compiled
def _fill(
    values: FloatArray,
    offsets: NDArray[np.int64],
    first_row: int,
    first_column: int,
    symmetric: bool,
    out: FloatArray,
) -> None:
    longest = 0
    for trace in range(len(offsets) - 1):
        longest = max(longest, offsets[trace + 1] - offsets[trace])
    cost, length = np.empty(longest + 1), np.empty(longest + 1, np.int64)
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            i, j = min(first_row + r, first_column + c), max(first_row + r, first_column + c)
            a, b = range(offsets[i], offsets[i + 1]), range(offsets[j], offsets[j + 1])
            if i == j and symmetric:
                out[r, c] = 1.0
            elif len(a) == 0 or len(b) == 0:
                out[r, c] = 0.0
            else:
                out[r, c] = _warp(values, a, b, symmetric, cost, length)
