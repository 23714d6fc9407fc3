"""All pairs as a job: bands of rows, on threads of one process, each a pure function of the job."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from learning.similarity.comparison import Comparison, Part, compare, strip_edges
from learning.similarity.edges import Edges, Selection
from learning.similarity.kernel import IntArray
from learning.similarity.profile import Profile


@dataclass(frozen=True)
class Job:
    """Everything that decides the edges of a graph."""

    parts: tuple[Part, ...]
    profile: Profile
    images: IntArray
    """(n_traces,) the image of each trace, 0 ... n_images - 1."""
    readers: IntArray
    """(n_traces,) the reader of each trace."""
    selection: Selection
    collapse: str = "mean"

    @cached_property
    def comparison(self) -> Comparison:
        """The features laid out for comparison; made once in each process."""
        return compare(self.parts, self.profile, self.images, self.readers, self.collapse)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "comparison"}

    def content_hash(self) -> str:
        """SHA-256 of all that decides the edges."""
        words = [
            [[part.scheme, part.weight, part.packed.content_hash()] for part in self.parts],
            self.profile.parameters(),
            [self.selection.threshold, self.selection.top_k],
            self.collapse,
        ]
        digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode())
        digest.update(self.images.astype(np.int64).tobytes())
        digest.update(self.readers.astype(np.int64).tobytes())
        return digest.hexdigest()

    def bands(self, n_wanted: int) -> list[range]:
        """The rows in about so many bands; the first meet more columns than the last, and are narrower."""
        n = len(self.comparison.ids)
        shares = np.linspace(0, 1, n_wanted + 1)
        if self.selection.top_k is None:
            shares = 1 - np.sqrt(1 - shares)
        cuts = np.unique(np.rint(shares * n).astype(np.int64))
        return [range(start, stop) for start, stop in pairwise(cuts.tolist())]


def band_edges(job: Job, band: range, n_threads: int = 1) -> Edges:
    """The edges of a band of rows: the same for any band, any number of threads and any machine."""
    comparison = job.comparison
    step = comparison.rows_a_strip
    strips = [range(start, min(start + step, band.stop)) for start in range(band.start, band.stop, step)]

    def edges(rows: range) -> Edges:
        return strip_edges(comparison, rows, job.selection)

    if n_threads == 1:
        return Edges.join([edges(rows) for rows in strips])
    with ThreadPoolExecutor(n_threads) as pool:
        return Edges.join(list(pool.map(edges, strips)))


def run_job(job: Job, *, n_threads: int | None = None) -> Edges:
    """All edges of a job, sorted, on threads of this process (as many as cores where none are asked for)."""
    n_threads = n_threads or os.cpu_count() or 1
    return Edges.join([band_edges(job, band, n_threads) for band in job.bands(1)]).unordered()
