"""DBSCAN over weighted points in three dimensions, exact, in memory of the order of the points.

Points fall into cells whose diagonal is the radius, so that the core points of one cell belong
together without a look. Between cells the tight box of each cell's own points decides most cases at
once: wholly within the radius, wholly outside, and only the rest run by run and then point by point, for
points of a cell keep their order, and gaze rests. The labels are
those of scikit-learn: clusters are numbered by their first core point, a border point joins the
lowest of its clusters (Ester et al. 1996, KDD, for the definitions).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.similarity.compiled import compiled

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Boxes = tuple[FloatArray, FloatArray]
"""Low and high corners, (n_cells, 3) each."""

NOISE = -1
PIECE = 32
"""Points of a cell that follow one another, as gaze does, and so lie close: they have a box of their own."""


def dbscan(points: FloatArray, weights: FloatArray, radius: float, min_weight: float) -> IntArray:
    """Cluster label of each point, -1 for noise.

    Args:
        points: (n, 3).
        weights: (n,) how much each point counts.
        radius: points at most this far apart are neighbours.
        min_weight: a point is core where its neighbours and itself weigh at least this much.

    Returns:
        (n,) labels 0, 1, ... in the order of each cluster's first core point.
    """
    if len(points) == 0:
        return np.empty(0, np.int64)
    # A hair smaller than radius / sqrt(3), lest rounding put two points of a cell out of reach.
    side = radius / np.sqrt(3.0) * (1 - 1e-9)
    grid = np.floor((points - points.min(axis=0)) / side).astype(np.int64)
    _, cell_of_point = np.unique(
        np.ravel_multi_index(tuple(grid.T), tuple(grid.max(axis=0) + 1)), return_inverse=True
    )
    order = np.argsort(cell_of_point, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(cell_of_point))).astype(np.int64)
    labels = np.empty(len(points), np.int64)
    labels[order] = _cluster(points[order], weights[order], order, starts, radius * radius, min_weight)
    return labels


@compiled
def _gap2(points: FloatArray, i: int, boxes: Boxes, cell: int) -> float:
    """Squared distance from a point to the nearest spot of a box."""
    total = 0.0
    for axis in range(3):
        gap = max(boxes[0][cell, axis] - points[i, axis], points[i, axis] - boxes[1][cell, axis], 0.0)
        total += gap * gap
    return total


@compiled
def _reach2(points: FloatArray, i: int, boxes: Boxes, cell: int) -> float:
    """Squared distance from a point to the farthest corner of a box."""
    total = 0.0
    for axis in range(3):
        reach = max(abs(points[i, axis] - boxes[0][cell, axis]), abs(points[i, axis] - boxes[1][cell, axis]))
        total += reach * reach
    return total


@compiled
def _span2(boxes: Boxes, one: int, other: int) -> float:
    """Squared distance between the farthest corners of two boxes."""
    total, (low, high) = 0.0, boxes
    for axis in range(3):
        span = max(high[one, axis] - low[other, axis], high[other, axis] - low[one, axis])
        total += span * span
    return total


@compiled
def _distance2(points: FloatArray, i: int, j: int) -> float:
    x, y, t = points[i, 0] - points[j, 0], points[i, 1] - points[j, 1], points[i, 2] - points[j, 2]
    return float(x * x + y * y + t * t)


@compiled
def _boxes(points: FloatArray, starts: IntArray, chosen: BoolArray) -> Boxes:
    """Tight boxes of the chosen points of each cell; inside out where a cell has none."""
    n_cells = len(starts) - 1
    low, high = np.full((n_cells, 3), np.inf), np.full((n_cells, 3), -np.inf)
    for cell in range(n_cells):
        for i in range(starts[cell], starts[cell + 1]):
            if chosen[i]:
                for axis in range(3):
                    low[cell, axis] = min(low[cell, axis], points[i, axis])
                    high[cell, axis] = max(high[cell, axis], points[i, axis])
    return low, high


@compiled
def _near_cells(boxes: Boxes, cell: int, radius2: float) -> IntArray:
    """The cells that may hold a neighbour of a point in `cell`, itself included."""
    low, high = boxes
    found = np.empty(len(low), np.int64)
    n = 0
    for other in range(len(low)):
        total = 0.0
        for axis in range(3):
            gap = max(low[other, axis] - high[cell, axis], low[cell, axis] - high[other, axis], 0.0)
            total += gap * gap
        if total <= radius2:
            found[n] = other
            n += 1
    return found[:n]


@compiled
def _pieces(starts: IntArray) -> tuple[IntArray, IntArray]:
    """Starts of runs of at most `PIECE` points within cells, and the number of the first run of each cell."""
    n_cells = len(starts) - 1
    first = np.zeros(n_cells + 1, np.int64)
    for cell in range(n_cells):
        first[cell + 1] = first[cell] + (starts[cell + 1] - starts[cell] + PIECE - 1) // PIECE
    runs = np.empty(first[n_cells] + 1, np.int64)
    for cell in range(n_cells):
        for nth in range(first[cell + 1] - first[cell]):
            runs[first[cell] + nth] = starts[cell] + nth * PIECE
    runs[first[n_cells]] = starts[n_cells]
    return runs, first


@compiled
def _sums(weights: FloatArray, starts: IntArray) -> FloatArray:
    """(n,) the weight of each run of points."""
    sums = np.zeros(len(starts) - 1)
    for run in range(len(sums)):
        for i in range(starts[run], starts[run + 1]):
            sums[run] += weights[i]
    return sums


@compiled
def _weight_within(
    i: int,
    points: FloatArray,
    weights: FloatArray,
    runs: IntArray,
    first: int,
    end: int,
    boxes: Boxes,
    run_weights: FloatArray,
    radius2: float,
) -> float:
    """What lies in reach of a point in the runs [first, end): whole runs at once where their box tells."""
    total = 0.0
    for run in range(first, end):
        if _gap2(points, i, boxes, run) > radius2:
            continue
        if _reach2(points, i, boxes, run) <= radius2:
            total += run_weights[run]
            continue
        for j in range(runs[run], runs[run + 1]):
            if _distance2(points, i, j) <= radius2:
                total += weights[j]
    return total


@compiled
def _core_points(
    points: FloatArray, weights: FloatArray, starts: IntArray, boxes: Boxes, radius2: float, min_weight: float
) -> BoolArray:
    """Which points have enough weight in reach: whole cells first, for all points of a cell at once."""
    cell_weights, (runs, first_run) = _sums(weights, starts), _pieces(starts)
    run_boxes, run_weights = _boxes(points, runs, np.ones(len(points), np.bool_)), _sums(weights, runs)
    core = np.zeros(len(points), np.bool_)
    partly, cut = np.empty(len(starts), np.int64), np.empty(len(starts), np.int64)
    for cell in range(len(starts) - 1):
        wholly, near_weight, n_partly = 0.0, 0.0, 0
        for other in _near_cells(boxes, cell, radius2):
            near_weight += cell_weights[other]
            if _span2(boxes, cell, other) <= radius2:
                wholly += cell_weights[other]
            else:
                partly[n_partly] = other
                n_partly += 1
        if near_weight < min_weight:
            continue
        for i in range(starts[cell], starts[cell + 1]):
            total, possible, n_cut = wholly, wholly, 0
            for other in partly[: n_partly if wholly < min_weight else 0]:
                if _gap2(points, i, boxes, other) <= radius2:
                    possible += cell_weights[other]
                    if _reach2(points, i, boxes, other) <= radius2:
                        total += cell_weights[other]
                    else:
                        cut[n_cut] = other
                        n_cut += 1
            for k in range(n_cut):
                if total >= min_weight or possible < min_weight:
                    break
                of, end = first_run[cut[k]], first_run[cut[k] + 1]
                within = _weight_within(i, points, weights, runs, of, end, run_boxes, run_weights, radius2)
                total, possible = total + within, possible + within - cell_weights[cut[k]]
            core[i] = total >= min_weight
    return core


@compiled
def _touch(
    a: int, b: int, points: FloatArray, starts: IntArray, core: BoolArray, boxes: Boxes, radius2: float
) -> bool:
    """Whether a core point of cell `a` and one of cell `b` are neighbours."""
    for i in range(starts[a], starts[a + 1]):
        if core[i] and _gap2(points, i, boxes, b) <= radius2:
            if _reach2(points, i, boxes, b) <= radius2:
                return True
            for j in range(starts[b], starts[b + 1]):
                if core[j] and _distance2(points, i, j) <= radius2:
                    return True
    return False


@compiled
def _root(parents: IntArray, cell: int) -> int:
    while parents[cell] != cell:
        parents[cell] = parents[parents[cell]]
        cell = parents[cell]
    return cell


@compiled
def _join_cells(
    points: FloatArray, starts: IntArray, core: BoolArray, boxes: Boxes, radius2: float
) -> IntArray:
    """(n_cells,) union-find parents: cells whose core points are connected share a root."""
    parents = np.arange(len(starts) - 1)
    for a in range(len(parents)):
        if boxes[0][a, 0] > boxes[1][a, 0]:
            continue
        for b in _near_cells(boxes, a, radius2):
            apart = b > a and _root(parents, a) != _root(parents, b)
            if apart and _touch(a, b, points, starts, core, boxes, radius2):
                parents[_root(parents, b)] = _root(parents, a)
    return parents


@compiled
def _number(parents: IntArray, starts: IntArray, core: BoolArray, order: IntArray) -> IntArray:
    """(n_cells,) label of each cell's component, by the first core point in the order the points came in."""
    first = np.full(len(parents), len(order))
    for cell in range(len(parents)):
        root = _root(parents, cell)
        for i in range(starts[cell], starts[cell + 1]):
            if core[i]:
                first[root] = min(first[root], order[i])
    label_of_root = np.full(len(parents), NOISE)
    n_labels = 0
    for root in np.argsort(first):
        if first[root] < len(order):
            label_of_root[root] = n_labels
            n_labels += 1
    labels = np.empty(len(parents), np.int64)
    for cell in range(len(parents)):
        labels[cell] = label_of_root[_root(parents, cell)]
    return labels


