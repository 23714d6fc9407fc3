"""What the simulated reader concludes."""

import numpy as np

from acquisition.simulation.reader import Lesion, SceneKnowledge
from app.demo.judgement import BENIGN_BIRADS, SKILL, SUSPICIOUS_BIRADS, judge

BOX = (0.0, 0.0, 64.0, 64.0)
N = 2000


def judgements(*, malignant: bool) -> list[int]:
    rng = np.random.default_rng(0)
    known = SceneKnowledge((Lesion(30.0, 30.0, 8.0, malignant=malignant),), BOX)
    made = [judge(known, rng) for _ in range(N)]
    assert all((one.marked is not None) == (one.birads in SUSPICIOUS_BIRADS) for one in made)
    return [one.birads for one in made]


def test_an_image_without_a_lesion_is_negative() -> None:
    judgement = judge(SceneKnowledge((), BOX), np.random.default_rng(0))
    assert (judgement.birads, judgement.marked) == (1, None)


def test_the_reader_is_right_as_often_as_it_is_skilled() -> None:
    found = np.isin(judgements(malignant=True), SUSPICIOUS_BIRADS).mean()
    spared = np.isin(judgements(malignant=False), BENIGN_BIRADS).mean()
    assert abs(found - SKILL) < 0.03
    assert abs(spared - SKILL) < 0.03
