"""Samples to bytes and back, bit for bit.

The packed records are transposed byte by byte, so that all first bytes of the first column come
first, then all its second bytes, and so on, column by column (a *byte shuffle*). Neighbouring
samples share their high bytes, which zstd then finds in long runs. No value is ever looked at: NaN
payloads, byte orders and padding come back as they were.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

LEVEL = 3


def encode(records: NDArray[Any]) -> bytes:
    """Array (n,) of any dtype without objects → compressed bytes."""
    if records.dtype.hasobject:
        raise TypeError(f"objects cannot be stored: {records.dtype}")
    return zstandard.ZstdCompressor(level=LEVEL).compress(_as_bytes(records).T.tobytes())


def decode(data: bytes, dtype: np.dtype[Any], n: int) -> NDArray[Any]:
    """Bytes of `encode` → array (n,). Raises `ValueError` where they do not hold n records of this dtype."""
    n_bytes = n * dtype.itemsize
    records = np.empty(n, dtype)
    if n_bytes == 0:
        return records
    try:
        planes = zstandard.ZstdDecompressor().decompress(data, max_output_size=n_bytes)
    except zstandard.ZstdError as error:
        raise ValueError(f"the chunk does not decompress: {error}") from error
    if len(planes) != n_bytes:
        raise ValueError(f"the chunk holds {len(planes)} bytes instead of {n_bytes}")
    _as_bytes(records)[:] = np.frombuffer(planes, np.uint8).reshape(dtype.itemsize, n).T
    return records


def _as_bytes(records: NDArray[Any]) -> NDArray[np.uint8]:
    """(n, itemsize), a view where the records are contiguous."""
    shape = (len(records), records.dtype.itemsize)
    if 0 in shape:
        return np.empty(shape, np.uint8)
    return np.ascontiguousarray(records).view(np.uint8).reshape(shape)
