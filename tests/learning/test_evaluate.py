import re
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, mean_absolute_error, roc_auc_score

from acquisition.errors import UserError
from learning.arms import run_arms
from learning.config import load_config, make_config
from learning.evaluate import Protocol, comparable, evaluate, name_arms
from learning.files import Entry, RunRecord, SetManifest, load_results, load_run, save_run
from learning.judge import Sampled, make_folds, metrics_for, out_of_fold, resample_patients
from learning.labels import Labelled, labelled
from learning.metrics import (
    accuracy,
    auc,
    balanced_accuracy,
    hand_till_auc,
    macro_auc,
    mean_absolute_grade_error,
    neighbour_scores,
    unit_rows,
)
from tests.learning.sets import make_set

Arms = tuple[Path, list[Path], list[tuple[float, str]]]
QUICK = Protocol(n_folds=2, n_repeats=1, n_bootstraps=30)


def held_out(n_patients: int = 20, n_classes: int = 2, seed: int = 0) -> Labelled:
    rng = np.random.default_rng(seed)
    classes = rng.integers(n_classes, size=2 * n_patients)
    names = ("benign", "malignant", "normal")[:n_classes]
    entries = tuple(
        Entry(
            id=f"i{i}",
            patient=f"p{i // 2}",
            part="evaluate",
            file="f",
            width_px=1,
            height_px=1,
            box_px=(0, 0, 1, 1),
            labels={"pathology": names[c]},
        )
        for i, c in enumerate(classes)
    )
    return labelled(entries, "pathology")


def test_metrics_equal_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.ones(3), 60).round(1)  # ties
    classes = rng.integers(3, size=60)
    binary = classes == 1
    assert auc(scores[:, 1], binary) == pytest.approx(roc_auc_score(binary, scores[:, 1]))
    assert macro_auc(scores, classes) == pytest.approx(
        np.mean([roc_auc_score(classes == c, scores[:, c]) for c in range(3)])
    )
    chances = rng.dirichlet(np.ones(3), 60)  # scikit-learn's wants rows that add up to 1
    assert hand_till_auc(chances, classes) == pytest.approx(
        roc_auc_score(classes, chances, multi_class="ovo")
    )
    assert hand_till_auc(scores[:, :2], classes % 2) == pytest.approx(macro_auc(scores[:, :2], classes % 2))
    assert accuracy(scores, classes) == pytest.approx(accuracy_score(classes, scores.argmax(1)))
    grades = np.array([0.0, 1.0, 4.0])
    assert mean_absolute_grade_error(scores, classes, grades) == pytest.approx(
        mean_absolute_error(grades[classes], grades[scores.argmax(1)])
    )
    assert balanced_accuracy(scores, classes) == pytest.approx(
        balanced_accuracy_score(classes, scores.argmax(1))
    )


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
    sure_of_the_last = np.array([[0.1, 0.1, 0.8]] * 2)
    assert grades["Mean absolute error of the grade"](sure_of_the_last, np.array([0, 1])) == 3.5


def test_metrics_of_a_missing_class_are_no_number() -> None:
    scores = np.array([[0.2, 0.8], [0.6, 0.4]])
    assert np.isnan(auc(scores[:, 0], np.array([True, True])))
    assert np.isnan(balanced_accuracy(scores, np.array([0, 0])))


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
        for scores in out_of_fold(made, images, folds).values():
            np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
            assert (macro_auc(scores, images.classes) > 0.85) == is_good


def test_resampling_draws_whole_patients() -> None:
    patients = np.array(["a", "a", "b", "c", "c", "c"])
    for sample in resample_patients(patients, 20, seed=0):
        counts = np.bincount(sample, minlength=6)
        assert counts[0] == counts[1]
        assert counts[3] == counts[4] == counts[5]
        assert counts[0] + counts[2] + counts[3] == 3


def test_a_difference_is_taken_sample_by_sample() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=500)
    arm, baseline = Sampled(0.8, 0.8 + common), Sampled(0.7, 0.7 + common)
    assert arm.minus(baseline).interval(0.95) == pytest.approx((0.1, 0.1))
    assert arm.minus(baseline).detectable() == pytest.approx(0, abs=1e-9)
    assert Sampled(0, rng.normal(0, 0.1, 100_000)).detectable() == pytest.approx(0.28, rel=0.02)
    assert Sampled(0.5, np.array([0.4, np.nan, 0.6])).interval(1.0) == pytest.approx((0.4, 0.6))


