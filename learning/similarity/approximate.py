"""Cheaper clusterings of long traces.

They are approximate: near a limit they may merge or split what DBSCAN does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.similarity.compiled import compiled
from learning.similarity.dbscan import dbscan

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_POINTS = 2500
REST = 0.1
"""A rest is no wider than this, as a share of the radius."""


def decimated(points: FloatArray, radius: float, core_share: float) -> IntArray:
    """(n,) labels from at most 2500 evenly chosen samples; each sample has that of the last one chosen.

    Args:
        points: (n, 3) in order of time.
        radius: points at most this far apart are neighbours.
        core_share: a point is core where more than this share of all lies within the radius.
    """
    step = -(-len(points) // MOST_POINTS) if len(points) else 1
    chosen = points[::step]
    labels = dbscan(chosen, np.ones(len(chosen)), radius, np.floor(len(chosen) * core_share) + 1)
    return np.repeat(labels, step)[: len(points)]


def by_rests(points: FloatArray, radius: float, core_share: float) -> IntArray:
    """(n,) labels from rests, which weigh as much as they have samples; arguments as for `decimated`."""
    rest = _rests(points, REST * radius)
    weights = np.bincount(rest).astype(np.float64)
    means = np.column_stack([np.bincount(rest, points[:, axis]) for axis in range(3)]) / weights[:, None]
    labels: IntArray = dbscan(means, weights, radius, np.floor(len(points) * core_share) + 1)[rest]
    return labels


@compiled
def _rests(points: FloatArray, width: float) -> IntArray:
    """(n,) the rest of each sample: a new one begins where a sample is too far from the first of the old."""
    rest = np.zeros(len(points), np.int64)
    first = 0
    for i in range(1, len(points)):
        rest[i] = rest[i - 1]
        for axis in range(3):
            if abs(points[i, axis] - points[first, axis]) > width:
                rest[i], first = rest[i - 1] + 1, i
                break
    return rest
