"""Arrays handed from one process to another in memory that both see.

`multiprocessing.shared_memory` would keep a process of its own to clean up, and that one takes the memory
away when either side ends. Here the side that receives takes the name away as soon as it has the memory.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 64
"""Arrays begin at multiples of this, a line of the cache."""

Place = tuple[int, str, list[int]]
"""Where an array lies: offset in bytes, dtype, shape."""


def hand_over(name: str, arrays: Sequence[NDArray[Any]]) -> list[Place]:
    """Copy arrays into memory that goes by `name`; it is there until received or discarded.

    On Windows it is there until this process hands over the next.

    Raises:
        OSError: where there is no room.
    """
    places: list[Place] = []
    end = 0
    for array in arrays:
        places.append((end, array.dtype.str, list(array.shape)))
        end = -(-(end + array.nbytes) // ALIGNMENT) * ALIGNMENT
    memory = _create(name, max(end, ALIGNMENT))
    for (offset, dtype, shape), array in zip(places, arrays, strict=True):
        np.ndarray(shape, dtype, memory, offset)[...] = array
    return places


def receive(name: str, places: Sequence[Place]) -> list[NDArray[Any]]:
    """The arrays that were handed over, read-only and uncopied; the memory goes with the last of them."""
    memory = _open(name, places)
    discard(name)
    return [np.ndarray(shape, dtype, memory, offset) for offset, dtype, shape in places]


if sys.platform == "win32":
    _last: list[mmap.mmap] = []
    """What was handed over last: without a map of ours it would be gone before it is received."""

    def _create(name: str, n_bytes: int) -> mmap.mmap:
        _last[:] = [mmap.mmap(-1, n_bytes, tagname=name)]
        return _last[0]

    def _open(name: str, places: Sequence[Place]) -> mmap.mmap:
        offset, dtype, shape = places[-1]
        n_bytes = max(offset + np.dtype(dtype).itemsize * int(np.prod(shape)), ALIGNMENT)
        return mmap.mmap(-1, n_bytes, tagname=name, access=mmap.ACCESS_READ)

    def discard(name: str) -> None:
        """Nothing to do: Windows frees the memory with its last map."""

else:

    def _folders() -> list[Path]:
        """Memory first; where it is too small, as in many containers, the disk's cache has to do."""
        return [place for place in (Path("/dev/shm"), Path(tempfile.gettempdir())) if place.is_dir()]

    def _create(name: str, n_bytes: int) -> mmap.mmap:
        *others, last = _folders()
        for folder in others:
            with suppress(OSError):
                return _map_new(folder / name, n_bytes)
        return _map_new(last / name, n_bytes)

    def _map_new(path: Path, n_bytes: int) -> mmap.mmap:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _reserve(file, n_bytes)
            return mmap.mmap(file, n_bytes)
        except OSError:
            path.unlink()
            raise
        finally:
            os.close(file)

    def _reserve(file: int, n_bytes: int) -> None:
        """Take the room now: without it, the first write beyond the end would kill the process."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, n_bytes)
        else:
            os.ftruncate(file, n_bytes)

    def _open(name: str, _places: Sequence[Place]) -> mmap.mmap:
        paths = [folder / name for folder in _folders()]
        with next((path for path in paths if path.exists()), paths[-1]).open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def discard(name: str) -> None:
        """Take the name away, if it is there; the memory stays for whoever has it open."""
        for folder in _folders():
            (folder / name).unlink(missing_ok=True)