def record(**changes: object) -> RunRecord:
    base: dict[str, object] = {
        "set_sha256": "s",
        "patients": (),
        "gaze_is_simulated": True,
        "method": "byol",
        "gaze": "none",
        "scheme": None,
        "threshold": None,
        "pair_rate": None,
        "seed": 0,
        "n_epochs": 3,
        "backbone": "resnet18",
        "image_size_px": 32,
        "encoder_sha256": "e",
    }
    return RunRecord.model_validate(base | changes)


def test_only_arms_that_differ_in_gaze_alone_are_compared() -> None:
    plain, gaze, random = record(), record(gaze="gzpt", scheme="tima"), record(gaze="random", scheme="tima")
    assert comparable([plain, gaze, random]) == [(1, 0), (2, 0), (1, 2)]
    assert comparable([plain, record(gaze="gzpt", seed=1)]) == []
    assert comparable([plain, record(gaze="gzpt", n_epochs=4)]) == []
    shas = [
        make_config(gaze=gaze, optimiser=optimiser).matching_sha256
        for gaze, optimiser in (("none", "adamw"), ("mcgip", "adamw"), ("mcgip", "lars"))
    ]
    plain_run, matched, confounded = (
        record(gaze=gaze, matching_sha256=sha)
        for gaze, sha in zip(("none", "mcgip", "mcgip"), shas, strict=True)
    )
    assert comparable([plain_run, matched, confounded]) == [(1, 0)]
    assert name_arms([plain, gaze, random]) == ["BYOL, no gaze", "BYOL + GzPT, TIMA", "BYOL + random pairs"]
    others = [record(method="moco", gaze="labels"), record(method="simsiam", gaze="mcgip", scheme="tima")]
    assert name_arms(others) == ["MoCo + label pairs", "SimSiam + McGIP, TIMA"]
    assert comparable([plain, others[0]]) == []
    assert comparable([plain, record(gaze="labels")]) == [(1, 0)]
    assert name_arms([plain, record(seed=1)]) == ["BYOL, no gaze, seed 0", "BYOL, no gaze, seed 1"]


@pytest.fixture(scope="module")
def arms(tmp_path_factory: pytest.TempPathFactory) -> Arms:
    folder = tmp_path_factory.mktemp("arms")
    make_set(folder / "set", n_patients=14, n_evaluate=8)
    config = make_config(backbone="test_resnet", image_size_px=32, batch_size=6, epochs=1, pair_rate=0.3)
    told: list[tuple[float, str]] = []
    runs = run_arms(
        folder / "set",
        folder / "runs",
        config=config,
        warm_up_epochs=1,
        progress=lambda done, message: told.append((done, message)),
    )
    return folder, runs, told


def test_arms_share_a_warm_up_and_are_matched(arms: Arms) -> None:
    folder, runs, told = arms
    records = [load_run(path) for path in runs]
    assert [each.gaze for each in records] == ["none", "gzpt", "random"]
    assert {each.n_epochs for each in records} == {2}
    assert len(comparable(records)) == 3
    assert load_run(folder / "runs" / "warm-up").n_epochs == 1
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert 0 <= told[0][0] <= told[-1][0] <= 1


def test_arms_of_labels_have_as_many_pairs_as_those_of_gaze(tmp_path: Path) -> None:
    make_set(tmp_path / "set")
    config = make_config(
        backbone="test_resnet", image_size_px=32, batch_size=6, epochs=1, method="simsiam", embedding=32
    )
    runs = run_arms(
        tmp_path / "set", tmp_path / "runs", ("gzpt", "labels", "random"), config, warm_up_epochs=0
    )
    records = [load_run(path) for path in runs]
    assert len({each.pair_rate for each in records}) == 1
    assert len({each.matching_sha256 for each in records}) == 1
    assert load_config(runs[1]).drop == load_config(runs[0]).drop == 0.5
    with pytest.raises(UserError, match="arms of labels need a pair rate"):
        run_arms(tmp_path / "set", tmp_path / "x", ("labels",), config.model_copy(update={"threshold": 0.9}))


def test_finished_arms_are_not_trained_again(arms: Arms) -> None:
    folder, runs, _ = arms
    written = [(path / "encoder.safetensors").stat().st_mtime_ns for path in runs]
    config = make_config(backbone="test_resnet", image_size_px=32, batch_size=6, epochs=1, pair_rate=0.3)
    assert run_arms(folder / "set", folder / "runs", config=config, warm_up_epochs=1) == runs
    assert [(path / "encoder.safetensors").stat().st_mtime_ns for path in runs] == written


class Cancelled(Exception):
    pass


