"""Gaze maps without a raster: each sample is a Gaussian, and what a map is asked for follows from that.

A sample may lie anywhere between grid lines, and its Gaussian may reach beyond the image: a trace that is
shifted keeps its figures.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from learning.similarity.compiled import compiled

FloatArray = NDArray[np.float64]

CELLS_A_SD = 2
"""Cells of the fine map to a standard deviation: sums over them miss the integrals by 1e-15 of them."""
REACH_SD = 6
"""Beyond it a Gaussian is taken as nothing: 1e-8 of its peak."""


def effective_area(xy: FloatArray, sd: float) -> float:
    """The area over which gaze was spread: (integral of the map)^2 / integral of its square.

    Of one point it is 4 pi sd^2, and n looks far apart have n times as much.

    Args:
        xy: (n, 2) places, n > 0, the image being the unit square.
        sd: of the Gaussian of each sample.
    """
    cell = sd / CELLS_A_SD
    heat = _fine_map(xy / cell, 1 / (2.0 * CELLS_A_SD**2), CELLS_A_SD * REACH_SD)
    return float(heat.sum() ** 2 / (heat**2).sum() * cell**2)


def cell_shares(xy: FloatArray, sd: float, n_rows: int, n_columns: int) -> FloatArray:
    """(n_rows, n_columns) the share of gaze in each cell of the unit square, in closed form.

    Args:
        xy: (n, 2) places, the image being the unit square.
        sd: of the Gaussian of each sample.
        n_rows: cells from top to bottom.
        n_columns: cells from left to right.
    """
    across = np.diff(ndtr((np.linspace(0, 1, n_columns + 1) - xy[:, :1]) / sd), axis=1)
    down = np.diff(ndtr((np.linspace(0, 1, n_rows + 1) - xy[:, 1:2]) / sd), axis=1)
    return down.T @ across / max(len(xy), 1)


@compiled
def _fine_map(places: FloatArray, decay: float, reach: int) -> FloatArray:
    """The sum of Gaussians exp(-decay d^2) at (n, 2) places in cells, on a map that just holds them."""
    left, top = np.floor(places[:, 0].min()) - reach, np.floor(places[:, 1].min()) - reach
    n_columns = int(np.floor(places[:, 0].max()) - left) + reach + 2
    n_rows = int(np.floor(places[:, 1].max()) - top) + reach + 2
    heat = np.zeros((n_rows, n_columns))
    bell = np.exp(-decay * np.arange(-reach, reach + 2) ** 2)
    for i in range(len(places)):
        x, y = places[i, 0] - left, places[i, 1] - top
        down = _bell_at(y - int(y), decay, reach, bell)
        across = _bell_at(x - int(x), decay, reach, bell)
        for r in range(len(down)):
            row, of_row = heat[int(y) - reach + r, int(x) - reach :], down[r]
            for c in range(np.uint64(len(across))):
                row[c] += of_row * across[c]
    return heat


@compiled
def _bell_at(share: float, decay: float, reach: int, bell: FloatArray) -> FloatArray:
    """exp(-decay (k - share)^2) for k from -reach to reach + 1, of which `bell` has those of share 0.

    The factor between the two grows by the same from each k to the next: no more than two exponentials.
    """
    out = np.empty_like(bell)
    factor, growth = np.exp(-decay * share * (share + 2 * reach)), np.exp(2 * decay * share)
    for k in range(len(bell)):
        out[k] = bell[k] * factor
        factor *= growth
    return out
