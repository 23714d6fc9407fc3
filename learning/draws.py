"""The random numbers of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Generator


@dataclass(frozen=True)
class Draws:
    """The random numbers of one epoch, a stream for each use: arms that differ in one share the others."""

    order: Generator
    views: Generator
    drops: Generator

    @classmethod
    def of_epoch(cls, seed: int, epoch: int) -> Draws:
        """The streams of an epoch, whatever was drawn before: a resumed run needs no memory of them."""
        seeds = np.random.SeedSequence([seed, epoch]).generate_state(3, np.uint64)
        return cls(*(Generator().manual_seed(int(each) >> 1) for each in seeds))
