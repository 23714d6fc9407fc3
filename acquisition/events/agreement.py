"""How far two labellings of the same gaze agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Fixation


def in_fixation(time_ns: NDArray[np.int64], fixations: Sequence[Fixation]) -> NDArray[np.bool_]:
    """(n,) whether each time lies in one of the fixations, which are in order."""
    bounds = np.array([(f.start_ns, f.end_ns) for f in fixations], dtype=np.int64).reshape(-1, 2)
    begun = np.searchsorted(bounds[:, 0], time_ns, side="right")
    ended = np.searchsorted(bounds[:, 1], time_ns, side="right")
    inside: NDArray[np.bool_] = begun > ended
    return inside


def cohens_kappa(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Agreement of two yes-or-no labellings (n,) beyond chance (Cohen 1960): 1 in all, 0 as by chance.

    NaN where chance alone would agree in all.
    """
    observed = float(np.mean(one == other))
    yes, other_yes = float(np.mean(one)), float(np.mean(other))
    by_chance = yes * other_yes + (1 - yes) * (1 - other_yes)
    return (observed - by_chance) / (1 - by_chance) if by_chance < 1 else float("nan")
