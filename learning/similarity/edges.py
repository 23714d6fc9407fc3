"""Which pairs of a tile become edges: those above a threshold, or the strongest of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.similarity.compiled import compiled

IntArray = NDArray[np.int64]
SingleArray = NDArray[np.float32]

CHUNK = 64
"""Columns that are passed over at once where none can be among the strongest."""
NOTHING = -1.0
"""In place of a similarity where a pair has none; no threshold is below."""


@dataclass(frozen=True)
class Selection:
    """Which pairs a graph keeps."""

    threshold: float | None = None
    """Those above it, strictly; None keeps all."""
    top_k: int | None = None
    """Those among the k strongest of either side, ties going to the lower number; None keeps all."""

    @property
    def floor(self) -> np.float32:
        """What an edge must exceed."""
        return np.float32(-0.5 if self.threshold is None else max(self.threshold, -0.5))


@dataclass(frozen=True)
class Edges:
    """Pairs by their numbers, with their similarity."""

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    values: SingleArray

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def join(cls, parts: Sequence[Edges]) -> Edges:
        """All edges of the parts, one part after the other."""
        if not parts:
            return cls(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))
        return cls(
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.columns for part in parts]),
            np.concatenate([part.values for part in parts]),
        )

    def unordered(self) -> Edges:
        """Each pair once, row < column, sorted: the same whatever order the edges came in."""
        low, high = np.minimum(self.rows, self.columns), np.maximum(self.rows, self.columns)
        key = low.astype(np.int64) << 32 | high
        _, first = np.unique(key, return_index=True)
        return Edges(low[first], high[first], self.values[first])


def edges_above(
    tile: SingleArray, first_row: int, first_column: int, floor: np.float32, ids: NDArray[np.int32]
) -> Edges:
    """The pairs of a tile above a floor, each once: those whose column comes after their row.

    Args:
        tile: (r, c) similarities of consecutive places.
        first_row: place of its first row.
        first_column: place of its first column.
        floor: what an edge must exceed.
        ids: the number of the trace or image at each place.
    """
    return Edges(*_above(tile, first_row, first_column, floor, ids))


class Strongest:
    """The k strongest of each row, gathered tile by tile."""

    def __init__(self, rows: range, top_k: int, ids: NDArray[np.int32]) -> None:
        self._rows, self._ids = rows, ids
        self._values = np.full((len(rows), top_k), np.nan, np.float32)
        self._columns = np.full((len(rows), top_k), -1, np.int32)
        self._counts = np.zeros(len(rows), np.int64)

    def add(self, tile: SingleArray, first_column: int, floor: np.float32) -> None:
        """Look at more columns of the same rows."""
        if self._values.shape[1]:
            _strongest(
                tile,
                self._rows.start,
                first_column,
                floor,
                self._ids,
                self._values,
                self._columns,
                self._counts,
            )

    def edges(self) -> Edges:
        """One edge from each row to each of its strongest."""
        held = np.arange(self._values.shape[1]) < self._counts[:, None]
        rows = np.repeat(self._ids[self._rows.start : self._rows.stop], self._counts)
        return Edges(rows, self._columns[held], self._values[held])


@compiled
def count_above(row: SingleArray, start: int, stop: int, floor: np.float32) -> int:
    """How many of row[start:stop] are above a floor."""
    n = 0
    for c in range(np.uint64(start), np.uint64(max(start, stop))):
        n += row[c] > floor
    return n


@compiled
def _above(
    tile: SingleArray, first_row: int, first_column: int, floor: np.float32, ids: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], SingleArray]:
    counts = np.zeros(tile.shape[0], np.int64)
    for r in range(tile.shape[0]):
        counts[r] = count_above(tile[r], max(first_row + r + 1 - first_column, 0), tile.shape[1], floor)
    total = counts.sum()
    rows, columns, values = np.empty(total, np.int32), np.empty(total, np.int32), np.empty(total, np.float32)
    n = 0
    for r in range(tile.shape[0]):
        if counts[r] == 0:
            continue
        for c in range(max(first_row + r + 1 - first_column, 0), tile.shape[1]):
            if tile[r, c] > floor:
                rows[n], columns[n], values[n] = ids[first_row + r], ids[first_column + c], tile[r, c]
                n += 1
    return rows, columns, values


@compiled
def _strongest(
    tile: SingleArray,
    first_row: int,
    first_column: int,
    floor: np.float32,
    ids: NDArray[np.int32],
    values: SingleArray,
    columns: NDArray[np.int32],
    counts: IntArray,
) -> None:
    top_k = values.shape[1]
    for r in range(tile.shape[0]):
        for start in range(0, tile.shape[1], CHUNK):
            stop = min(start + CHUNK, tile.shape[1])
            weakest = values[r, top_k - 1] if counts[r] == top_k else floor
            # Equal ones may come before the weakest by their number.
            if count_above(tile[r], start, stop, np.nextafter(weakest, np.float32(-np.inf))) == 0:
                continue
            for c in range(start, stop):
                is_strong = (tile[r, c] > floor) & (tile[r, c] >= weakest)
                if is_strong and first_column + c != first_row + r:
                    _insert(tile[r, c], ids[first_column + c], r, values, columns, counts)
                    weakest = values[r, top_k - 1] if counts[r] == top_k else floor


@compiled
def _insert(
    value: np.float32,
    column: np.int32,
    r: int,
    values: SingleArray,
    columns: NDArray[np.int32],
    counts: IntArray,
) -> None:
    """Put a pair in its place among the strongest of row r, the weakest leaving where they are too many."""
    k = counts[r]
    if k == values.shape[1]:
        k -= 1
        if value < values[r, k] or (value == values[r, k] and column > columns[r, k]):
            return
    else:
        counts[r] += 1
    while k > 0 and (values[r, k - 1] < value or (values[r, k - 1] == value and columns[r, k - 1] > column)):
        values[r, k], columns[r, k] = values[r, k - 1], columns[r, k - 1]
        k -= 1
    values[r, k], columns[r, k] = value, column
