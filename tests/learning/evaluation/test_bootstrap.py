import numpy as np
import pytest
from scipy.stats import t

from learning.evaluation.bootstrap import BySeed, Sampled, figures_of, resample_patients
from learning.metrics import Metric, accuracy, auc, metrics_for, one_fold


def by_seed(values: list[float], samples: np.ndarray, seeds: tuple[int, ...] | None = None) -> BySeed:
    return BySeed(seeds or tuple(range(len(values))), np.array(values), samples)


def test_resampling_draws_whole_patients() -> None:
    patients = np.array(["a", "a", "b", "c", "c", "c"])
    counts = resample_patients(patients, 200, seed=0)
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 3] == counts[:, 4]).all()
    assert (counts[:, [0, 2, 3]].sum(axis=1) == 3).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(6), abs=0.2)


def test_samples_equal_the_loop_over_repeats_and_patients() -> None:
    rng = np.random.default_rng(0)
    patients, classes = np.repeat(list("abcdefgh"), 3), rng.integers(2, size=24)
    folds = np.array([[0, 1, 0, 1, 0, 1, 0, 1], [0, 0, 0, 0, 1, 1, 1, 1]]).repeat(3, axis=1)
    scores = {seed: {"p": rng.dirichlet(np.ones(2), (2, 24))} for seed in (3, 1)}
    weights = resample_patients(patients, 20, seed=0)
    metrics = metrics_for(("benign", "malignant"))
    figures = figures_of(scores, classes, folds, metrics, weights)
    figure = figures["p", "Malignant-vs-rest AUC"]
    assert figure.seeds == (1, 3)
    assert figure.limits == (0, 1)
    for row, seed in enumerate(figure.seeds):
        repeats = list(zip(scores[seed]["p"][:, :, 1], folds, strict=True))
        assert figure.values[row] == np.mean([auc(made, classes == 1, fold) for made, fold in repeats])
        right = [((made > 0.5) == classes).mean() for made, _ in repeats]
        assert figures["p", "Accuracy"].values[row] == pytest.approx(np.mean(right))
        for sample, counts in enumerate(weights):
            chosen = np.repeat(np.arange(24), counts)
            expected = [auc(made[chosen], classes[chosen] == 1, fold[chosen]) for made, fold in repeats]
            assert figure.samples[row, sample] == pytest.approx(np.mean(expected))


def test_more_repeats_of_the_same_folds_change_nothing() -> None:
    rng = np.random.default_rng(0)
    classes, folds = rng.integers(2, size=30), rng.integers(3, size=(1, 30))
    scores, weights = rng.dirichlet(np.ones(2), (1, 30)), resample_patients(np.arange(30).astype(str), 9, 0)
    metrics = metrics_for(("benign", "malignant"))
    one = figures_of({0: {"p": scores}}, classes, folds, metrics, weights)
    three = figures_of({0: {"p": scores.repeat(3, 0)}}, classes, folds.repeat(3, 0), metrics, weights)
    for key, figure in one.items():
        np.testing.assert_allclose(three[key].values, figure.values)
        np.testing.assert_allclose(three[key].samples, figure.samples)


def test_samples_taken_in_blocks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    scores, classes = {0: {"p": rng.dirichlet(np.ones(2), (1, 10))}}, rng.integers(2, size=10)
    weights = resample_patients(np.arange(10).astype(str), 50, seed=0)
    metrics, folds = {"Accuracy": Metric(accuracy)}, one_fold(10)[None]
    whole = figures_of(scores, classes, folds, metrics, weights)["p", "Accuracy"]
    monkeypatch.setattr("learning.evaluation.bootstrap.CELLS_AT_ONCE", 70)
    parts = figures_of(scores, classes, folds, metrics, weights)["p", "Accuracy"]
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
    sampled = by_seed([0.7], samples).over_seeds()
    np.testing.assert_array_equal(sampled.samples, samples[0])
    assert sampled.interval(0.95) == pytest.approx(np.quantile(samples, [0.025, 0.975]))


