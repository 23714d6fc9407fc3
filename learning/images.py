"""The images of a set: 8 bit, cut to the breast, one size; in memory, or in a file if they are too many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acquisition.errors import UserError
from learning.decoded import decode, decoded_file
from learning.files import Entry
from learning.sizes import width_and_height
from learning.storage import DiskFull, WriteRefused

GIB = 2**30
SHARE_OF_A_GPU = 0.25
"""Of its free memory, that images may fill for good."""

_log = logging.getLogger("gazeroom.learning")

Pixels = NDArray[np.uint8]


def load_images(
    folder: Path,
    entries: Sequence[Entry],
    size_px: int | tuple[int, int],
    *,
    memory_gib: float = 4.0,
    each: Callable[[int], None] = lambda _: None,
) -> Pixels:
    """(n, height_px, width_px) the images of the entries, in order.

    They are decoded once for a set and size and kept in its folder `decoded`, if it takes them.

    Args:
        folder: the set.
        entries: of the set.
        size_px: side of a square, or (width, height). The aspect ratio is given up, as published.
        memory_gib: images that fill more stay in their file, which is mapped.
        each: told of every image decoded; may raise.

    Raises:
        UserError: an image that is not what the set says, or too many for memory and disk.
    """
    width, height = width_and_height(size_px)
    fits = len(entries) * width * height <= memory_gib * GIB
    try:
        path = decoded_file(folder, entries, (width, height), each)
    except (DiskFull, WriteRefused) as error:
        if not fits:
            raise UserError(
                f"{len(entries)} images fill more than {memory_gib:g} GiB of memory, and {folder} takes "
                f"no file of them. {error} Or make it writable, with space, or allow more memory by "
                "--memory-gib."
            ) from error
        _log.warning("%s keeps no decoded images: %s", folder, error)
        images = np.empty((len(entries), height, width), np.uint8)
        for image, decoded in zip(images, decode(folder, entries, (width, height), each), strict=True):
            image[:] = decoded
        return images
    kept: Pixels = np.load(path, mmap_mode=None if fits else "c")
    return kept


class Images:
    """Images to learn from, on the device where they fit."""

    def __init__(self, pixels: Pixels, device: torch.device) -> None:
        """Take images (n, H, W), uint8."""
        self._device = device
        self._pixels = torch.from_numpy(pixels).unsqueeze(1)
        if device.type == "cuda" and pixels.nbytes < SHARE_OF_A_GPU * torch.cuda.mem_get_info(device)[0]:
            self._pixels = self._pixels.to(device)
        is_in_memory = self._pixels.device.type != "cpu" or not isinstance(pixels, np.memmap)
        self._is_at_hand = is_in_memory and self._pixels.device.type == device.type

    def __len__(self) -> int:
        return len(self._pixels)

    def batches(self, chosen: Sequence[Tensor]) -> Iterator[tuple[Tensor, float]]:
        """Each batch's images (B, 1, H, W) on the device, and the seconds waited for them.

        From elsewhere than the device's memory they are fetched one batch ahead.
        """
        if self._is_at_hand:
            # Before the first: between two, a copy would wait for what the device still computes.
            chosen = [batch.to(self._device) for batch in chosen]
        with ThreadPoolExecutor(1) as fetcher:
            ahead = [] if self._is_at_hand else [fetcher.submit(self._fetched, batch) for batch in chosen[:1]]
            for number, batch in enumerate(chosen, 1):
                started_s = perf_counter()
                images = ahead.pop().result() if ahead else self._fetched(batch)
                if not self._is_at_hand and number < len(chosen):
                    ahead.append(fetcher.submit(self._fetched, chosen[number]))
                yield images.to(self._device, non_blocking=True), perf_counter() - started_s

    def _fetched(self, batch: Tensor) -> Tensor:
        images = self._pixels[batch]
        return images if self._is_at_hand or self._device.type == "cpu" else images.pin_memory()
