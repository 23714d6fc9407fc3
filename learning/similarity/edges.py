"""Which pairs of a tile become edges: those above a threshold, or the strongest of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.similarity.compiled import compiled
from learning.similarity.kernel import IntArray, Pairs, SingleArray

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
        order = _by_number(low, _by_number(high, np.arange(len(self))))
        low, high = low[order], high[order]
        is_new = np.append(True, (np.diff(low) != 0) | (np.diff(high) != 0))[: len(self)]
        return Edges(low[is_new], high[is_new], self.values[order[is_new]])


@compiled
def _by_number(numbers: NDArray[np.int32], order: IntArray) -> IntArray:
    """The order by `numbers`, those of one number staying in the order given; counted, so in linear time."""
    n_numbers = numbers.max() + 1 if len(numbers) else 0
    ends = np.zeros(n_numbers + 1, np.int64)
    for number in numbers:
        ends[number + 1] += 1
    ends = np.cumsum(ends)
    placed = np.empty_like(order)
    for k in order:
        placed[ends[numbers[k]]] = k
        ends[numbers[k]] += 1
    return placed


def edges_of(pairs: Pairs, ids: NDArray[np.int32]) -> Edges:
    """Pairs of places by the numbers of their traces or images, (N,) one for each place."""
    return Edges(ids[pairs.rows], ids[pairs.columns], pairs.values)


class Strongest:
    """The k strongest of each row, gathered as they are found."""

    floors: SingleArray
    """(rows,) what is not above cannot be among the strongest; rises."""

    def __init__(self, rows: range, top_k: int, floor: np.float32, ids: NDArray[np.int32]) -> None:
        self._rows, self._ids = rows, ids
        self.floors = np.full(len(rows), floor if top_k else np.inf, np.float32)
        self._values = np.full((len(rows), top_k), np.nan, np.float32)
        self._columns = np.full((len(rows), top_k), -1, np.int32)
        self._counts = np.zeros(len(rows), np.int64)

    def add(self, pairs: Pairs) -> None:
        """Look at more pairs of the same rows, all of them above the floors."""
        if self._values.shape[1]:
            rows = pairs.rows - self._rows.start
            columns = self._ids[pairs.columns]
            _insert_all(rows, columns, pairs.values, self._values, self._columns, self._counts, self.floors)

    def edges(self) -> Edges:
        """One edge from each row to each of its strongest."""
        held = np.arange(self._values.shape[1]) < self._counts[:, None]
        rows = np.repeat(self._ids[self._rows.start : self._rows.stop], self._counts)
        return Edges(rows, self._columns[held], self._values[held])


@compiled
def _insert_all(
    rows: IntArray,
    columns: NDArray[np.int32],
    found: SingleArray,
    values: SingleArray,
    held: NDArray[np.int32],
    counts: IntArray,
    floors: SingleArray,
) -> None:
    last = values.shape[1] - 1
    for k in range(len(rows)):
        r = rows[k]
        if found[k] > floors[r]:
            _insert(found[k], columns[k], r, values, held, counts)
            if counts[r] > last:
                # Equal ones may come before the weakest by their number.
                floors[r] = max(floors[r], np.nextafter(values[r, last], np.float32(-np.inf)))


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
