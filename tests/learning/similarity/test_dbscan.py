import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN

from learning.similarity.dbscan import NOISE, dbscan

RADIUS = 0.2


def clouds(kind: str, n: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    if kind == "uniform":
        return rng.random((n, 3))
    if kind == "walk":
        return np.cumsum(rng.normal(scale=0.02, size=(n, 3)), axis=0)
    if kind == "blobs":
        return rng.random((5, 3))[rng.integers(5, size=n)] + rng.normal(scale=0.05, size=(n, 3))
    return np.round(rng.random((n, 3)) * 20) / 20  # on a lattice: many equal points and distances


@pytest.mark.parametrize("kind", ["uniform", "walk", "blobs", "lattice"])
@pytest.mark.parametrize("n", [1, 2, 37, 400, 2500])
@pytest.mark.parametrize("divisor", [5, 10, 60])
def test_labels_are_those_of_scikit_learn(kind: str, n: int, divisor: int) -> None:
    points = clouds(kind, n, seed=n + divisor)
    min_samples = n // divisor + 1
    expected = DBSCAN(eps=RADIUS, min_samples=min_samples).fit(points).labels_
    np.testing.assert_array_equal(dbscan(points, np.ones(n), RADIUS, min_samples), expected)


@pytest.mark.parametrize("seed", range(5))
def test_weights_count_as_repeated_points(seed: int) -> None:
    points = clouds("blobs", 150, seed)
    weights = np.random.default_rng(seed).integers(1, 5, size=150)
    repeated = dbscan(np.repeat(points, weights, axis=0), np.ones(weights.sum()), RADIUS, 40)
    once = dbscan(points, weights.astype(float), RADIUS, 40)
    np.testing.assert_array_equal(np.repeat(once, weights), repeated)
    assert once.max() >= 0


def test_nothing_has_no_labels() -> None:
    assert dbscan(np.empty((0, 3)), np.empty(0), RADIUS, 1).size == 0


def test_a_point_far_from_all_is_noise() -> None:
    points = np.array([[0.0, 0, 0], [0.1, 0, 0], [5.0, 5, 5]])
    assert dbscan(points, np.ones(3), RADIUS, 2).tolist() == [0, 0, NOISE]
