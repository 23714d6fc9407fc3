"""What a screen lets through, and then what is above a floor, held to all similarities to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from learning.similarity import CORRECTED, SCHEMES
from learning.similarity.dhash import DhashKernel
from learning.similarity.kernel import Kernel
from learning.similarity.moments import MomentsKernel
from learning.similarity.packing import Packed, pack
from learning.similarity.screening import count_passed, passed_pairs, screened

awkward = st.sampled_from([0.0, 1e-300, 1e-16, 1e-15, 1.0, 1 + 1e-7, 0.95, 1e15, 1e16, 1e200])
usual = st.floats(1e-3, 1e3)
missing = st.just(float("nan"))
words = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 3, 7, 2**63, 2**64 - 1])


def packed_of(rows: list[list[tuple[float, float]]], kind: type = np.float64) -> Packed:
    return pack([np.array(each, kind).reshape(-1, 2) for each in rows])


def assert_above_is_what_all_say(kernel: Kernel, floor: float | np.float32) -> None:
    n = len(kernel.order)
    rows, first = np.arange(n)[::-1].copy(), min(1, n - 1)
    every = np.empty((n, n), np.float32)
    kernel.fill(rows, range(n), every)
    # Floors where the last bit decides: similarities that occur, and their neighbours.
    floors = np.linspace(floor, 1.01, n).astype(np.float32)
    floors[::2] = every[::2, -1]
    floors[1::4] = np.nextafter(every[1::4, 0], np.float32(-np.inf))
    found = kernel.above(rows, range(first, n), floors)
    at_row, at_column = np.nonzero(every[:, first:] > floors[:, None])
    np.testing.assert_array_equal(found.rows, rows[at_row])
    np.testing.assert_array_equal(found.columns, at_column + first)
    np.testing.assert_array_equal(found.values, every[:, first:][at_row, at_column])
    if isinstance(kernel, MomentsKernel | DhashKernel):
        tally = kernel.tally(rows, range(first, n), floors)
        np.testing.assert_array_equal(tally, (every[:, first:] > floors[:, None]).sum(axis=1))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(usual | awkward, usual | awkward | missing), max_size=1), min_size=1),
    st.floats(-1, 1),
)
def test_moments_above_a_floor(features: list[list[tuple[float, float]]], floor: float) -> None:
    assert_above_is_what_all_say(SCHEMES["moments"].arrange(packed_of(features), CORRECTED), floor)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(usual | awkward, usual | awkward | missing), max_size=6), min_size=1),
    st.floats(-1, 1),
)
def test_cluster_sequences_above_a_floor(features: list[list[tuple[float, float]]], floor: float) -> None:
    assert_above_is_what_all_say(SCHEMES["tima"].arrange(packed_of(features), CORRECTED), floor)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(words, max_size=1), min_size=1), st.floats(-1, 1))
def test_patterns_above_a_floor(features: list[list[int]], floor: float) -> None:
    packed = pack([np.array(each, np.uint64).reshape(-1, 1) for each in features])
    assert_above_is_what_all_say(SCHEMES["dhash"].arrange(packed, CORRECTED), floor)


def many(scheme: str, n: int) -> Packed:
    """Among so many some similarities lie as near a floor as single precision can tell, and nearer."""
    rng = np.random.default_rng(7)
    if scheme == "dhash":
        return pack(list(rng.integers(0, 2**63, (n, 1, 1), np.uint64)))
    if scheme == "moments":
        return pack(list(1 + 0.1 * rng.random((n, 1, 2))))
    return pack([1 + 0.2 * rng.random((length, 2)) for length in rng.integers(1, 6, n)])


@pytest.mark.parametrize("scheme", ["moments", "tima", "dhash"])
@pytest.mark.parametrize("floor", [0.5, 0.9, 0.95, 0.99])
def test_close_calls_among_many_pairs(scheme: str, floor: float) -> None:
    n = 2000
    kernel = SCHEMES[scheme].arrange(many(scheme, n), CORRECTED)
    every = np.empty((200, n), np.float32)
    kernel.fill(np.arange(200), range(n), every)
    found = kernel.above(np.arange(200), range(n), np.full(200, floor, np.float32))
    at_row, at_column = np.nonzero(every > np.float32(floor))
    np.testing.assert_array_equal(found.rows, at_row)
    np.testing.assert_array_equal(found.columns, at_column)
    np.testing.assert_array_equal(found.values, every[at_row, at_column])
    if isinstance(kernel, MomentsKernel | DhashKernel):
        tally = kernel.tally(np.arange(200), range(n), np.full(200, floor, np.float32))
        np.testing.assert_array_equal(tally, (every > np.float32(floor)).sum(axis=1))


@pytest.mark.parametrize("scheme", ["moments", "tima", "dhash"])
def test_a_screen_spares_most_of_the_work(scheme: str) -> None:
    rng = np.random.default_rng(3)
    packed = many("dhash", 500) if scheme == "dhash" else packed_of(list(rng.lognormal(0, 0.7, (500, 1, 2))))
    kernel = SCHEMES[scheme].arrange(packed, CORRECTED)
    passed = screened(kernel, np.arange(500), range(500), np.full(500, 0.95, np.float32))  # type: ignore[arg-type]
    assert count_passed(passed) < 0.05 * 500 * 500


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=128, max_size=128), min_size=1, max_size=4))
def test_those_that_passed_are_listed(mask: list[list[bool]]) -> None:
    passed: NDArray[np.uint8] = np.array(mask, np.uint8)
    at_row, at_column = passed_pairs(passed, count_passed(passed))
    expected = np.nonzero(passed)
    np.testing.assert_array_equal(at_row, expected[0])
    np.testing.assert_array_equal(at_column, expected[1])