@compiled
def _lowest_label(
    i: int,
    points: FloatArray,
    starts: IntArray,
    core: BoolArray,
    boxes: Boxes,
    cell_labels: IntArray,
    near: IntArray,
    radius2: float,
) -> int:
    """The lowest of the clusters of some cells that has a core point in reach; noise where none has."""
    best = NOISE
    for cell in near:
        is_better = best == NOISE or cell_labels[cell] < best
        if is_better and _gap2(points, i, boxes, cell) <= radius2:
            for j in range(starts[cell], starts[cell + 1]):
                if core[j] and _distance2(points, i, j) <= radius2:
                    best = cell_labels[cell]
                    break
    return best


@compiled
def _cluster(
    points: FloatArray,
    weights: FloatArray,
    order: IntArray,
    starts: IntArray,
    radius2: float,
    min_weight: float,
) -> IntArray:
    """Labels of points sorted by cell; `order` holds where each came from."""
    boxes = _boxes(points, starts, np.ones(len(points), np.bool_))
    core = _core_points(points, weights, starts, boxes, radius2, min_weight)
    core_boxes = _boxes(points, starts, core)
    parents = _join_cells(points, starts, core, core_boxes, radius2)
    cell_labels = _number(parents, starts, core, order)
    labels = np.empty(len(points), np.int64)
    for cell in range(len(starts) - 1):
        near = _near_cells(boxes, cell, radius2)
        near = near[cell_labels[near] != NOISE]
        for i in range(starts[cell], starts[cell + 1]):
            if core[i]:
                labels[i] = cell_labels[cell]
            else:
                labels[i] = _lowest_label(i, points, starts, core, core_boxes, cell_labels, near, radius2)
    return labels
