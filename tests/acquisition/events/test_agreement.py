import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from acquisition.domain import Fixation
from acquisition.events import cohens_kappa, in_fixation


def test_kappa_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    for share in (0.1, 0.5, 0.9):
        one = rng.random(500) < share
        other = np.where(rng.random(500) < 0.8, one, rng.random(500) < share)
        assert cohens_kappa(one, other) == pytest.approx(cohen_kappa_score(one, other))
    assert cohens_kappa(one, one) == 1.0
    assert np.isnan(cohens_kappa(np.ones(5, dtype=bool), np.ones(5, dtype=bool)))


def test_a_fixation_holds_its_start_and_not_its_end():
    fixations = [Fixation(10, 20, 0.0, 0.0, 1), Fixation(20, 25, 0.0, 0.0, 1), Fixation(30, 40, 0.0, 0.0, 1)]
    times = np.array([9, 10, 19, 20, 24, 25, 30, 39, 40])
    assert in_fixation(times, fixations).tolist() == [False, True, True, True, True, False, True, True, False]
    assert not in_fixation(times, []).any()
