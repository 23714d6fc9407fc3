"""What the simulated reader concludes, and what a hand must do to say so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from acquisition.simulation.reader import Lesion, SceneKnowledge

SKILL = 0.9
"""Share of the lesions that are taken for what they are."""
BENIGN_BIRADS, SUSPICIOUS_BIRADS = (2, 3), (4, 5)
MARK_MARGIN = 1.2
"""A mark is drawn somewhat larger than the lesion."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A category, and the lesion that is marked, if one is."""

    birads: int
    marked: Lesion | None


def judge(known: SceneKnowledge, rng: np.random.Generator) -> Judgement:
    """Suspicious where the lesion is malignant, benign else, now and then mistaken; negative without one."""
    if not known.lesions:
        return Judgement(1, None)
    lesion = known.lesions[0]
    is_suspicious = lesion.malignant == (rng.random() < SKILL)
    birads = int(rng.choice(SUSPICIOUS_BIRADS if is_suspicious else BENIGN_BIRADS))
    return Judgement(birads, lesion if is_suspicious else None)
