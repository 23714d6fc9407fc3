"""Moments: how far the gaze spread over the image, and how it was spread.

A trace has the zeroth moment M00 and the first Hu invariant I1 = eta20 + eta02 of its gaze map, and
S = 1 - (rd(M00) + rd(I1)) / 2, rd(a, b) = |a - b| / max(a, b) (McGIP, AAAI 2024, arXiv 2312.06069).

The published map is divided by its maximum, so that its sum M00 is an area. Corrected: M00 is the effective
area of the map and I1 = variance / M00, both without a raster. Nothing here knows where gaze was, nor when.
"""

from __future__ import annotations

import numpy as np

from learning.similarity.compiled import Unsigned, compiled, on_cache_lines
from learning.similarity.kernel import (
    DOUBT,
    FloatArray,
    IntArray,
    Pairs,
    SingleArray,
    Tile,
    relative_difference,
    with_inverses,
)
from learning.similarity.maps import effective_area
from learning.similarity.packing import Packed
from learning.similarity.profile import Profile
from learning.similarity.raster import map_moments, whole_map
from learning.similarity.screening import (
    SINGLE_ERROR,
    ByteArray,
    above_by_screen,
    ratio,
    single_with_inverses,
)
from learning.similarity.trace import on_raster, prepared, unit_axes

BLUR_SD = 30.2 / 800
"""Standard deviation of the published blur, as a share of the canvas."""
NEAR = 1024
"""Columns whose features are still in the nearest cache when the next row asks for them."""


def features(samples: FloatArray, canvas_px: tuple[float, float], profile: Profile) -> FloatArray:
    """(1, 2) M00 and I1 of a trace; none where nothing was looked at.

    Args:
        samples: (n, 3) x_px, y_px, t_s.
        canvas_px: width and height of the image.
        profile: the published definition or ours.
    """
    kept = prepared(samples, canvas_px, profile)
    if len(kept) == 0 and (profile.symmetric or profile.closed_form):
        return np.empty((0, 2))
    if not profile.closed_form:
        raster = on_raster(kept, canvas_px, profile)
        return np.array([map_moments(whole_map(raster, counts_dwell=profile.dwell_weighted))])
    xy = unit_axes(kept, canvas_px, profile)[:, :2]
    area = effective_area(xy, BLUR_SD)
    variance = float(xy.var(axis=0).sum()) + 2 * BLUR_SD**2
    return np.array([[area, variance / area]])


