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

Traces of as many clusters lie side by side in blocks of lanes, so that one trace is warped against a whole
block at once. The published order of ties needs the order of the pair, and a kernel of its own.
"""

from __future__ import annotations

import numpy as np

from acquisition.errors import UserError
from learning.similarity.approximate import by_rests, decimated
from learning.similarity.compiled import Unsigned, compiled
from learning.similarity.dbscan import NOISE, dbscan
from learning.similarity.kernel import (
    DOUBT,
    FloatArray,
    IntArray,
    Kernel,
    Tile,
    relative_difference,
    with_inverses,
)
from learning.similarity.packing import Packed
from learning.similarity.profile import Profile
from learning.similarity.raster import cluster_map, map_moments
from learning.similarity.trace import COMMON_RATE_HZ, on_raster, prepared, unit_axes

RADIUS = 0.2
CORE_DIVISOR = 10
"""A sample is core where more than a tenth of the trace lies within the radius."""
BLUR_SD = 1 / 60
"""Standard deviation of the published Gaussian window, as a share of the canvas: 13.3 of 800 px."""
M00_WEIGHT, I1_WEIGHT = 0.7, 0.3
LANES = np.uint64(128)
APPROXIMATE = {"decimated": decimated, "rests": by_rests}


def features(samples: FloatArray, canvas_px: tuple[float, float], profile: Profile) -> FloatArray:
    """(n_clusters, 2) M00 and I1 of each cluster of a trace, in label order.

    Args:
        samples: (n, 3) x_px, y_px, t_s.
        canvas_px: width and height of the image.
        profile: the published definition or ours.
    """
    kept = prepared(samples, canvas_px, profile)
    points = unit_axes(kept, canvas_px, profile)
    labels = clusters(points, profile.clustering)
    members = [labels == label for label in range(labels.max(initial=NOISE) + 1)]
    if profile.closed_form:
        described = [_moments(points[member, :2], _dwell(kept, profile)) for member in members]
    else:
        raster = on_raster(kept, canvas_px, profile)
        described = [map_moments(cluster_map(raster[member])) for member in members]
    return np.array(described, np.float64).reshape(-1, 2)


def clusters(points: FloatArray, clustering: str = "exact") -> IntArray:
    """(n,) cluster of each sample, -1 for none, from (n, 3) unit axes.

    Raises `UserError` for an unknown way of clustering.
    """
    if clustering == "exact":
        return dbscan(points, np.ones(len(points)), RADIUS, len(points) // CORE_DIVISOR + 1)
    if clustering not in APPROXIMATE:
        raise UserError(f"There is no clustering '{clustering}'; choose exact, {', '.join(APPROXIMATE)}.")
    return APPROXIMATE[clustering](points, RADIUS, 1 / CORE_DIVISOR)


def _dwell(samples: FloatArray, profile: Profile) -> float:
    """What one sample adds to M00: its share of the trace, or of the stated duration."""
    if profile.duration_s and profile.dwell_weighted:
        return 1 / (COMMON_RATE_HZ * profile.duration_s)
    return 1 / len(samples)


def _moments(xy: FloatArray, dwell: float) -> tuple[float, float]:
    m00 = dwell * len(xy)
    variance = float(xy.var(axis=0).sum())
    return m00, (variance + 2 * BLUR_SD**2) / m00


def arrange(packed: Packed, profile: Profile) -> Kernel:
    """The kernel of cluster sequences: ours, or the published one that is not symmetric."""
    return LaneKernel(packed) if profile.symmetric else OrderedKernel(packed)


class LaneKernel:
    """Pairs of sequences, by their lengths and then by their first M00; the shortest of equal paths counts.

    Traces of one length form a group. A group is laid out in blocks of 128 traces: the first clusters of all
    of them, then their second clusters, and so on.
    """

    def __init__(self, packed: Packed) -> None:
        lengths = packed.lengths
        first_m00 = np.zeros(len(packed))
        first_m00[lengths > 0] = packed.values[packed.offsets[:-1][lengths > 0], 0]
        self.order = np.lexsort((first_m00, lengths)).astype(np.int64)
        self._first_m00, self._lengths = first_m00[self.order], lengths[self.order]
        self._ends = np.append(np.flatnonzero(np.diff(self._lengths)) + 1, len(packed)).astype(np.int64)
        self._starts = np.append(0, self._ends[:-1])
        n_blocks = -(-(self._ends - self._starts) // LANES.astype(np.int64))
        sizes = n_blocks * LANES.astype(np.int64) * self._lengths[self._starts] if len(packed) else n_blocks
        self._bases = np.append(0, np.cumsum(sizes))[:-1].astype(np.int64)
        blocks = np.ones((2, sizes.sum()))
        _lay_out(packed.values, packed.offsets, self.order, self._lengths, self._ends, self._bases, blocks)
        self._m00, self._i1 = with_inverses(blocks[0]), with_inverses(blocks[1])

    def fill(self, rows: IntArray, columns: range, out: Tile) -> None:
        """See `Kernel`."""
        _fill_lanes(self._m00, self._i1, self._lengths, self._ends, self._bases, rows, columns.start, out)

    def windows(self, rows: IntArray, threshold: float) -> list[range]:
        """The first pair of clusters lies on every path; none has more steps than both lengths less one."""
        of_rows, longest = self._first_m00[rows], self._lengths[rows].max()
        found = []
        for start, end in zip(self._starts.tolist(), self._ends.tolist(), strict=True):
            n_steps = int(longest + self._lengths[start] - 1)
            share = 1 - ((1 - threshold) * n_steps + DOUBT) / M00_WEIGHT
            group = self._first_m00[start:end]
            if share > 0:
                first = start + int(np.searchsorted(group, of_rows.min() * share))
                last = start + int(np.searchsorted(group, of_rows.max() / share, "right"))
                found.append(range(first, last))
            else:
                found.append(range(start, end))
        return [window for window in found if window]


@compiled
def _lane_of(place: int, group: int, lengths: IntArray, ends: IntArray, bases: IntArray) -> int:
    """Where the first cluster of a trace lies; each of its others is a block's width after the one before."""
    nth = place - (ends[group - 1] if group else 0)
    lanes = np.int64(LANES)
    return int(bases[group] + nth // lanes * lanes * lengths[place] + nth % lanes)


@compiled
def _lay_out(
    values: FloatArray,
    offsets: IntArray,
    order: IntArray,
    lengths: IntArray,
    ends: IntArray,
    bases: IntArray,
    blocks: FloatArray,
) -> None:
    group = 0
    for place in range(len(order)):
        group += place == ends[group]
        lane = _lane_of(place, group, lengths, ends, bases)
        for k in range(lengths[place]):
            for feature in range(2):
                blocks[feature, lane + k * np.int64(LANES)] = values[offsets[order[place]] + k, feature]


@compiled
def _fill_lanes(
    m00: FloatArray,
    i1: FloatArray,
    lengths: IntArray,
    ends: IntArray,
    bases: IntArray,
    rows: IntArray,
    first: int,
    out: Tile,
) -> None:
    longest = np.uint64(max(lengths.max(), 1))
    cost = np.empty(np.uint64(2) * (longest + np.uint64(1)) * LANES)
    steps = np.empty_like(cost)
    group_of_row = np.searchsorted(ends, rows, side="right")
    place, stop = first, first + out.shape[1]
    while place < stop:
        group = int(np.searchsorted(ends, place, side="right"))
        in_block = (place - (ends[group - 1] if group else 0)) % np.int64(LANES)
        width = min(np.int64(LANES) - in_block, ends[group] - place, stop - place)
        column = np.uint64(_lane_of(place, group, lengths, ends, bases))
        n_columns = np.uint64(lengths[place])
        for r in range(out.shape[0]):
            n_rows = np.uint64(lengths[rows[r]])
            row = np.uint64(_lane_of(rows[r], group_of_row[r], lengths, ends, bases))
            if n_rows == 0 or n_columns == 0:
                out[r, place - first : place - first + width] = 0.0
                continue
            last = _warp_lanes(m00, i1, row, n_rows, column, n_columns, np.uint64(width), cost, steps)
            at = np.uint64(place - first)
            for k in range(np.uint64(width)):
                out[r, at + k] = 1.0 - cost[last + k] / steps[last + k]
        place += width


@compiled
def _warp_lanes(
    m00: FloatArray,
    i1: FloatArray,
    row: Unsigned,
    n_rows: Unsigned,
    column: Unsigned,
    n_columns: Unsigned,
    width: Unsigned,
    cost: FloatArray,
    steps: FloatArray,
) -> Unsigned:
    """Warp one sequence against `width` others; where in `cost` and `steps` their cheapest paths end.

    Unsigned indices throughout, and a constant distance from cluster to cluster: with anything else the
    compiler cannot tell that no lane writes what another reads, and works on one at a time.
    """
    above, here = np.uint64(0), (n_columns + np.uint64(1)) * LANES
    m00s, inverse_m00s, i1s, inverse_i1s = m00[0], m00[1], i1[0], i1[1]
    cost[:here] = np.inf
    steps[:here] = 0.0
    cost[:width] = 0.0
    for i in range(n_rows):
        cost[here : here + width] = np.inf
        steps[here : here + width] = 0.0
        own = row + i * LANES
        own_m00, inverse_m00 = m00s[own], inverse_m00s[own]
        own_i1, inverse_i1 = i1s[own], inverse_i1s[own]
        for j in range(n_columns):
            other, diagonal, left = column + j * LANES, above + j * LANES, here + j * LANES
            for k in range(width):
                best, length = cost[diagonal + k], steps[diagonal + k]
                up, up_length = cost[diagonal + LANES + k], steps[diagonal + LANES + k]
                aside, aside_length = cost[left + k], steps[left + k]
                better = (up < best) | ((up == best) & (up_length < length))
                best, length = up if better else best, up_length if better else length
                better = (aside < best) | ((aside == best) & (aside_length < length))
                best, length = aside if better else best, aside_length if better else length
                of_m00 = relative_difference(own_m00, inverse_m00, m00s[other + k], inverse_m00s[other + k])
                of_i1 = relative_difference(own_i1, inverse_i1, i1s[other + k], inverse_i1s[other + k])
                cost[left + LANES + k] = best + (0.7 * of_m00 + 0.3 * of_i1)
                steps[left + LANES + k] = length + 1.0
        above, here = here, above
    return above + n_columns * LANES


class OrderedKernel:
    """The published comparison: ties go to the diagonal, up, left, the earlier trace being the rows."""

    def __init__(self, packed: Packed) -> None:
        self.order = np.arange(len(packed))
        self._offsets = packed.offsets
        self._m00, self._i1 = with_inverses(packed.values[:, 0]), with_inverses(packed.values[:, -1])

    def fill(self, rows: IntArray, columns: range, out: Tile) -> None:
        """See `Kernel`."""
        _fill_ordered(self._m00, self._i1, self._offsets, rows, columns.start, out)

    def windows(self, _rows: IntArray, _threshold: float) -> list[range]:
        """Nothing is pruned."""
        return [range(len(self.order))]


@compiled
def _fill_ordered(
    m00: FloatArray, i1: FloatArray, offsets: IntArray, rows: IntArray, first: int, out: Tile
) -> None:
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            i, j = min(rows[r], first + c), max(rows[r], first + c)
            a, b = slice(offsets[i], offsets[i + 1]), slice(offsets[j], offsets[j + 1])
            out[r, c] = _warp(m00[:, a], i1[:, a], m00[:, b], i1[:, b])


@compiled
def _warp(m00: FloatArray, i1: FloatArray, other_m00: FloatArray, other_i1: FloatArray) -> float:
    """1 - cost / length of the cheapest warping path; 0 where a sequence is empty."""
    n_rows, n_columns = m00.shape[1], other_m00.shape[1]
    if n_rows == 0 or n_columns == 0:
        return 0.0
    cost = np.full((n_rows + 1, n_columns + 1), np.inf)
    steps = np.zeros((n_rows + 1, n_columns + 1))
    cost[0, 0] = 0.0
    for i in range(n_rows):
        for j in range(n_columns):
            best, length = cost[i, j], steps[i, j]
            if cost[i, j + 1] < best:
                best, length = cost[i, j + 1], steps[i, j + 1]
            if cost[i + 1, j] < best:
                best, length = cost[i + 1, j], steps[i + 1, j]
            of_m00 = relative_difference(m00[0, i], m00[1, i], other_m00[0, j], other_m00[1, j])
            of_i1 = relative_difference(i1[0, i], i1[1, i], other_i1[0, j], other_i1[1, j])
            cost[i + 1, j + 1] = best + (0.7 * of_m00 + 0.3 * of_i1)
            steps[i + 1, j + 1] = length + 1.0
    return float(1.0 - cost[n_rows, n_columns] / steps[n_rows, n_columns])