@pytest.mark.parametrize("values", [[0.2, 0.5], [0.2, 0.5, 0.6], [0.2, 0.5, 0.6, 0.9]])
def test_few_seeds_widen_the_interval(values: list[float]) -> None:
    """Where patients do nothing, it is Student's of the mean, beyond the smallest and the largest seed."""
    n = len(values)
    sampled = by_seed(values, np.repeat(np.array(values)[:, None], 100, axis=1)).over_seeds()
    error = np.std(values, ddof=1) / np.sqrt(n)
    low, high = sampled.interval(0.95)
    assert (low, high) == pytest.approx(t.interval(0.95, n - 1, np.mean(values), error))
    assert low < min(values)
    assert high > max(values)
    assert sampled.detectable() == pytest.approx(error * (t.ppf(0.975, n - 1) + t.ppf(0.8, n - 1)))


def test_patients_and_seeds_add_up_by_squares_at_each_end() -> None:
    patients = 0.1 * np.random.default_rng(0).exponential(size=40_000)
    seeds = np.array([-0.2, 0.0, 0.2])
    sampled = by_seed((0.07 + seeds).tolist(), seeds[:, None] + patients).over_seeds()
    margin = t.ppf(0.975, 2) * 0.2 / np.sqrt(3)
    left, right = np.quantile(patients, [0.025, 0.975])
    expected = (0.07 - np.hypot(0.07 - left, margin), 0.07 + np.hypot(right - 0.07, margin))
    assert sampled.interval(0.95) == pytest.approx(expected)
    assert Sampled(0.0, np.random.default_rng(0).normal(size=200_000)).detectable() == pytest.approx(
        1.96 + 0.84, rel=0.02
    )


def test_seeds_that_agree_leave_the_spread_of_patients() -> None:
    samples = np.random.default_rng(0).normal(0.7, 0.1, 2000)
    sampled = by_seed([0.7] * 3, np.stack([samples] * 3)).over_seeds()
    assert sampled.interval(0.95) == pytest.approx(np.quantile(samples, [0.025, 0.975]))


def test_an_interval_ends_where_the_figure_does() -> None:
    seeds, samples = (0, 1), np.array([[0.8] * 9, [1.0] * 9])
    arm = BySeed(seeds, np.array([0.8, 1.0]), samples, (0.0, 1.0))
    assert arm.over_seeds().interval(0.95)[1] == 1
    error = BySeed(seeds, np.array([0.2, 0.0]), 1 - samples, (0.0, 3.0))
    assert error.over_seeds().interval(0.95)[0] == 0
    opposite = BySeed(seeds, np.array([0.9, 0.2]), 1 - samples, (0.0, 1.0))
    assert opposite.minus(arm).over_seeds().interval(0.95) == (-1, 1)
    assert error.minus(error).limits == (-3, 3)


def test_a_value_beyond_its_samples_is_in_the_interval() -> None:
    assert Sampled(0.9, np.linspace(0.5, 0.8, 99)).interval(0.95)[1] == 0.9


def test_samples_without_a_class_say_nothing() -> None:
    assert Sampled(0.5, np.array([0.4, np.nan, 0.6])).interval(0.999999) == pytest.approx(
        (0.4, 0.6), abs=1e-3
    )
    assert np.isnan(Sampled(0.5, np.array([np.nan])).interval(0.95)).all()
    assert np.isnan(Sampled(0.5, np.array([0.5, np.nan])).detectable())
    assert np.isnan(Sampled(1.0, np.ones(9)).detectable())


@pytest.mark.parametrize("n_seeds", [1, 2, 3, 5])
def test_what_seeds_do_is_seen_with_several_only(n_seeds: int) -> None:
    """Studies whose seeds matter more than their patients; how often is the truth in the interval?"""
    rng = np.random.default_rng(0)
    n_found, n_studies = 0, 600
    for _ in range(n_studies):
        patients = rng.normal(0, 0.02, 300)
        values = 0.1 + rng.normal(0, 0.1, n_seeds) + rng.normal(0, 0.02)
        low, high = by_seed(values.tolist(), values[:, None] + patients).over_seeds().interval(0.95)
        n_found += low <= 0.1 <= high
    assert n_found / n_studies == pytest.approx(0.95 if n_seeds > 1 else 0.30, abs=0.03)
