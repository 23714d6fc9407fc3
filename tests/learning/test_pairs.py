import dataclasses

import numpy as np
import pytest
import torch

from acquisition.errors import UserError
from learning.files import Relation
from learning.pairs import Likeness, adjacency, same_label, shuffled, thinned

IDS = ["a", "b", "c", "d", "e"]


def relation(**changes: object) -> Relation:
    """c-a .9, c-e .6, a-e .8; its ids come in another order than the set's."""
    whole = Relation(
        ids=np.array(["c", "a", "e"]),
        rows=np.array([0, 0, 1], np.int32),
        columns=np.array([1, 2, 2], np.int32),
        values=np.array([0.9, 0.6, 0.8], np.float32),
        scheme="tima",
        profile="corrected",
        parameters={},
        collapse="mean",
    )
    return dataclasses.replace(whole, **changes)  # type: ignore[arg-type]


def test_pairs_are_joined_by_id_and_strictly_above_the_threshold() -> None:
    pairs = adjacency(relation(), IDS, 0.8)
    assert [(IDS[i], IDS[j]) for i, j in np.argwhere(pairs)] == [("a", "c"), ("c", "a")]
    assert adjacency(relation(), IDS, 0.7).sum() == 4
    assert not adjacency(relation(), IDS, 0.95).any()


def test_a_graph_of_other_images_is_refused() -> None:
    with pytest.raises(UserError, match=r"does not belong to this set: it names 1 images .*\(e\)"):
        adjacency(relation(), ["a", "b", "c"], 0.5)


def test_the_threshold_of_a_pair_rate_is_the_strongest_that_reaches_it() -> None:
    graph = relation()
    assert graph.n_pairs == 3
    for rate, n_above in ((0.0, 0), (1 / 3, 1), (2 / 3, 2), (1.0, 3)):
        threshold = graph.threshold_at(rate)
        assert graph.rate_above(threshold) == pytest.approx(n_above / 3)


def test_nothing_is_told_below_the_floor() -> None:
    cut = relation(floor=0.5)
    with pytest.raises(UserError, match=r"threshold 0\.4 lies below 0\.5"):
        cut.rate_above(0.4)
    with pytest.raises(UserError, match=r"cut at 0\.5 and holds fewer than 100\.0% of all pairs"):
        cut.threshold_at(1.0)


def naive_positives(pairs: torch.Tensor, batch: list[int], drop: float, u: torch.Tensor) -> torch.Tensor:
    positives = torch.zeros(len(batch), len(batch), dtype=torch.bool)
    for i in range(len(batch)):
        positives[i, i] = True
        for j in range(i + 1, len(batch)):
            if pairs[batch[i], batch[j]] and u[i, j] > drop:
                positives[i, j] = positives[j, i] = True
    return positives


@pytest.mark.parametrize("drop", [0.0, 0.3, 0.5, 1.0])
def test_positives_of_a_batch_equal_the_loop(drop: float) -> None:
    rng = np.random.default_rng(0)
    upper = np.triu(rng.random((40, 40)) < 0.4, 1)
    pairs = torch.from_numpy(upper | upper.T)
    batch = torch.from_numpy(rng.permutation(40)[:16])
    u = torch.rand(16, 16, generator=torch.Generator().manual_seed(7))
    got = Likeness(pairs, drop).within(batch, torch.Generator().manual_seed(7))
    torch.testing.assert_close(got, naive_positives(pairs, batch.tolist(), drop, u))
    if drop == 1:
        torch.testing.assert_close(got, torch.eye(16, dtype=torch.bool))


@pytest.mark.parametrize("drop", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("own_copies", [True, False])
def test_positives_in_a_queue_equal_the_loop(drop: float, own_copies: bool) -> None:
    rng = np.random.default_rng(0)
    upper = np.triu(rng.random((20, 20)) < 0.4, 1)
    pairs = torch.from_numpy(upper | upper.T)
    batch = torch.from_numpy(rng.permutation(20)[:6])
    keys = torch.from_numpy(np.append(rng.integers(20, size=40), [-1] * 5))
    u = torch.rand(6, 45, generator=torch.Generator().manual_seed(7))
    got = Likeness(pairs, drop, own_copies).across(batch, keys, torch.Generator().manual_seed(7))
    n_own = 0
    for i, image in enumerate(batch.tolist()):
        for j, key in enumerate(keys.tolist()):
            is_own = image == key and own_copies
            is_like = key >= 0 and bool(pairs[image, key]) and float(u[i, j]) > drop
            assert bool(got[i, j]) == (is_own or is_like)
            n_own += is_own
    assert (n_own > 0) == own_copies


def test_images_of_one_label_are_pairs() -> None:
    pairs = same_label(np.array(["a", "", "b", "a", "", "a"]))
    assert [(int(i), int(j)) for i, j in np.argwhere(np.triu(pairs))] == [(0, 3), (0, 5), (3, 5)]
    np.testing.assert_array_equal(pairs, pairs.T)


def test_pairs_are_thinned_to_a_number() -> None:
    pairs = same_label(np.array(list("aabbabab")))
    kept = thinned(pairs, 5, seed=1)
    assert np.triu(kept).sum() == 5
    assert not (kept & ~pairs).any()
    np.testing.assert_array_equal(kept, kept.T)
    np.testing.assert_array_equal(kept, thinned(pairs, 5, seed=1))
    assert not np.array_equal(kept, thinned(pairs, 5, seed=2))
    with pytest.raises(UserError, match="12 pairs of one label and the pair rate asks for 13"):
        thinned(pairs, 13, seed=1)


def test_shuffled_pairs_are_as_many_among_the_same_images() -> None:
    rng = np.random.default_rng(1)
    upper = np.triu(rng.random((30, 30)) < 0.2, 1)
    has_gaze = np.arange(30) < 20
    pairs = (upper | upper.T) & has_gaze & has_gaze[:, None]
    dealt = shuffled(pairs, has_gaze, seed=3)
    assert dealt.sum() == pairs.sum()
    assert not np.array_equal(dealt, pairs)
    assert not dealt[~has_gaze].any()
    np.testing.assert_array_equal(dealt, dealt.T)
    np.testing.assert_array_equal(np.sort(dealt.sum(0)), np.sort(pairs.sum(0)))
    np.testing.assert_array_equal(dealt, shuffled(pairs, has_gaze, seed=3))
