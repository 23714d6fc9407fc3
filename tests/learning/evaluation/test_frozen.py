import numpy as np
import pytest

from acquisition.errors import UserError
from learning.evaluation.frozen import PROTOCOLS, inner_splits, make_folds, out_of_fold
from learning.labels import labelled
from learning.metrics import macro_auc, once
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
def test_a_feature_that_tells_the_class_is_found_and_noise_is_not(n_classes: int) -> None:
    images = held_out(40, n_classes)
    folds = make_folds(images, 4, 1, seed=0)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(80, 6)).astype(np.float32)
    telling = noise.copy()
    telling[:, :n_classes] += 6 * np.eye(n_classes)[images.classes]
    for made, is_good in ((telling, True), (noise, False)):
        scored = out_of_fold(made, images, folds)
        assert tuple(scored) == PROTOCOLS
        for scores in scored.values():
            np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
            assert (macro_auc(scores, images.classes, once(80))[0] > 0.85) == is_good


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


def test_patients_that_hold_each_class_whole_cannot_be_parted() -> None:
    both = [entry(f"m{i}", f"p{i % 2}", "malignant") for i in range(4)]
    others = [entry(f"b{i}", f"p{i % 2}", "benign") for i in range(2)]
    images = labelled([*both, *others], "pathology")
    folds = make_folds(images, 2, 1, 0)
    assert sorted(folds.test[0].tolist()) == [0, 0, 0, 1, 1, 1]
