"""The `reference` profile against what the published code made of 24 sequences, see `golden/`."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from learning.similarity import REFERENCE, describe_traces, relation_matrix
from learning.similarity.multimatch import WEIGHTS, dimensions
from learning.similarity.raster import shrink, whole_map
from learning.similarity.tima import clusters
from learning.similarity.trace import prepared, unit_axes

GOLDEN = Path(__file__).parents[1] / "golden" / "mcgip_reference.npz"
CANVAS = (800, 800)

Arrays = dict[str, NDArray[np.float64]]
Traces = list[NDArray[np.float64]]


@pytest.fixture(scope="module")
def golden() -> Arrays:
    with np.load(GOLDEN, allow_pickle=False) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def traces(golden: Arrays) -> Traces:
    ends = np.cumsum(golden["lengths"])[:-1]
    return [np.column_stack([xy, np.arange(len(xy))]) for xy in np.split(golden["gaze"], ends)]


def test_clusters(golden: Arrays, traces: Traces) -> None:
    sizes = []
    for trace in traces:
        labels = clusters(unit_axes(prepared(trace, CANVAS, REFERENCE), CANVAS, REFERENCE))
        sizes.append(np.bincount(labels[labels >= 0]))
    np.testing.assert_array_equal([len(each) for each in sizes], golden["cluster_counts"])
    np.testing.assert_array_equal(np.concatenate(sizes), golden["cluster_sizes"])


@pytest.mark.parametrize(
    ("scheme", "expected"), [("tima", "cluster_features"), ("moments", "whole_features")]
)
def test_moments_of_maps(scheme: str, expected: str, golden: Arrays, traces: Traces) -> None:
    values = describe_traces(traces, scheme, canvas=CANVAS, profile=REFERENCE).values
    np.testing.assert_array_equal(values[:, 0], golden[expected][:, 0])
    np.testing.assert_allclose(values[:, 1], golden[expected][:, 1], rtol=1e-12)


def test_dhash_bits(golden: Arrays, traces: Traces) -> None:
    patterns = describe_traces(traces, "dhash", canvas=CANVAS, profile=REFERENCE).values
    bits = np.unpackbits(patterns.astype(">u8").view(np.uint8), axis=1)
    np.testing.assert_array_equal(bits, golden["dhash_bits"])


@pytest.mark.parametrize("scheme", ["tima", "moments", "dhash"])
def test_relation(scheme: str, golden: Arrays, traces: Traces) -> None:
    relation = relation_matrix(traces, scheme, canvas=CANVAS, profile="reference")
    np.testing.assert_allclose(relation, golden[scheme], atol=1e-12)


def test_multimatch_in_each_dimension_and_as_a_whole(golden: Arrays, traces: Traces) -> None:
    packed = describe_traces(traces, "multimatch", canvas=CANVAS, profile=REFERENCE)
    np.testing.assert_allclose(dimensions(packed, REFERENCE), golden["multimatch"], atol=1e-12)
    relation = relation_matrix(traces, "multimatch", canvas=CANVAS, profile="reference")
    np.testing.assert_allclose(relation, golden["multimatch"] @ WEIGHTS, atol=1e-12)


@pytest.mark.parametrize("seed", range(2))
def test_the_whole_map_is_the_blurred_map_of_visited_pixels(seed: int) -> None:
    xy = np.random.default_rng(seed).integers(0, 801, (60, 2)).astype(float)
    visited = np.zeros((800, 800))
    for x, y in xy.astype(int):
        visited[min(y, 799), min(x, 799)] = 1
    for axis in (0, 1):
        visited = gaussian_filter1d(visited, 30.2, axis=axis, mode="mirror", radius=99)
    expected = np.trunc(visited / visited.max() * 255)
    ours = whole_map(xy, counts_dwell=False)
    # Sums in another order may fall on the other side of a whole level.
    assert (ours != expected).mean() < 1e-5
    assert np.abs(ours - expected).max() <= 1


def test_shrinking_to_32_takes_every_25th_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (800, 800)).astype(np.uint8)
    np.testing.assert_array_equal(shrink(image, 32, 32), image[12::25, 12::25])


def test_shrinking_is_bilinear() -> None:
    image = np.random.default_rng(1).integers(0, 256, (800, 800)).astype(np.uint8)
    row, column = (np.arange(8) + 0.5) * 100 - 0.5, (np.arange(9) + 0.5) * 800 / 9 - 0.5
    r, c = row.astype(int), column.astype(int)
    across = column - c
    upper, lower = (image[k][:, c] * (1 - across) + image[k][:, c + 1] * across for k in (r, r + 1))
    np.testing.assert_allclose(shrink(image, 8, 9), (upper + lower) / 2, atol=0.6)
