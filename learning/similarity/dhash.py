"""dHash: where on the image, coarsely, gaze grows and where it falls from left to right.

The gaze map is taken to 8 rows of 9 cells; each of 64 bits says that a cell has more gaze than the one to its
right. S is the cosine of two such patterns (McGIP, AAAI 2024, arXiv 2312.06069: the cosine, not Hamming).

Corrected: a cell holds the share of gaze within it, in closed form, and has more only where it has more by a
millionth of the highest: far from all gaze there is no slope. Two empty patterns are alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.similarity.compiled import compiled, count_bits
from learning.similarity.kernel import DOUBT, FloatArray, IntArray, Tile
from learning.similarity.maps import cell_shares
from learning.similarity.packing import Packed
from learning.similarity.profile import Profile
from learning.similarity.raster import shrink, whole_map
from learning.similarity.trace import on_raster, prepared, unit_axes

N_ROWS, N_COLUMNS = 8, 9
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
    """Pairs of 64-bit patterns, in the order of their number of bits."""

    def __init__(self, packed: Packed, profile: Profile) -> None:
        patterns = np.zeros(len(packed), np.uint64)
        patterns[packed.lengths > 0] = packed.values[:, 0] if packed.values.size else 0
        n_bits = np.bitwise_count(patterns).astype(np.int64)
        # Traces that show nothing lie before all others, and are like none.
        n_bits[packed.lengths == 0] = -1
        self.order = np.lexsort((patterns, n_bits)).astype(np.int64)
        self._patterns, self._n_bits = patterns[self.order], n_bits[self.order]
        self._empty_are_alike = profile.symmetric

    def fill(self, rows: IntArray, columns: range, out: Tile) -> None:
        """See `Kernel`."""
        stretch = slice(columns.start, columns.stop)
        _fill(self._patterns, self._n_bits, rows, columns.start, out)
        if self._empty_are_alike:
            empty = np.flatnonzero(self._n_bits[stretch] == 0)
            out[np.ix_(np.flatnonzero(self._n_bits[rows] == 0), empty)] = 1.0

    def windows(self, rows: IntArray, threshold: float) -> list[range]:
        """S <= sqrt(fewest bits / most bits): a window in the order of their number."""
        share = threshold * threshold - DOUBT
        if threshold <= 0 or share <= 0:
            return [range(len(self.order))]
        low, high = self._n_bits[rows].min() * share, self._n_bits[rows].max() / share
        return [
            range(int(np.searchsorted(self._n_bits, low)), int(np.searchsorted(self._n_bits, high, "right")))
        ]


@compiled
def _fill(patterns: NDArray[np.uint64], n_bits: IntArray, rows: IntArray, first: int, out: Tile) -> None:
    for r in range(out.shape[0]):
        own, own_bits = patterns[rows[r]], n_bits[rows[r]]
        c = 0
        while c < out.shape[1]:
            # Places of as many bits lie together and have one norm.
            bits = n_bits[first + c]
            end = min(np.searchsorted(n_bits, bits, side="right") - first, out.shape[1])
            # A hair more than 1 / norm, lest equal patterns have less than 1; a division costs more.
            inverse_norm = (1 + 2e-16) / np.sqrt(float(max(own_bits, 1) * max(bits, 1)))
            for k in range(np.uint64(c), np.uint64(end)):
                cosine = float(count_bits(own & patterns[np.uint64(first) + k])) * inverse_norm
                out[r, k] = cosine if cosine < 1.0 else 1.0
            c = end
