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


class Decoder:
    """Fills columns with what `encode` made of records, chunk by chunk."""

    def __init__(self, *columns: NDArray[Any]) -> None:
        """Contiguous arrays, each (n,), for the fields of n records in their order.

        One array of the records' own dtype is filled with the records.
        """
        self._columns = [_as_bytes(column) for column in columns]
        self._itemsize = sum(column.shape[1] for column in self._columns)
        self._zstd = zstandard.ZstdDecompressor()

    def fill(self, data: bytes, start: int, stop: int) -> None:
        """Fill [start, stop). Raises `ValueError` where the bytes do not hold so many records."""
        n_bytes = (stop - start) * self._itemsize
        if n_bytes == 0:
            return
        try:
            planes = self._zstd.decompress(data, max_output_size=n_bytes)
        except zstandard.ZstdError as error:
            raise ValueError(f"the chunk does not decompress: {error}") from error
        if len(planes) != n_bytes:
            raise ValueError(f"the chunk holds {len(planes)} bytes instead of {n_bytes}")
        records = np.frombuffer(planes, np.uint8).reshape(self._itemsize, stop - start).T
        end = 0
        for column in self._columns:
            begin, end = end, end + column.shape[1]
            column[start:stop] = records[:, begin:end]


def decode(data: bytes, records: NDArray[Any]) -> None:
    """Fill a contiguous array (n,) from the bytes of `encode`. Raises `ValueError` as `Decoder.fill`."""
    Decoder(records).fill(data, 0, len(records))


def _as_bytes(records: NDArray[Any]) -> NDArray[np.uint8]:
    """(n, itemsize), a view where the records are contiguous."""
    shape = (len(records), records.dtype.itemsize)
    if 0 in shape:
        return np.empty(shape, np.uint8)
    return np.ascontiguousarray(records).view(np.uint8).reshape(shape)
