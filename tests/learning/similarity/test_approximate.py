import numpy as np
import pytest

from acquisition.errors import UserError
from learning.similarity import CORRECTED, relation_matrix
from learning.similarity.approximate import by_rests, decimated
from learning.similarity.profile import Profile
from learning.similarity.tima import clusters
from learning.similarity.trace import unit_axes
from tests.learning.similarity.scanpaths import CANVAS, scanpath


@pytest.mark.parametrize("approximate", [decimated, by_rests])
@pytest.mark.parametrize("seed", range(8))
def test_nearly_all_samples_fall_into_the_same_clusters(approximate, seed: int) -> None:  # type: ignore[no-untyped-def]
    points = unit_axes(scanpath(seed, 1200, n_fixations=6), CANVAS, CORRECTED)
    exact, near = clusters(points), approximate(points, 0.2, 0.1)
    assert exact.max() >= 0
    if exact.max() == near.max():
        assert (exact == near).mean() > 0.95
    else:  # one may come, go or fall apart
        assert abs(exact.max() - near.max()) <= 1


@pytest.mark.parametrize("approximate", [decimated, by_rests])
def test_no_samples_have_no_labels(approximate) -> None:  # type: ignore[no-untyped-def]
    assert approximate(np.empty((0, 3)), 0.2, 0.1).size == 0


def test_a_trace_that_is_short_is_not_decimated() -> None:
    points = unit_axes(scanpath(1, 60), CANVAS, CORRECTED)
    np.testing.assert_array_equal(decimated(points, 0.2, 0.1), clusters(points))


@pytest.mark.parametrize("clustering", ["decimated", "rests"])
def test_a_profile_asks_for_it(clustering: str) -> None:
    traces = [scanpath(seed) for seed in range(5)]
    relation = relation_matrix(traces, "tima", canvas=CANVAS, profile=Profile("near", clustering=clustering))
    assert (np.diag(relation) == 1).all()
    np.testing.assert_array_equal(relation, relation.T)


def test_an_unknown_one_gets_a_sentence() -> None:
    with pytest.raises(UserError, match="no clustering 'magic'"):
        relation_matrix([scanpath(1)], "tima", canvas=CANVAS, profile=Profile("odd", clustering="magic"))
