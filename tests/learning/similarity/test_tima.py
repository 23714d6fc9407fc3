import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from learning.similarity import (
    CORRECTED,
    REFERENCE,
    Profile,
    compare_all,
    describe_traces,
    relation_matrix,
)
from learning.similarity.packing import pack
from learning.similarity.raster import map_moments
from learning.similarity.tima import BLUR_SD
from tests.learning.similarity.scanpaths import CANVAS, backwards, scanpath

FloatArray = NDArray[np.float64]


def relative_difference(a: float, b: float) -> float:
    if np.isnan(a) or np.isnan(b):
        return 1.0
    if a == b:
        return 0.0
    return 1.0 if max(a, b) == 0 else abs(a - b) / max(a, b)


def all_paths(n_rows: int, n_columns: int) -> list[list[tuple[int, int]]]:
    """Every warping path from the first to the last cell."""
    if n_rows == n_columns == 1:
        return [[(0, 0)]]
    paths = []
    for rows, columns in ((n_rows - 1, n_columns - 1), (n_rows - 1, n_columns), (n_rows, n_columns - 1)):
        if rows and columns:
            paths += [[*path, (n_rows - 1, n_columns - 1)] for path in all_paths(rows, columns)]
    return paths


def naive_similarity(a: FloatArray, b: FloatArray) -> float:
    """The cheapest of all paths, the shortest of the cheapest."""
    priced = [
        (
            sum(
                0.7 * relative_difference(a[i, 0], b[j, 0]) + 0.3 * relative_difference(a[i, 1], b[j, 1])
                for i, j in path
            ),
            len(path),
        )
        for path in all_paths(len(a), len(b))
    ]
    cost, length = min((round(cost, 12), length) for cost, length in priced)
    return 1 - cost / length


@pytest.mark.parametrize("seed", range(4))
def test_the_kernel_finds_the_cheapest_of_all_paths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    # Few distinct values make ties.
    features = [rng.integers(1, 4, (n, 2)) / 4 for n in (1, 2, 3, 4, 4)]
    got = compare_all(pack(features), "tima", CORRECTED, np.float64)
    expected = [[naive_similarity(a, b) for b in features] for a in features]
    np.testing.assert_allclose(got, expected, atol=1e-9)


@pytest.fixture(scope="module")
def traces() -> list[FloatArray]:
    return [scanpath(seed) for seed in range(12)]


@pytest.mark.parametrize("noise_px", [0, 2])
@pytest.mark.parametrize("seed", range(12))
def test_sampling_rate_does_not_matter(seed: int, noise_px: float) -> None:
    fast = scanpath(seed, 1200)
    fast[:, :2] += np.random.default_rng(seed).normal(scale=noise_px, size=(len(fast), 2))
    assert relation_matrix([fast[::20], fast], "tima", canvas=CANVAS)[0, 1] >= 0.95
    if not noise_px:
        assert relation_matrix([scanpath(seed, 60), fast], "tima", canvas=CANVAS)[0, 1] >= 0.95


@pytest.mark.parametrize("shift_px", [(3.3, 0), (-11.7, 8.1), (0.01, -25)])
def test_a_shifted_trace_keeps_its_moments(traces: list[FloatArray], shift_px: tuple[float, float]) -> None:
    moved = [trace + np.array([*shift_px, 0]) for trace in traces]
    before, after = (describe_traces(each, "tima", canvas=CANVAS) for each in (traces, moved))
    np.testing.assert_array_equal(before.offsets, after.offsets)
    np.testing.assert_allclose(after.values, before.values, atol=1e-6)


def test_backwards_scores_lower(traces: list[FloatArray]) -> None:
    ordered = [[100.0, 100], [700, 100], [400, 500]]
    lengths = (60, 30, 120)
    xy = np.repeat(ordered, lengths, axis=0)
    forth = np.column_stack([xy, np.arange(len(xy)) / 60])
    assert relation_matrix([forth, backwards(forth)], "tima", canvas=CANVAS)[0, 1] < 0.9
    scores = [relation_matrix([t, backwards(t)], "tima", canvas=CANVAS)[0, 1] for t in traces]
    assert np.mean(scores) < 0.9


def test_time_counts_and_not_the_sample_index() -> None:
    trace = scanpath(3)
    slower = trace * [1, 1, 2]
    assert relation_matrix([trace, slower], "tima", canvas=CANVAS)[0, 1] >= 0.95
    stated = Profile("stated", duration_s=10.0)
    assert relation_matrix([trace, slower], "tima", canvas=CANVAS, profile=stated)[0, 1] < 0.9


ONE_POINT = np.array([[400.0, 300, 0.5]])
MOTIONLESS = np.column_stack([np.full(90, 400.0), np.full(90, 300.0), np.arange(90) / 60])


def test_one_point_and_a_motionless_stare_are_alike() -> None:
    described = describe_traces([ONE_POINT, MOTIONLESS], "tima", canvas=CANVAS)
    np.testing.assert_allclose(described.values, [[1, 2 * BLUR_SD**2]] * 2)
    assert relation_matrix([ONE_POINT, MOTIONLESS], "tima", canvas=CANVAS)[0, 1] == 1


def test_unsorted_repeated_and_missing_samples_change_nothing() -> None:
    trace = scanpath(5)
    messy = np.concatenate([trace, [[np.nan, 1, 1], [5, 5, np.nan], [-9, 30, 1.0]]])
    messy = messy[np.random.default_rng(0).permutation(len(messy))]
    assert relation_matrix([trace, messy], "tima", canvas=CANVAS)[0, 1] == 1


@pytest.mark.parametrize(
    "switch", ["exact_coordinates", "own_axes", "real_time", "dwell_weighted", "closed_form", "symmetric"]
)
def test_each_correction_can_be_taken_back_alone(switch: str, traces: list[FloatArray]) -> None:
    ablated = dataclasses.replace(CORRECTED, **{switch: False})
    gappy = [np.delete(trace, slice(60, 150), axis=0) for trace in traces[:6]]
    relation = relation_matrix(gappy, "tima", canvas=CANVAS, profile=ablated)
    assert np.isfinite(relation).all()
    if switch != "symmetric":  # differs on ties alone
        assert not np.array_equal(relation, relation_matrix(gappy, "tima", canvas=CANVAS))


def test_moments_are_not_added_up_in_eight_bits() -> None:
    assert map_moments(np.full((32, 32), 255, np.uint8))[0] == 255 * 32 * 32


def test_reference_takes_any_canvas_to_the_published_one() -> None:
    trace = scanpath(2)
    square = trace * [1, 800 / 600, 1]
    on_own_canvas, on_square = (
        describe_traces([samples], "tima", canvas=canvas, profile=REFERENCE).values
        for samples, canvas in ((trace, CANVAS), (square, (800, 800)))
    )
    np.testing.assert_allclose(on_own_canvas, on_square)
