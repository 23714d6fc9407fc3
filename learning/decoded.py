"""Images of a set, decoded once for a size: one file, from which every later run reads.

`decoded/<hash>.npy` in the set's folder, named by the hash of the images' files, boxes and size, with the
SHA-256 of all that precedes it as its last 32 bytes: a torn or altered one is made anew.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from acquisition.errors import FileRefused
from learning.files import Entry, load_set
from learning.storage import written_whole

DECODED = "decoded"
AT_ONCE = 64
"""Images decoded before any more are begun."""
HASH_BYTES = 32

Pixels = NDArray[np.uint8]


def decoded_file(
    folder: Path, entries: Sequence[Entry], size_px: tuple[int, int], each: Callable[[int], None]
) -> Path:
    """The npy file, uint8 (n, height, width), of a set's entries; made if it is not there.

    Args:
        folder: the set.
        entries: of the set.
        size_px: width and height.
        each: told of every image decoded.

    Raises:
        FileRefused: an image that is not what the set says.
        DiskFull: there is no space for the file.
        WriteRefused: nothing can be written there.
    """
    path = folder / DECODED / f"{_name(folder, entries, size_px)}.npy"
    if path.is_file() and _is_sound(path):
        return path
    width, height = size_px
    header = {"descr": "|u1", "fortran_order": False, "shape": (len(entries), height, width)}
    begin = io.BytesIO()
    np.lib.format.write_array_header_1_0(begin, header)
    digest = hashlib.sha256()
    images = (image.tobytes() for image in decode(folder, entries, size_px, each))
    with written_whole(path) as file:
        for piece in itertools.chain([begin.getvalue()], images):
            digest.update(piece)
            file.write(piece)
        file.write(digest.digest())
    return path


def _name(folder: Path, entries: Sequence[Entry], size_px: tuple[int, int]) -> str:
    files = load_set(folder, verify=False).files
    told = "".join(f"{files.get(entry.file)} {entry.box_px}\n" for entry in entries)
    return hashlib.sha256(f"{size_px}\n{told}".encode()).hexdigest()[:32]


def _is_sound(path: Path) -> bool:
    if path.stat().st_size <= HASH_BYTES:
        return False
    content = np.memmap(path, np.uint8, "r")
    return hashlib.sha256(content[:-HASH_BYTES].data).digest() == content[-HASH_BYTES:].tobytes()


def decode(
    folder: Path, entries: Sequence[Entry], size_px: tuple[int, int], each: Callable[[int], None]
) -> Iterator[Pixels]:
    """Each entry's image (height, width), cut to its box and shrunk with averaging, on all cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(entries), AT_ONCE):
            some = entries[start : start + AT_ONCE]
            made = pool.map(lambda entry: _decode(folder / entry.file, entry, size_px), some)
            for number, image in enumerate(made, start + 1):
                yield image
                each(number)


def _decode(path: Path, entry: Entry, size_px: tuple[int, int]) -> Pixels:
    try:
        with Image.open(path) as file:
            if file.mode != "L" or file.size != (entry.width_px, entry.height_px):
                raise FileRefused(
                    f"{path} is not the 8-bit grey image of {entry.width_px} x {entry.height_px} px that the "
                    "set names; build the set again."
                )
            x, y, width, height = entry.box_px
            small = file.resize(size_px, Image.Resampling.BILINEAR, (x, y, x + width, y + height))
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise FileRefused(f"{path} cannot be read as an image: {error}.") from error
    image = np.ascontiguousarray(small)
    if image.min() == image.max():
        raise FileRefused(
            f"{path} is of one grey all over and nothing can be learnt from it; leave its case out and build "
            "the set again."
        )
    return image
