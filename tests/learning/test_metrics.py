import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, mean_absolute_error, roc_auc_score

from learning.metrics import (
    Predictions,
    accuracy,
    auc,
    balanced_accuracy,
    hand_till_auc,
    held_out_neighbour_auc,
    macro_auc,
    mean_absolute_grade_error,
    metrics_for,
    neighbour_scores,
    once,
    one_fold,
    unit_rows,
    weighted_auc,
)

GRADES = np.array([0.0, 1.0, 4.0])


def drawn(seed: int = 0) -> tuple[Predictions, np.ndarray]:
    """Scores with ties of one fold, and weights of four samples, the first of which counts all once."""
    rng = np.random.default_rng(seed)
    scores = rng.dirichlet(np.ones(3), 60).round(1)
    classes = rng.integers(3, size=60)
    return Predictions(scores, classes, one_fold(60)), np.vstack([once(60), rng.integers(0, 4, (3, 60))])


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_by_weights_is_the_sample_written_out(seed: int) -> None:
    made, weights = drawn(seed)
    scores, classes = made.scores, made.classes
    chances = scores / scores.sum(axis=1, keepdims=True)  # scikit-learn wants rows that add up to 1
    found = {
        "macro": macro_auc(made, weights),
        "hand-till": hand_till_auc(Predictions(chances, classes, made.folds), weights),
        "accuracy": accuracy(made, weights),
        "balanced": balanced_accuracy(made, weights),
        "error": mean_absolute_grade_error(made, weights, GRADES),
        "binary": weighted_auc(scores[:, 1], classes == 1, weights, made.folds),
    }
    for row, counts in enumerate(weights):
        s, c, p = (np.repeat(each, counts, axis=0) for each in (scores, classes, chances))
        said = s.argmax(axis=1)
        expected = {
            "macro": np.mean([roc_auc_score(c == k, s[:, k]) for k in range(3)]),
            "hand-till": roc_auc_score(c, p, multi_class="ovo"),
            "accuracy": accuracy_score(c, said),
            "balanced": balanced_accuracy_score(c, said),
            "error": mean_absolute_error(GRADES[c], GRADES[said]),
            "binary": roc_auc_score(c == 1, s[:, 1]),
        }
        assert {name: figure[row] for name, figure in found.items()} == pytest.approx(expected)


IMAGE = st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans(), st.integers(0, 3), st.integers(0, 3))