def test_a_cancel_stops_all_arms(small_set: tuple[Path, SetManifest], tmp_path: Path) -> None:
    config = make_config(backbone="test_resnet", image_size_px=32, batch_size=6, epochs=500)

    def cancel(done: float, message: str) -> None:
        if "none" in message:
            raise Cancelled

    before = torch.get_num_threads()
    with pytest.raises(Cancelled):
        run_arms(small_set[0], tmp_path, config=config, warm_up_epochs=0, progress=cancel)
    assert torch.get_num_threads() == before
    assert not list(tmp_path.glob("*/run.json"))


def test_an_arm_that_fails_says_why(small_set: tuple[Path, SetManifest], tmp_path: Path) -> None:
    config = make_config(backbone="test_resnet", image_size_px=32, batch_size=6, epochs=3, threshold=0.9)
    with pytest.raises(UserError, match="has no moments graph"):
        run_arms(
            small_set[0], tmp_path, config=config.model_copy(update={"scheme": "moments"}), warm_up_epochs=0
        )


def test_an_evaluation_leaves_results_and_a_report(arms: Arms, tmp_path: Path) -> None:
    folder, runs, _ = arms
    report = evaluate(runs, folder / "set", tmp_path, QUICK)
    results = load_results(tmp_path)
    assert [arm.name for arm in results.arms] == [
        "Untrained encoder",
        "BYOL, no gaze",
        "BYOL + GzPT, TIMA",
        "BYOL + random pairs",
    ]
    assert [(d.arm, d.baseline) for d in results.differences] == [
        ("BYOL + GzPT, TIMA", "BYOL, no gaze"),
        ("BYOL + random pairs", "BYOL, no gaze"),
        ("BYOL + GzPT, TIMA", "BYOL + random pairs"),
    ]
    metrics = {score.metric for score in results.arms[0].scores}
    assert metrics == {"Malignant-vs-rest AUC", "Macro one-vs-rest AUC", "Balanced accuracy", "Accuracy"}
    for difference in results.differences:
        for score in difference.scores:
            assert score.detectable is not None
            assert score.detectable >= 0
    for arm in results.arms:
        for score in arm.scores:
            assert 0 <= score.low <= score.high <= 1
    assert "prove nothing about radiologists" in results.note
    html = report.read_text(encoding="utf-8")
    assert "prove nothing about radiologists" in html
    assert html.count("<svg") == 3
    assert not re.search(r'(src|href)="(?!#)', html)  # nothing is fetched from elsewhere
    assert "BYOL + GzPT, TIMA" in html


def test_the_same_evaluation_gives_the_same_results(arms: Arms, tmp_path: Path) -> None:
    folder, runs, _ = arms
    written = []
    for name in ("a", "b"):
        evaluate(runs[:1], folder / "set", tmp_path / name, QUICK)
        written.append((tmp_path / name / "results.json").read_bytes())
    assert written[0] == written[1]


def test_patients_that_an_encoder_learnt_from_are_refused_unless_declared(arms: Arms, tmp_path: Path) -> None:
    _, runs, _ = arms
    other = tmp_path / "other"
    make_set(other, n_patients=14, n_evaluate=14 - 4)
    with pytest.raises(UserError, match="learnt from 2 of the patients it would be judged on"):
        evaluate(runs[:1], other, tmp_path / "out", QUICK)
    declared = Protocol(n_folds=2, n_repeats=1, n_bootstraps=10, may_share_patients=True)
    report = evaluate(runs[:1], other, tmp_path / "out", declared)
    assert load_results(tmp_path / "out").shares_patients_with_pretraining
    assert "flatter the encoders" in report.read_text(encoding="utf-8")


def test_bad_input_gets_a_sentence(arms: Arms, tmp_path: Path) -> None:
    folder, runs, _ = arms
    with pytest.raises(UserError, match="holds no finished run"):
        evaluate([tmp_path], folder / "set", tmp_path / "out", QUICK)
    with pytest.raises(UserError, match="name at least one"):
        evaluate([], folder / "set", tmp_path / "out", QUICK)
    with pytest.raises(UserError, match=r"patients have a .* image and there are 40 folds"):
        evaluate(runs, folder / "set", tmp_path / "out", Protocol(n_folds=40))
    one_class = held_out(6, 1)
    with pytest.raises(UserError, match="at least two classes"):
        make_folds(one_class, 2, 1, 0)


def test_an_altered_encoder_is_refused(arms: Arms, tmp_path: Path) -> None:
    _, runs, _ = arms
    save_run(tmp_path, load_run(runs[0]))
    (tmp_path / "encoder.safetensors").write_bytes(b"other")
    with pytest.raises(UserError, match="missing or was altered"):
        load_run(tmp_path)
