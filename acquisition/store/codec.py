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


def decode(data: bytes, records: NDArray[Any]) -> None:
    """Fill a contiguous array (n,) from the bytes of `encode`.

    Raises `ValueError` where they do not hold n records of this dtype.
    """
    if records.nbytes == 0:
        return
    try:
        planes = zstandard.ZstdDecompressor().decompress(data, max_output_size=records.nbytes)
    except zstandard.ZstdError as error:
        raise ValueError(f"the chunk does not decompress: {error}") from error
    if len(planes) != records.nbytes:
        raise ValueError(f"the chunk holds {len(planes)} bytes instead of {records.nbytes}")
    _as_bytes(records)[:] = np.frombuffer(planes, np.uint8).reshape(records.itemsize, len(records)).T


def column(records: NDArray[Any], name: str) -> NDArray[Any]:
    """A contiguous copy (n,) of one field of contiguous records; numpy's own copies nested fields slowly."""
    dtype, offset = dict(records.dtype.fields or {})[name][:2]
    values = np.empty(len(records), dtype)
    _as_bytes(values)[:] = _as_bytes(records)[:, offset : offset + dtype.itemsize]
    return values


def _as_bytes(records: NDArray[Any]) -> NDArray[np.uint8]:
    """(n, itemsize), a view where the records are contiguous."""
    shape = (len(records), records.dtype.itemsize)
    if 0 in shape:
        return np.empty(shape, np.uint8)
    return np.ascontiguousarray(records).view(np.uint8).reshape(shape)
