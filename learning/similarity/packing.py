"""Features of many traces, laid end to end."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Packed:
    """Feature rows of N traces: those of trace i are values[offsets[i]:offsets[i + 1]]."""

    values: NDArray[Any]
    """(sum of lengths, n_features), of the type that the scheme chose."""
    offsets: IntArray
    """(N + 1,)."""

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> IntArray:
        """(N,) feature rows of each trace."""
        return np.diff(self.offsets)

    def take(self, traces: IntArray) -> Packed:
        """The features of some traces, in the order given."""
        lengths = self.lengths[traces]
        offsets = np.append(0, np.cumsum(lengths)).astype(np.int64)
        rows = np.arange(offsets[-1]) + np.repeat(self.offsets[traces] - offsets[:-1], lengths)
        return Packed(self.values[rows], offsets)

    def content_hash(self) -> str:
        """SHA-256 of all features."""
        digest = hashlib.sha256(f"{self.values.dtype.str} {self.values.shape}".encode())
        digest.update(np.ascontiguousarray(self.values).tobytes())
        digest.update(self.offsets.tobytes())
        return digest.hexdigest()


def pack(features: Sequence[NDArray[Any]]) -> Packed:
    """Lay the (k_i, n_features) arrays of N traces end to end."""
    lengths = [len(rows) for rows in features]
    values = np.concatenate(features) if features else np.empty((0, 1))
    return Packed(np.ascontiguousarray(values), np.append(0, np.cumsum(lengths)).astype(np.int64))
