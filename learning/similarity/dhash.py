"""dHash: where on the image, coarsely, gaze grows and where it falls from left to right.

The gaze map is taken to 8 rows of 9 cells; each of 64 bits says that a cell has more gaze than the one to its
right. S is the cosine of two such patterns (McGIP, AAAI 2024, arXiv 2312.06069: the cosine, not Hamming).

Corrected: a cell holds the share of gaze within it, in closed form, and has more only where it has more by a
millionth of the highest: far from all gaze there is no slope. Two empty patterns are alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.similarity.compiled import compiled, count_bits, on_cache_lines
from learning.similarity.kernel import DOUBT, FloatArray, IntArray, Pairs, SingleArray, Tile
from learning.similarity.maps import cell_shares
from learning.similarity.packing import Packed
from learning.similarity.profile import Profile
from learning.similarity.raster import shrink, whole_map
from learning.similarity.screening import ByteArray, above_by_screen
from learning.similarity.trace import on_raster, prepared, unit_axes

N_ROWS, N_COLUMNS = 8, 9
N_BITS = 64
NEAR = 2048
"""Columns whose patterns are still in the nearest cache when the next row asks for them."""
BLUR_SD = 30.2 / 800
"""Standard deviation of the published blur, as a share of the canvas."""
SLOPE = 1e-6
"""Of the highest cell: what differs by less does not differ."""


def features(samples: FloatArray, canvas_px: tuple[float, float], profile: Profile) -> NDArray[np.uint64]:
    """(1, 1) the 64 bits of a trace, row by row, the first bit highest; none where nothing was looked at.

    Args:
        samples: (n, 3) x_px, y_px, t_s.
        canvas_px: width and height of the image.
        profile: the published definition or ours.
    """
    kept = prepared(samples, canvas_px, profile)
    if len(kept) == 0 and (profile.symmetric or profile.closed_form):
        return np.empty((0, 1), np.uint64)
    if profile.closed_form:
        heat = cell_shares(unit_axes(kept, canvas_px, profile)[:, :2], BLUR_SD, N_ROWS, N_COLUMNS)
        falls = heat[:, :-1] - heat[:, 1:] > SLOPE * heat.max()
    else:
        image = whole_map(on_raster(kept, canvas_px, profile), counts_dwell=profile.dwell_weighted)
        levels = shrink(image, N_ROWS, N_COLUMNS)
        falls = levels[:, :-1] > levels[:, 1:]
    return np.packbits(falls).view(">u8").astype(np.uint64).reshape(1, 1)


class DhashKernel:
    """Pairs of 64-bit patterns, in the order of their number of bits.

    The screen is exact: it asks for as many bits in common as two numbers of bits need.
    """

    def __init__(self, packed: Packed, profile: Profile) -> None:
        patterns = np.zeros(len(packed), np.uint64)
        patterns[packed.lengths > 0] = packed.values[:, 0] if packed.values.size else 0
        n_bits = np.bitwise_count(patterns).astype(np.int64)
        # Traces that show nothing lie before all others, and are like none.
        n_bits[packed.lengths == 0] = -1
        self.order = np.lexsort((patterns, n_bits)).astype(np.int64)
        self._patterns, self._n_bits = on_cache_lines(patterns[self.order]), n_bits[self.order]
        self._empty_are_alike = profile.symmetric

    def fill(self, rows: IntArray, columns: range, out: Tile) -> None:
        """See `Kernel`."""
        _fill(self._patterns, self._n_bits, self._empty_are_alike, rows, columns.start, out)

    def windows(self, rows: IntArray, threshold: float) -> list[range]:
        """S <= sqrt(fewest bits / most bits): a window in the order of their number."""
        share = threshold * threshold - DOUBT
        if threshold <= 0 or share <= 0:
            return [range(len(self.order))]
        # Whole numbers: with others every search would first convert all of them.
        low = np.ceil(self._n_bits[rows].min() * share).astype(np.int64)
        high = np.floor(self._n_bits[rows].max() / share).astype(np.int64)
        return [range(*np.searchsorted(self._n_bits, [low, high + 1]).tolist())]

    def tally(self, rows: IntArray, columns: range, floors: SingleArray) -> IntArray:
        """(rows,) how many of these columns are above the floor of each row."""
        stretch = columns.start, columns.stop
        return _tally(self._patterns, self._n_bits, self._empty_are_alike, rows, *stretch, floors)

    def above(self, rows: IntArray, columns: range, floors: SingleArray) -> Pairs:
        """See `Kernel`."""
        has_any = self.tally(rows, columns, floors) > 0
        return above_by_screen(self, rows[has_any], columns, floors[has_any])

    def screen(self, rows: IntArray, columns: range, floors: SingleArray, out: ByteArray) -> None:
        """See `Screened`."""
        stretch = columns.start, columns.stop
        _screen(self._patterns, self._n_bits, self._empty_are_alike, rows, *stretch, floors, out)

    def pick(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """See `Screened`."""
        return _pick(self._patterns, self._n_bits, self._empty_are_alike, rows, columns)


@compiled
def _inverse_norm(bits: int, other_bits: int) -> float:
    # A hair more than 1 / norm, lest equal patterns have less than 1; a division costs more.
    return float((1 + 2e-16) / np.sqrt(float(max(bits, 1) * max(other_bits, 1))))


@compiled
def _similarity(
    n_common: int, bits: int, other_bits: int, inverse_norm: float, empty_are_alike: bool
) -> float:
    if empty_are_alike and bits == 0 and other_bits == 0:
        return 1.0
    cosine = float(n_common) * inverse_norm
    return cosine if cosine < 1.0 else 1.0


@compiled
def _fewest_common(bits: int, other_bits: int, floor: np.float32, empty_are_alike: bool) -> int:
    """With so many bits in common two patterns are above the floor, and not with one less."""
    inverse_norm = _inverse_norm(bits, other_bits)
    n = min(max(int(floor / inverse_norm), 0), N_BITS)
    while n > 0 and np.float32(_similarity(n, bits, other_bits, inverse_norm, empty_are_alike)) > floor:
        n -= 1
    while n <= N_BITS and not (
        np.float32(_similarity(n, bits, other_bits, inverse_norm, empty_are_alike)) > floor
    ):
        n += 1
    return n


@compiled
def _end_of_bits(n_bits: IntArray, place: int, stop: int) -> int:
    """Places of as many bits lie together; where those of a place end."""
    return int(min(np.searchsorted(n_bits, n_bits[place], side="right"), stop))


@compiled
def _fill(
    patterns: NDArray[np.uint64],
    n_bits: IntArray,
    empty_are_alike: bool,
    rows: IntArray,
    first: int,
    out: Tile,
) -> None:
    for r in range(out.shape[0]):
        own, own_bits = patterns[rows[r]], n_bits[rows[r]]
        start, stop = first, first + out.shape[1]
        while start < stop:
            bits, end = n_bits[start], _end_of_bits(n_bits, start, stop)
            inverse_norm = _inverse_norm(own_bits, bits)
            for c in range(np.uint64(start), np.uint64(end)):
                n_common = count_bits(own & patterns[c])
                out[r, c - np.uint64(first)] = _similarity(
                    n_common, own_bits, bits, inverse_norm, empty_are_alike
                )
            start = end


@compiled
def _pick(
    patterns: NDArray[np.uint64], n_bits: IntArray, empty_are_alike: bool, rows: IntArray, columns: IntArray
) -> FloatArray:
    out = np.empty(len(rows))
    for n in range(len(rows)):
        a, b = rows[n], columns[n]
        n_common, inverse_norm = count_bits(patterns[a] & patterns[b]), _inverse_norm(n_bits[a], n_bits[b])
        out[n] = _similarity(n_common, n_bits[a], n_bits[b], inverse_norm, empty_are_alike)
    return out


@compiled
def _screen(
    patterns: NDArray[np.uint64],
    n_bits: IntArray,
    empty_are_alike: bool,
    rows: IntArray,
    first: int,
    stop: int,
    floors: SingleArray,
    out: ByteArray,
) -> None:
    start = first
    while start < stop:
        end = min(_end_of_bits(n_bits, start, stop), start + NEAR)
        for r in range(len(rows)):
            own = patterns[rows[r]]
            fewest = np.uint64(_fewest_common(n_bits[rows[r]], n_bits[start], floors[r], empty_are_alike))
            for c in range(np.uint64(start), np.uint64(end)):
                out[r, c - np.uint64(first)] = count_bits(own & patterns[c]) >= fewest
        start = end


@compiled
def _tally(
    patterns: NDArray[np.uint64],
    n_bits: IntArray,
    empty_are_alike: bool,
    rows: IntArray,
    first: int,
    stop: int,
    floors: SingleArray,
) -> IntArray:
    total, start = np.zeros(len(rows), np.int64), first
    while start < stop:
        end = min(_end_of_bits(n_bits, start, stop), start + NEAR)
        for r in range(len(rows)):
            own, n_above = patterns[rows[r]], np.uint64(0)
            fewest = np.uint64(_fewest_common(n_bits[rows[r]], n_bits[start], floors[r], empty_are_alike))
            for c in range(np.uint64(start), np.uint64(end)):
                n_above += np.uint64(count_bits(own & patterns[c]) >= fewest)
            total[r] += n_above
        start = end
    return total
