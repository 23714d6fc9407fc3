import numpy as np
import pytest
from scipy.stats import spearmanr

from acquisition.errors import UserError
from learning.similarity import compare_all
from learning.similarity.comparison import Part
from learning.similarity.edges import Selection
from learning.similarity.job import Job, run_job
from learning.similarity.packing import Packed, pack
from learning.similarity.picture import save_histogram
from learning.similarity.profile import CORRECTED
from learning.similarity.scores import (
    N_BINS,
    complete_floor,
    extremes,
    overlap,
    rank_correlation,
    score_histogram,
)

N = 120


def features() -> Packed:
    return pack(list(np.random.default_rng(3).random((N, 1, 2))))


def job(selection: Selection) -> Job:
    return Job((Part("moments", 1.0, features()),), CORRECTED, np.arange(N), np.zeros(N, np.int64), selection)


def values() -> np.ndarray:
    return compare_all(features(), "moments")[np.triu_indices(N, 1)]


def test_the_histogram_holds_every_pair() -> None:
    scores = score_histogram(job(Selection()))
    expected = np.bincount(np.minimum((values() * N_BINS).astype(int), N_BINS - 1), minlength=N_BINS)
    np.testing.assert_array_equal(scores.counts, 2 * expected)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_threshold_keeps_the_share_asked_for(share: float) -> None:
    threshold = score_histogram(job(Selection())).threshold_at(share)
    kept = (values() > np.float32(threshold)).mean()
    assert share - 0.005 <= kept <= share


def test_a_threshold_leaves_so_many_positives() -> None:
    scores = score_histogram(job(Selection()))
    edges = run_job(job(Selection(scores.threshold_for(4))))
    assert 3.7 <= 2 * len(edges) / N <= 4
    with pytest.raises(UserError, match="120 positives"):
        scores.threshold_for(N)


@pytest.mark.parametrize(
    "selection", [Selection(top_k=3), Selection(0.7, 5), Selection(0.6), Selection(top_k=N)]
)
def test_above_its_floor_a_graph_lacks_no_pair(selection: Selection) -> None:
    edges = run_job(job(selection))
    floor = complete_floor(edges, N, selection)
    assert (edges.values > np.float32(floor)).sum() == (values() > np.float32(floor)).sum()


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(0)
    one, other = np.round(rng.random((2, 200)), 1).astype(np.float32)
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert np.isnan(rank_correlation(one, np.ones_like(one)))


def test_overlap_counts_the_strongest_in_common() -> None:
    one = np.array([0.9, 0.8, 0.1, 0.2], np.float32)
    assert overlap(one, one, 0.5) == 1
    assert overlap(one, one[::-1], 0.5) == 0
    assert overlap(one, np.array([0.9, 0.1, 0.8, 0.2], np.float32), 0.5) == pytest.approx(1 / 3)


def test_extremes_are_the_ends() -> None:
    edges = run_job(job(Selection()))
    rows = extremes(edges, [f"image {k}" for k in range(N)], 2)
    assert [row["similarity"] for row in rows] == [
        round(float(value), 5) for value in (*np.sort(edges.values)[:-3:-1], *np.sort(edges.values)[1::-1])
    ]


def test_a_picture_is_drawn(tmp_path) -> None:  # type: ignore[no-untyped-def]
    save_histogram(tmp_path / "deep" / "scores.png", score_histogram(job(Selection())), "moments", 0.9)
    assert (tmp_path / "deep" / "scores.png").read_bytes().startswith(b"\x89PNG")
