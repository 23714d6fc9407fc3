import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from learning.similarity import CORRECTED, describe_traces, relation_matrix
from learning.similarity.maps import cell_shares
from learning.similarity.trace import prepared, unit_axes
from tests.learning.similarity.scanpaths import CANVAS, scanpath

TRACES = [scanpath(seed, n_fixations=6) for seed in range(6)]


def maps() -> list[np.ndarray]:
    points = [unit_axes(prepared(trace, CANVAS, CORRECTED), CANVAS, CORRECTED) for trace in TRACES]
    return [cell_shares(each[:, :2], 30.2 / 800, 16, 16).ravel() for each in points]


def test_correlation_is_pearsons_above_zero() -> None:
    expected = np.maximum(np.corrcoef(maps()), 0)
    np.testing.assert_allclose(
        relation_matrix(TRACES, "heatmap-correlation", canvas=CANVAS), expected, atol=1e-5
    )


def test_products_of_standardised_maps_are_exact() -> None:
    values = describe_traces(TRACES, "heatmap-correlation", canvas=CANVAS).values
    whole = (values * 2**20).astype(object)
    exact = [[float(sum(a * b)) / 2**40 for b in whole] for a in whole]
    np.testing.assert_array_equal(values @ values.T, exact)


def test_divergence_is_that_of_jensen_and_shannon() -> None:
    shares = maps()
    expected = [[1 - jensenshannon(a, b, base=2) ** 2 for b in shares] for a in shares]
    np.testing.assert_allclose(
        relation_matrix(TRACES, "heatmap-divergence", canvas=CANVAS), expected, atol=1e-9
    )


@pytest.mark.parametrize("scheme", ["heatmap-correlation", "heatmap-divergence"])
def test_other_places_are_less_alike_the_farther_they_are(scheme: str) -> None:
    stares = [
        np.column_stack([np.full(60, x), np.full(60, 300.0), np.arange(60) / 60])
        for x in (200.0, 230, 280, 600)
    ]
    relation = relation_matrix(stares, scheme, canvas=CANVAS)[0]
    assert (np.diff(relation) < 0).all()
    assert relation[-1] == pytest.approx(0, abs=1e-3)