@settings(deadline=None)
@given(st.lists(IMAGE, min_size=1, max_size=25))
def test_only_pairs_within_a_fold_count(images: list[tuple[float, bool, int, int]]) -> None:
    """Each image is a score, a side, a weight and a fold."""
    n_right = n_pairs = 0.0
    for one, one_is_positive, one_weight, one_fold_number in images:
        for other, other_is_positive, other_weight, other_fold_number in images:
            if one_is_positive and not other_is_positive and one_fold_number == other_fold_number:
                n_pairs += one_weight * other_weight
                n_right += one_weight * other_weight * ((one > other) + (one == other) / 2)
    scores, is_positive, weights, folds = (np.array(each) for each in zip(*images, strict=True))
    found = weighted_auc(scores, is_positive, np.stack([weights, 2 * weights]), folds)
    expected = n_right / n_pairs if n_pairs else np.nan
    np.testing.assert_allclose(found, [expected] * 2, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_weights_are_repeated_images_in_every_fold(seed: int) -> None:
    made, weights = drawn(seed)
    rng = np.random.default_rng(seed)
    made = Predictions(made.scores, made.classes, rng.integers(4, size=60))
    for metric in metrics_for(("benign", "malignant", "normal")).values():
        for row, counts in enumerate(weights):
            chosen = np.repeat(np.arange(60), counts)
            repeated = Predictions(made.scores[chosen], made.classes[chosen], made.folds[chosen])
            assert metric(made, weights)[row] == pytest.approx(metric(repeated, once(len(chosen)))[0])


def test_what_a_fold_adds_to_its_scores_is_not_compared() -> None:
    made, weights = drawn()
    folds = np.random.default_rng(0).integers(5, size=60)
    apart = Predictions(made.scores, made.classes, folds)
    moved = Predictions(made.scores + folds[:, None] * np.array([3.0, -2.0, 1.0]), made.classes, folds)
    for metric in (macro_auc, hand_till_auc):
        np.testing.assert_allclose(metric(moved, weights), metric(apart, weights), rtol=1e-12)


def test_a_fold_without_one_side_counts_for_nothing() -> None:
    scores, folds = np.array([0.2, 0.6, 0.5, 0.9, 0.1]), np.array([0, 0, 1, 1, 2])
    is_positive = np.array([False, True, True, True, False])
    assert auc(scores, is_positive, folds) == 1
    assert np.isnan(auc(scores, is_positive, np.arange(5)))


def test_one_area_is_that_of_the_images_as_they_are() -> None:
    made, weights = drawn()
    is_one = made.classes == 1
    first = weighted_auc(made.scores[:, 1], is_one, weights, made.folds)[0]
    assert auc(made.scores[:, 1], is_one, made.folds) == first


def test_which_metrics_a_label_has() -> None:
    assert list(metrics_for(("benign", "malignant"))) == [
        "Malignant-vs-rest AUC",
        "Macro one-vs-rest AUC",
        "Balanced accuracy",
        "Accuracy",
    ]
    grades = metrics_for(("0", "1", "4"))
    assert list(grades)[-1] == "Mean absolute error of the grade"
    assert "Hand–Till one-vs-one AUC" in grades
    sure_of_the_last = Predictions(np.array([[0.1, 0.1, 0.8]] * 2), np.array([0, 1]), one_fold(2))
    assert grades["Mean absolute error of the grade"](sure_of_the_last, once(2)).tolist() == [3.5]
    assert [metric.highest for metric in grades.values()] == [1, 1, 1, 1, 4]


def test_the_malignant_are_told_from_all_others() -> None:
    made, weights = drawn()
    metric = metrics_for(("benign", "malignant", "normal"))["Malignant-vs-rest AUC"]
    assert metric(made, weights)[0] == pytest.approx(roc_auc_score(made.classes == 1, made.scores[:, 1]))


def test_metrics_of_a_missing_class_are_no_number() -> None:
    made = Predictions(np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([0, 1]), one_fold(2))
    assert np.isnan(auc(made.scores[:, 0], np.array([True, True]), made.folds))
    lacking = np.array([[1, 0], [0, 2], [1, 1]])
    for metric in (balanced_accuracy, macro_auc, hand_till_auc):
        assert np.isnan(metric(made, lacking)).tolist() == [True, True, False]


def test_neighbours_vote_as_in_the_loop() -> None:
    rng = np.random.default_rng(0)
    rows = unit_rows(rng.normal(size=(25, 4)))
    classes, patients = rng.integers(3, size=25), rng.integers(8, size=25)
    got = neighbour_scores(rows, rows, classes, 3, 5, patients[:, None] == patients[None, :])
    for i in range(25):
        others = [j for j in range(25) if patients[j] != patients[i]]
        nearest = sorted(others, key=lambda j: -rows[i] @ rows[j])[:5]
        votes = np.zeros(3)
        for j in nearest:
            votes[classes[j]] += np.exp(rows[i] @ rows[j] / 0.1)
        np.testing.assert_allclose(got[i], votes / votes.sum())


def test_the_watcher_compares_all_images() -> None:
    rng = np.random.default_rng(0)
    classes, patients = rng.integers(2, size=60), np.repeat(np.arange(30), 2).astype(str)
    features = rng.normal(size=(60, 4)) + classes[:, None]
    rows, barred = unit_rows(features), patients[:, None] == patients[None, :]
    scores = neighbour_scores(rows, rows, classes, 2, 10, barred)
    found = held_out_neighbour_auc(features, classes, patients)
    assert found == pytest.approx(roc_auc_score(classes, scores[:, 1]))
