"""What a pane shows of an image, through a display table: who runs the loops behind every repaint."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.read.pyramid import Pyramid, first_and_count, load_kernels
from app.read.sampling import Sampling, sampling_of
from app.read.transform import Placement

N_VALUES = 1 << 16
"""That a pixel can have: a table shorter than that goes on with its last grey."""
N_THREADS = min(4, os.cpu_count() or 1)
BAND_ROWS = 128
"""Done at once: what is interpolated is still in the cache when it is looked up."""

Greys = NDArray[np.uint8]
"""Of every value, (N_VALUES,)."""
PaneSize = tuple[int, int]
"""Width and height in device px."""


def load_ahead() -> None:
    """Begin to load the kernels in a helper's time."""
    _helpers().submit(load_kernels)


def greys_of(table: NDArray[np.uint8]) -> Greys:
    """What a display table of at most `N_VALUES` greys shows for each value."""
    greys = np.full(N_VALUES, table[-1])
    greys[: len(table)] = table
    return greys


class Mapper:
    """Brings an image to the device pixels of its pane in 16 bits, and from there through a display table.

    The 16 bits are kept: while a window is dragged, only the look-up is done again. At 1:1 on whole pixels
    they are those of the file.
    """

    def __init__(self, n_threads: int = N_THREADS) -> None:
        """Nothing was mapped yet; so many threads share the rows."""
        self._n_threads = n_threads
        self._kept: tuple[Pyramid, Placement, PaneSize, Sampling] | None = None
        self._values = np.empty(0, np.uint16)
        self._colours = np.empty(0, np.uint32)

    def map(
        self, pyramid: Pyramid, placement: Placement, pane_px: PaneSize, greys: Greys
    ) -> tuple[int, int, NDArray[np.uint32]]:
        """Left and top (pane px) of the pixels that show the image; 0xffRRGGBB (H, W) until the next call."""
        kept = self._kept
        is_kept = kept is not None and kept[0] is pyramid and kept[1:3] == (placement, pane_px)
        sampling = kept[3] if kept and is_kept else sampling_of(pyramid, placement, pane_px)
        self._make_room(pane_px[0] * pane_px[1])
        n = sampling.shape[0] * sampling.shape[1]
        values, colours = self._values[:n].reshape(sampling.shape), self._colours[:n].reshape(sampling.shape)
        kernels, padding = load_kernels(), first_and_count(pyramid.padding)

        def map_rows(rows: slice) -> None:
            if not is_kept:
                y_places, x_places = sampling.rows.places[rows], sampling.columns.places
                kernels.resample(sampling.pixels, y_places, x_places, *padding, values[rows])
            kernels.look_up(values[rows], greys, colours[rows])

        if n:
            _in_bands(map_rows, sampling.shape[0], self._n_threads)
        self._kept = pyramid, placement, pane_px, sampling
        return sampling.columns.start_px, sampling.rows.start_px, colours

    def _make_room(self, n_pixels: int) -> None:
        """Once for a whole pane: memory taken anew at each step would be fetched page by page."""
        if len(self._values) < n_pixels:
            self._values, self._colours = np.empty(n_pixels, np.uint16), np.empty(n_pixels, np.uint32)


def _in_bands(work: Callable[[slice], None], n_rows: int, n_threads: int) -> None:
    """Do all rows, this thread and its helpers; those that had no time to begin are not waited for."""
    bands = iter([slice(row, row + BAND_ROWS) for row in range(0, n_rows, BAND_ROWS)])

    def take_bands() -> None:
        for band in bands:  # a step of a list's iterator is one step for all threads
            work(band)

    helped = [_helpers().submit(take_bands) for _ in range(n_threads - 1)]
    take_bands()
    for future in helped:
        if not future.cancel():
            future.result()


@cache
def _helpers() -> ThreadPoolExecutor:
    """They stand by as long as the process lives."""
    return ThreadPoolExecutor(max(1, N_THREADS - 1), thread_name_prefix="paint")
