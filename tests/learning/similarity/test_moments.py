import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from learning.similarity import CORRECTED, compare_all, describe_traces
from learning.similarity.maps import effective_area
from learning.similarity.moments import BLUR_SD
from learning.similarity.packing import pack
from tests.learning.similarity.scanpaths import CANVAS, scanpath

SD = 0.03


def area_by_pairs(xy: NDArray[np.float64]) -> float:
    """The integral of the squared map is a sum of Gaussians over all pairs of samples."""
    distance2 = ((xy[:, None] - xy[None]) ** 2).sum(axis=2)
    return float(4 * np.pi * SD**2 * len(xy) ** 2 / np.exp(-distance2 / (4 * SD**2)).sum())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
def test_the_area_is_that_of_all_pairs(places: list[tuple[float, float]]) -> None:
    xy = np.array(places)
    assert effective_area(xy, SD) == pytest.approx(area_by_pairs(xy), rel=1e-6)


def test_places_far_apart_add_up() -> None:
    one = effective_area(np.array([[0.2, 0.2]]), SD)
    assert one == pytest.approx(4 * np.pi * SD**2)
    assert effective_area(np.array([[0.2, 0.2], [0.8, 0.8]]), SD) == pytest.approx(2 * one)


@pytest.mark.parametrize("shift_px", [(3.3, 0), (-11.7, 8.1), (0.01, -25)])
def test_a_shifted_trace_keeps_its_moments(shift_px: tuple[float, float]) -> None:
    traces = [scanpath(seed) for seed in range(6)]
    moved = [trace + np.array([*shift_px, 0]) for trace in traces]
    before, after = (describe_traces(each, "moments", canvas=CANVAS).values for each in (traces, moved))
    np.testing.assert_allclose(after, before, rtol=1e-6)


def test_a_stare_has_the_moments_of_its_blur() -> None:
    stare = np.column_stack([np.full(60, 400.0), np.full(60, 300.0), np.arange(60) / 60])
    m00, i1 = describe_traces([stare], "moments", canvas=CANVAS).values[0]
    assert m00 == pytest.approx(4 * np.pi * BLUR_SD**2)
    assert i1 == pytest.approx(1 / (2 * np.pi))


def relative_difference(a: float, b: float) -> float:
    if np.isnan(a) or np.isnan(b):
        return 1.0
    if a == b:
        return 0.0
    return 1.0 if max(a, b) == 0 else abs(a - b) / max(a, b)


feature = st.floats(1e-200, 1e6) | st.sampled_from([0.0, float("nan")])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(1e-9, 1e6) | st.just(0.0), feature), min_size=1, max_size=8))
def test_the_kernel_is_the_definition(values: list[tuple[float, float]]) -> None:
    got = compare_all(pack([np.array([row]) for row in values]), "moments", CORRECTED, np.float64)
    expected = [
        [1 - (0.5 * relative_difference(a[1], b[1]) + 0.5 * relative_difference(a[0], b[0])) for b in values]
        for a in values
    ]
    off = ~np.eye(len(values), dtype=bool)
    np.testing.assert_allclose(got[off], np.array(expected)[off], atol=1e-12)
