"""The `reference` profile against what the published code made of 24 sequences, see `golden/`."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from learning.similarity import REFERENCE, Packed, describe_traces, relation_matrix

GOLDEN = Path(__file__).parents[1] / "golden" / "mcgip_reference.npz"
CANVAS = (800, 800)


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[np.float64]]:
    with np.load(GOLDEN, allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def traces(golden: dict[str, NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    ends = np.cumsum(golden["lengths"])[:-1]
    return [np.column_stack([xy, np.arange(len(xy))]) for xy in np.split(golden["gaze"], ends)]


@pytest.fixture(scope="module")
def described(traces: list[NDArray[np.float64]]) -> Packed:
    return describe_traces(traces, "tima", canvas=CANVAS, profile=REFERENCE)


def test_clusters_and_their_moments(golden: dict[str, NDArray[np.float64]], described: Packed) -> None:
    np.testing.assert_array_equal(np.diff(described.offsets), golden["cluster_counts"])
    np.testing.assert_array_equal(described.values[:, 0], golden["cluster_features"][:, 0])
    np.testing.assert_allclose(described.values[:, 1], golden["cluster_features"][:, 1], rtol=1e-12)


def test_tima_relation(golden: dict[str, NDArray[np.float64]], traces: list[NDArray[np.float64]]) -> None:
    relation = relation_matrix(traces, "tima", canvas=CANVAS, profile="reference")
    np.testing.assert_allclose(relation, golden["tima"], atol=1e-9)
