from math import erf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.similarity import CORRECTED, REFERENCE, Profile, compare_all, describe_traces
from learning.similarity.dhash import BLUR_SD
from learning.similarity.maps import cell_shares
from learning.similarity.packing import pack
from tests.learning.similarity.scanpaths import CANVAS, scanpath


def share(low: float, high: float, place: float) -> float:
    """How much of a Gaussian lies between two lines."""
    return (erf((high - place) / BLUR_SD / sqrt(2)) - erf((low - place) / BLUR_SD / sqrt(2))) / 2


@pytest.mark.parametrize("seed", range(3))
def test_cells_hold_what_gaussians_put_there(seed: int) -> None:
    xy = np.random.default_rng(seed).random((20, 2))
    expected = [
        [
            np.mean([share(r / 8, (r + 1) / 8, y) * share(c / 9, (c + 1) / 9, x) for x, y in xy])
            for c in range(9)
        ]
        for r in range(8)
    ]
    np.testing.assert_allclose(cell_shares(xy, BLUR_SD, 8, 9), expected, atol=1e-14)


def test_gaze_grows_towards_a_stare_and_falls_behind_it() -> None:
    stare = np.column_stack([np.full(60, 400.0), np.full(60, 337.5), np.arange(60) / 60])
    pattern = int(describe_traces([stare], "dhash", canvas=CANVAS).values[0, 0])
    bits = np.array([(pattern >> (63 - k)) & 1 for k in range(64)]).reshape(8, 8)
    assert bits[4].tolist() == [0, 0, 0, 0, 1, 1, 1, 0]
    assert not bits[:, :4].any()
    assert not bits[[0, 1, 7]].any()


def test_far_from_all_gaze_there_is_no_slope() -> None:
    trace = scanpath(1)
    trace[:, :2] *= 0.2
    pattern = int(describe_traces([trace], "dhash", canvas=CANVAS).values[0, 0])
    assert pattern & 0xFFFFFFFF == 0


def naive_cosine(a: int, b: int, profile: Profile) -> float:
    if a == 0 or b == 0:
        return float(a == b and profile.symmetric)
    return (a & b).bit_count() / sqrt(a.bit_count() * b.bit_count())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 3, 2**63]), min_size=1, max_size=8))
def test_the_kernel_is_the_definition(patterns: list[int]) -> None:
    packed = pack([np.array([[pattern]], np.uint64) for pattern in patterns])
    for profile in (CORRECTED, REFERENCE):
        got = compare_all(packed, "dhash", profile, np.float64)
        expected = [[naive_cosine(a, b, profile) for b in patterns] for a in patterns]
        np.testing.assert_allclose(got, expected, atol=1e-12)