class MomentsKernel:
    """Pairs of (M00, I1), in the order of M00; traces that show nothing come last, and are like none.

    The screen adds the two ratios in single precision: S is half their sum.
    """

    def __init__(self, packed: Packed, _profile: Profile) -> None:
        described = packed.lengths > 0
        values = np.full((len(packed), 2), np.inf)
        values[described] = packed.values
        self.order = np.lexsort((values[:, 1], values[:, 0])).astype(np.int64)
        m00, i1 = values[self.order].T
        self._n_described = int(described.sum())
        self._m00 = np.ascontiguousarray(m00)
        self._with_inverses = on_cache_lines(with_inverses(m00)), on_cache_lines(with_inverses(i1))
        single = np.concatenate([single_with_inverses(m00), single_with_inverses(i1)])
        # What is not trusted to single precision is neither below a floor nor surely above it.
        single[np.isinf(single)] = np.nan
        single[:, self._n_described :] = 0.0
        self._single = on_cache_lines(single)

    def fill(self, rows: IntArray, columns: range, out: Tile) -> None:
        """See `Kernel`."""
        _fill(*self._with_inverses, rows, columns.start, out)
        out[rows >= self._n_described] = 0.0
        out[:, max(self._n_described - columns.start, 0) :] = 0.0

    def windows(self, rows: IntArray, threshold: float) -> list[range]:
        """S > t asks that rd(M00) < 2 (1 - t): a window in the order of M00."""
        share = 2 * threshold - 1 - DOUBT
        if share <= 0:
            return [range(len(self.order))]
        low, high = self._m00[rows].min() * share, self._m00[rows].max() / share
        return [range(int(np.searchsorted(self._m00, low)), int(np.searchsorted(self._m00, high, "right")))]

    def tally(self, rows: IntArray, columns: range, floors: SingleArray) -> IntArray:
        """(rows,) how many of these columns are above the floor of each row."""
        exact = *self._with_inverses, self._n_described
        return _tally(self._single, *exact, rows, columns.start, columns.stop, floors)

    def above(self, rows: IntArray, columns: range, floors: SingleArray) -> Pairs:
        """See `Kernel`."""
        return above_by_screen(self, rows, columns, floors)

    def screen(self, rows: IntArray, columns: range, floors: SingleArray, out: ByteArray) -> None:
        """See `Screened`."""
        _screen(self._single, rows, columns.start, columns.stop, floors, out)

    def pick(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """See `Screened`."""
        return _pick(*self._with_inverses, self._n_described, rows, columns)


@compiled
def _fill(m00: FloatArray, i1: FloatArray, rows: IntArray, first: int, out: Tile) -> None:
    for r in range(out.shape[0]):
        own_m00, inverse_m00 = m00[0, rows[r]], m00[1, rows[r]]
        own_i1, inverse_i1 = i1[0, rows[r]], i1[1, rows[r]]
        for k in range(np.uint64(out.shape[1])):
            c = np.uint64(first) + k
            of_m00 = relative_difference(own_m00, inverse_m00, m00[0, c], m00[1, c])
            of_i1 = relative_difference(own_i1, inverse_i1, i1[0, c], i1[1, c])
            out[r, k] = 1.0 - (0.5 * of_i1 + 0.5 * of_m00)


@compiled
def _similarity(m00: FloatArray, i1: FloatArray, n_described: int, row: int, column: int) -> float:
    if max(row, column) >= n_described:
        return 0.0
    a, b = np.uint64(row), np.uint64(column)
    of_m00 = relative_difference(m00[0, a], m00[1, a], m00[0, b], m00[1, b])
    of_i1 = relative_difference(i1[0, a], i1[1, a], i1[0, b], i1[1, b])
    return 1.0 - (0.5 * of_i1 + 0.5 * of_m00)


@compiled
def _pick(m00: FloatArray, i1: FloatArray, n_described: int, rows: IntArray, columns: IntArray) -> FloatArray:
    out = np.empty(len(rows))
    for n in range(len(rows)):
        out[n] = _similarity(m00, i1, n_described, rows[n], columns[n])
    return out


@compiled
def _ratios(single: SingleArray, a: Unsigned, b: Unsigned) -> np.float32:
    """Twice the similarity."""
    of_m00 = ratio(single[0, a], single[1, a], single[0, b], single[1, b])
    of_i1 = ratio(single[2, a], single[3, a], single[2, b], single[3, b])
    return of_m00 + of_i1


@compiled
def _screen(
    single: SingleArray, rows: IntArray, first: int, stop: int, floors: SingleArray, out: ByteArray
) -> None:
    for start in range(first, stop, NEAR):
        begin, end = np.uint64(start), np.uint64(min(start + NEAR, stop))
        for r in range(len(rows)):
            own, low = np.uint64(rows[r]), np.float32(2.0 * floors[r] - SINGLE_ERROR)
            for c in range(begin, end):
                # Not known is let through as well.
                out[r, c - np.uint64(first)] = not _ratios(single, own, c) <= low


@compiled
def _tally(
    single: SingleArray,
    m00: FloatArray,
    i1: FloatArray,
    n_described: int,
    rows: IntArray,
    first: int,
    stop: int,
    floors: SingleArray,
) -> IntArray:
    total = np.zeros(len(rows), np.int64)
    for start in range(first, stop, NEAR):
        begin, end = np.uint64(start), np.uint64(min(start + NEAR, stop))
        for r in range(len(rows)):
            own = np.uint64(rows[r])
            low, high = np.float32(2.0 * floors[r] - SINGLE_ERROR), np.float32(2.0 * floors[r] + SINGLE_ERROR)
            perhaps, surely = np.uint32(0), np.uint32(0)
            for c in range(begin, end):
                both = _ratios(single, own, c)
                # Numba would count in 64 bits, and in half as many lanes.
                perhaps = np.uint32(perhaps + (not both <= low))
                surely = np.uint32(surely + (both > high))
            total[r] += surely
            if perhaps != surely:
                for c in range(begin, end):
                    both = _ratios(single, own, c)
                    if not both <= low and not both > high:
                        total[r] += np.float32(_similarity(m00, i1, n_described, rows[r], c)) > floors[r]
    return total
