"""Features of many traces, laid end to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Packed:
    """Feature rows of N traces: those of trace i are values[offsets[i]:offsets[i + 1]]."""

    values: FloatArray
    """(sum of lengths, n_features)."""
    offsets: NDArray[np.int64]
    """(N + 1,)."""

    def __len__(self) -> int:
        return len(self.offsets) - 1


def pack(features: Sequence[FloatArray]) -> Packed:
    """Lay the (k_i, n_features) arrays of N traces end to end."""
    lengths = [len(rows) for rows in features]
    values = np.concatenate(features) if features else np.empty((0, 1))
    return Packed(np.ascontiguousarray(values), np.append(0, np.cumsum(lengths)).astype(np.int64))
