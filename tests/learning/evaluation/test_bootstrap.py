import numpy as np
import pytest
from scipy.stats import t

from learning.evaluation.bootstrap import BySeed, Sampled, figures_of, resample_patients
from learning.metrics import accuracy, auc, metrics_for


def by_seed(values: list[float], samples: np.ndarray, seeds: tuple[int, ...] | None = None) -> BySeed:
    return BySeed(seeds or tuple(range(len(values))), np.array(values), samples)


def test_resampling_draws_whole_patients() -> None:
    patients = np.array(["a", "a", "b", "c", "c", "c"])
    counts = resample_patients(patients, 200, seed=0)
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 3] == counts[:, 4]).all()
    assert (counts[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(6), abs=0.2)


def test_samples_equal_the_loop_over_patients() -> None:
    rng = np.random.default_rng(0)
    patients, classes = np.repeat(list("abcdefgh"), 3), rng.integers(2, size=24)
    scores = {seed: {"p": rng.dirichlet(np.ones(2), 24)} for seed in (3, 1)}
    weights = resample_patients(patients, 20, seed=0)
    metrics = metrics_for(("benign", "malignant"))
    figure = figures_of(scores, classes, metrics, weights)["p", "Malignant-vs-rest AUC"]
    assert figure.seeds == (1, 3)
    for row, seed in enumerate(figure.seeds):
        made = scores[seed]["p"][:, 1]
        assert figure.values[row] == auc(made, classes == 1)
        for sample, counts in enumerate(weights):
            chosen = np.repeat(np.arange(24), counts)
            assert figure.samples[row, sample] == pytest.approx(auc(made[chosen], classes[chosen] == 1))


def test_samples_taken_in_blocks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    scores, classes = {0: {"p": rng.dirichlet(np.ones(2), 10)}}, rng.integers(2, size=10)
    weights = resample_patients(np.arange(10).astype(str), 50, seed=0)
    whole = figures_of(scores, classes, {"Accuracy": accuracy}, weights)["p", "Accuracy"]
    monkeypatch.setattr("learning.evaluation.bootstrap.CELLS_AT_ONCE", 70)
    parts = figures_of(scores, classes, {"Accuracy": accuracy}, weights)["p", "Accuracy"]
    np.testing.assert_array_equal(whole.samples, parts.samples)


def test_a_difference_is_taken_on_the_same_patients_and_seeds() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=(3, 500))
    arm = by_seed([0.8, 0.9, 0.7], common + 0.1, (0, 1, 2))
    baseline = by_seed([0.7, 0.6, 0.5], common[[2, 1, 0]], (2, 1, 9))
    differing = arm.minus(baseline)
    assert differing.seeds == (1, 2)
    assert differing.values == pytest.approx([0.3, 0.0])
    assert differing.samples == pytest.approx(np.full((2, 500), 0.1))
    fixed = arm.minus(by_seed([0.5], common[:1]), is_fixed=True)
    assert fixed.seeds == (0, 1, 2)
    assert fixed.values == pytest.approx([0.3, 0.4, 0.2])


def test_one_seed_has_the_spread_of_patients_alone() -> None:
    samples = np.random.default_rng(0).normal(0.7, 0.1, (1, 2000))
    sampled = by_seed([0.7], samples).over_seeds(0)
    np.testing.assert_array_equal(sampled.samples, samples[0])
    assert sampled.degrees_of_freedom == np.inf
    assert sampled.interval(0.95) == pytest.approx(np.quantile(samples, [0.025, 0.975]), abs=1e-3)


def test_the_spread_of_seeds_is_that_of_their_mean() -> None:
    values = np.array([0.2, 0.5, 0.6, 0.9])
    sampled = by_seed(values.tolist(), np.repeat(values[:, None], 40_000, axis=1)).over_seeds(0)
    assert sampled.value == pytest.approx(0.55)
    assert sampled.samples.mean() == pytest.approx(0.55, abs=0.005)
    assert sampled.samples.std() == pytest.approx(values.std(ddof=1) / 2, rel=0.02)
    assert sampled.degrees_of_freedom == pytest.approx(3, rel=0.05)


def test_few_seeds_widen_the_interval() -> None:
    samples = np.random.default_rng(0).normal(size=200_000)
    low, high = Sampled(0.0, samples, 4.0).interval(0.95)
    assert (-low, high) == pytest.approx((t.ppf(0.975, 4),) * 2, rel=0.05)
    assert Sampled(0.0, samples, 4.0).detectable() == pytest.approx(t.ppf(0.975, 4) + t.ppf(0.8, 4), rel=0.02)
    assert Sampled(0.0, samples).detectable() == pytest.approx(1.96 + 0.84, rel=0.02)


def test_samples_without_a_class_say_nothing() -> None:
    assert Sampled(0.5, np.array([0.4, np.nan, 0.6])).interval(0.999999) == pytest.approx(
        (0.4, 0.6), abs=1e-3
    )
    assert np.isnan(Sampled(0.5, np.array([np.nan])).interval(0.95)).all()
    assert np.isnan(Sampled(0.5, np.array([0.5, np.nan])).detectable())
    assert np.isnan(Sampled(1.0, np.ones(9)).detectable())


@pytest.mark.parametrize("n_seeds", [1, 5])
def test_what_seeds_do_is_seen_with_several_only(n_seeds: int) -> None:
    """Ten studies whose seeds matter more than their patients; how often is the truth in the interval?"""
    rng = np.random.default_rng(0)
    n_found = 0
    for study in range(60):
        patients = rng.normal(0, 0.02, 300)
        values = 0.1 + rng.normal(0, 0.1, n_seeds)
        figure = by_seed(values.tolist(), values[:, None] + patients)
        low, high = figure.over_seeds(study).interval(0.95)
        n_found += low <= 0.1 <= high
    assert (n_found >= 50) == (n_seeds > 1)
