import numpy as np
import pytest

from acquisition.errors import UserError
from learning.evaluation import frozen
from learning.evaluation.frozen import (
    LINEAR_PROBE,
    PROTOCOLS,
    Folds,
    inner_splits,
    make_folds,
    out_of_fold,
)
from learning.labels import Labelled, labelled
from learning.metrics import Predictions, macro_auc, once
from tests.learning.made_up import entry, held_out


def test_folds_keep_patients_whole_and_cover_every_image() -> None:
    images = held_out()
    folds = make_folds(images, 4, 3, seed=0)
    assert folds.test.shape == (3, 40)
    for test in folds.test:
        assert set(test.tolist()) == {0, 1, 2, 3}
        for patient in set(images.patients.tolist()):
            assert len(set(test[images.patients == patient].tolist())) == 1


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_feature_that_tells_the_class_is_found(n_classes: int) -> None:
    images = held_out(40, n_classes)
    folds = make_folds(images, 4, 1, seed=0)
    made = np.random.default_rng(0).normal(size=(80, 6)).astype(np.float32)
    made[:, :n_classes] += 6 * np.eye(n_classes)[images.classes]
    scored = out_of_fold(made, images, folds)
    assert tuple(scored) == PROTOCOLS
    for scores in scored.values():
        assert scores.shape == (1, 80, n_classes)
        np.testing.assert_allclose(scores.sum(axis=2), 1, atol=1e-6)
        assert auc_of(scores, images, folds) > 0.85


def auc_of(scores: np.ndarray, images: Labelled, folds: Folds) -> float:
    """Mean over the repeats."""
    repeats = [
        macro_auc(Predictions(each, images.classes, test), once(len(test)))[0]
        for each, test in zip(scores, folds.test, strict=True)
    ]
    return float(np.mean(repeats))


@pytest.fixture
def one_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe does not choose, which takes most of its time."""
    monkeypatch.setattr(frozen, "inner_splits", lambda *_: [])


@pytest.mark.usefixtures("one_strength")
def test_noise_tells_nothing_in_small_studies_either() -> None:
    """Compared across folds, and with the repeats added up, the mean of the probe would be about 0.4."""
    found: dict[str, list[float]] = {protocol: [] for protocol in PROTOCOLS}
    for study in range(50):
        rng = np.random.default_rng(study)
        names = np.where(rng.random(40) < 0.3, "malignant", "benign").tolist()
        images = labelled(
            [entry(f"{p}-{i}", f"p{p}", names[p]) for p in range(40) for i in "ab"], "pathology"
        )
        folds = make_folds(images, 5, 2, seed=study)
        noise = rng.normal(size=(80, 1)).astype(np.float32)
        for protocol, scores in out_of_fold(noise, images, folds).items():
            found[protocol].append(auc_of(scores, images, folds))
    assert {protocol: np.mean(values) for protocol, values in found.items()} == pytest.approx(
        dict.fromkeys(PROTOCOLS, 0.5), abs=0.03
    )


@pytest.mark.usefixtures("one_strength")
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_probe_that_knows_how_often_classes_are_alone_tells_nothing(n_classes: int) -> None:
    images = held_out(40, n_classes)
    folds = make_folds(images, 4, 3, seed=0)
    scores = out_of_fold(np.ones((80, 3), np.float32), images, folds)[LINEAR_PROBE]
    assert auc_of(scores, images, folds) == 0.5


@pytest.mark.usefixtures("one_strength")
def test_a_repeat_is_what_it_is_alone() -> None:
    images = held_out(20)
    made = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    both = make_folds(images, 3, 2, seed=4)
    expected = out_of_fold(made, images, both)
    for repeat in range(2):
        alone = make_folds(images, 3, 1, seed=4 + repeat)
        np.testing.assert_array_equal(both.test[repeat], alone.test[0])
        for protocol, scores in out_of_fold(made, images, alone).items():
            np.testing.assert_array_equal(scores[0], expected[protocol][repeat])


def test_inner_splits_keep_patients_whole() -> None:
    images = held_out(12)
    splits = inner_splits(images.classes, images.patients, 3)
    assert len(splits) == 3
    for train, chosen in splits:
        assert not set(images.patients[train]) & set(images.patients[chosen])
        assert len(train) + len(chosen) == 24


def test_a_class_of_one_patient_leaves_nothing_to_choose_by() -> None:
    lonely = labelled(
        [entry("a", "p0", "malignant"), *(entry(f"{i}", f"q{i}", "benign") for i in range(6))], "pathology"
    )
    assert inner_splits(lonely.classes, lonely.patients, 3) == []
    made = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    twice = labelled([*lonely.entries, entry("b", "p1", "malignant")], "pathology")
    scores = out_of_fold(np.vstack([made, made[:1]]), twice, make_folds(twice, 2, 1, 0))
    assert all(np.isfinite(each).all() for each in scores.values())


def test_one_class_and_too_few_patients_get_a_sentence() -> None:
    with pytest.raises(UserError, match="at least two classes"):
        make_folds(held_out(6, 1), 2, 1, 0)
    with pytest.raises(UserError, match=r"patients have a .* image and there are 40 folds"):
        make_folds(held_out(), 40, 1, 0)


def test_patients_of_both_classes_can_be_parted() -> None:
    both = [entry(f"m{i}", f"p{i % 2}", "malignant") for i in range(4)]
    others = [entry(f"b{i}", f"p{i % 2}", "benign") for i in range(2)]
    images = labelled([*both, *others], "pathology")
    folds = make_folds(images, 2, 1, 0)
    assert sorted(folds.test[0].tolist()) == [0, 0, 0, 1, 1, 1]


def test_patients_that_leave_one_class_to_learn_from_cannot_be_parted() -> None:
    """Two patients of each class, but one of them is the same: somebody stands alone on one side."""
    images = labelled(
        [
            entry("a", "both", "malignant"),
            entry("b", "both", "benign"),
            entry("c", "other", "malignant"),
            entry("d", "third", "benign"),
        ],
        "pathology",
    )
    with pytest.raises(UserError, match="cannot be parted so that every fold learns from two classes"):
        make_folds(images, 2, 1, 0)
