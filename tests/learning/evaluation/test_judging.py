"""Whole evaluations of made-up runs: what they leave, what they refuse, what they admit."""

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from acquisition.errors import UserError
from learning.evaluate import app
from learning.evaluation.fine_tune import FineTuning
from learning.evaluation.judging import Protocol, evaluate
from learning.files import (
    MANIFEST,
    Results,
    SetManifest,
    load_results,
    load_run,
    load_set,
    save_run,
    save_set,
)
from learning.report.comparison import as_latex, escaped
from tests.learning.made_up import finished_run
from tests.learning.sets import make_set

QUICK = Protocol(n_folds=2, n_repeats=1, n_bootstraps=50)
GZPT = {"gaze": "gzpt", "pair_rate": 0.1}
Made = tuple[Path, SetManifest, list[Path]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A set, and two arms of two seeds."""
    folder = tmp_path_factory.mktemp("evaluation")
    manifest = make_set(folder / "set", n_patients=14, n_evaluate=8)
    runs = [
        finished_run(folder / f"{name}-{seed}", manifest, seed=seed, **settings)
        for name, settings in (("none", {}), ("gzpt", GZPT))
        for seed in (0, 1)
    ]
    return folder / "set", manifest, runs


@pytest.fixture(scope="module")
def evaluated(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("evaluated")
    tuning = FineTuning(learning_rates=(1e-3,), n_epochs=1, batch_size=8)
    evaluate(made[2], made[0], out, replace(QUICK, fine_tuning=tuning, is_comparison=True))
    return out


def test_an_evaluation_says_what_every_arm_scored(evaluated: Path) -> None:
    results = load_results(evaluated)
    assert [(arm.name, arm.pairs, arm.seeds) for arm in results.arms] == [
        ("From scratch", "", (0, 1)),
        ("BYOL, no gaze", "none", (0, 1)),
        ("BYOL + GzPT, TIMA", "gaze, TIMA", (0, 1)),
    ]
    assert results.arms[2].runs == ("gzpt-0", "gzpt-1")
    for arm in results.arms:
        assert {score.metric for score in arm.scores} == {
            "Malignant-vs-rest AUC",
            "Macro one-vs-rest AUC",
            "Balanced accuracy",
            "Accuracy",
        }
        assert {score.protocol for score in arm.scores} == {
            "kNN, k = 5",
            "kNN, k = 10",
            "kNN, k = 20",
            "Linear probe",
            "Fine-tuning",
        }
        assert arm.learning_rates == (1e-3,) * 4
        for score in arm.scores:
            assert 0 <= score.low <= score.high <= 1
            assert score.value == pytest.approx(np.mean(score.by_seed))
            assert len(score.by_seed) == 2


def test_an_evaluation_says_how_arms_differ(evaluated: Path) -> None:
    results = load_results(evaluated)
    assert [(d.arm, d.baseline, d.is_matched, d.seeds) for d in results.differences] == [
        ("BYOL + GzPT, TIMA", "BYOL, no gaze", True, (0, 1)),
        ("BYOL, no gaze", "From scratch", False, (0, 1)),
        ("BYOL + GzPT, TIMA", "From scratch", False, (0, 1)),
    ]
    scores = {arm.name: arm.scores for arm in results.arms}
    for difference in results.differences:
        for ours, a, b in zip(
            difference.scores, scores[difference.arm], scores[difference.baseline], strict=True
        ):
            assert ours.value == pytest.approx(a.value - b.value)
            assert ours.detectable is None or ours.detectable > 0


def test_the_report_stands_alone_and_says_what_it_may_not_claim(evaluated: Path) -> None:
    html = (evaluated / "report.html").read_text(encoding="utf-8")
    assert "prove nothing about radiologists" in html
    assert "A claim takes at least 5 pretraining seeds" in html
    assert html.index("What could be found at all") < html.index("Differences between arms")
    assert not re.search(r'(src|href)="(?!#)', html)  # nothing is fetched from elsewhere
    assert "BYOL + GzPT, TIMA" in html


def test_one_table_leaves_as_html_csv_and_latex(evaluated: Path) -> None:
    results = load_results(evaluated)
    with (evaluated / "comparison.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5 * 3
    last = next(row for row in rows if (row["protocol"], row["arm"]) == ("Linear probe", "BYOL + GzPT, TIMA"))
    score = next(s for s in results.arms[2].scores if (s.protocol, s.metric) == ("Linear probe", "Accuracy"))
    assert [float(last[f"Accuracy{part}"]) for part in ("", " low", " high")] == [
        score.value,
        score.low,
        score.high,
    ]
    assert (last["seeds"], last["pairs"], last["simulated gaze"]) == ("2", "gaze, TIMA", "yes")
    latex = (evaluated / "comparison.tex").read_text(encoding="utf-8")
    assert latex == as_latex(results)
    assert latex.startswith("% SIMULATED GAZE. ")
    assert r"\textbf{Simulated gaze.}" in latex
    lines = [line for line in latex.splitlines() if line.startswith("BYOL + GzPT")]
    assert len(lines) == 5
    assert all(line.count("&") == 6 and line.endswith(r"\\") for line in lines)
    html = (evaluated / "comparison.html").read_text(encoding="utf-8")
    assert html.count("BYOL + GzPT, TIMA</td>") == 5
    assert "Simulated gaze." in html
    assert not re.search(r'(src|href)="(?!#)', html)


def test_words_are_escaped_for_latex() -> None:
    assert escaped("50 % of a_b & {c} – d") == r"50 \% of a\_b \& \{c\} -- d"


def test_the_same_evaluation_gives_the_same_results(made: Made, tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        evaluate(made[2][:1], made[0], tmp_path / name, QUICK)
        written.append((tmp_path / name / "results.json").read_bytes())
    assert written[0] == written[1]


def cautions(made: Made, tmp_path: Path, runs: list[Path], **changes: object) -> str:
    evaluate(runs, made[0], tmp_path / "out", replace(QUICK, **changes))
    return " ".join(load_results(tmp_path / "out").cautions)


def test_arms_that_are_not_matched_are_told_and_not_compared(made: Made, tmp_path: Path) -> None:
    other = finished_run(tmp_path / "lars", made[1], optimiser="lars", seed=0, **GZPT)
    said = cautions(made, tmp_path, [made[2][0], other])
    assert "differs in more than its pairs from BYOL, no gaze, so that no difference is taken" in said
    assert "optimiser (lars against adamw)" in said
    assert not [d for d in load_results(tmp_path / "out").differences if d.is_matched]
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "No two arms differ in their pairs alone" in html


def test_gaze_that_made_no_pairs_is_told(made: Made, tmp_path: Path) -> None:
    run = finished_run(tmp_path / "gzpt", made[1], **GZPT)
    save_run(run, load_run(run).model_copy(update={"pairs_per_image": 0.0}))
    assert "BYOL + GzPT, TIMA had no pairs, since no two images lie above" in cautions(made, tmp_path, [run])


def test_seeds_that_only_one_arm_has_are_told(made: Made, tmp_path: Path) -> None:
    said = cautions(made, tmp_path, [made[2][0], *made[2][2:]])
    assert "do not share the seeds 1, which do not count" in said


def test_five_seeds_need_no_caution(made: Made, tmp_path: Path) -> None:
    runs = [finished_run(tmp_path / str(seed), made[1], seed=seed) for seed in range(5)]
    assert cautions(made, tmp_path, runs) == ""


def altered_set(made: Made, folder: Path, **changes: object) -> SetManifest:
    """A copy of the set, whose entries or files are others; sealed, as if it had been built so."""
    shutil.copytree(made[0], folder)
    return save_set(folder, load_set(folder).model_copy(update=changes))


def test_images_without_the_label_are_left_out_and_counted(made: Made, tmp_path: Path) -> None:
    first = made[1].of_part("evaluate")[0].id
    entries = [
        entry.model_copy(update={"labels": {}}) if entry.id == first else entry for entry in made[1].entries
    ]
    altered_set(made, tmp_path / "set", entries=tuple(entries))
    evaluate(made[2][:1], tmp_path / "set", tmp_path / "out", QUICK)
    results = load_results(tmp_path / "out")
    assert results.n_images == 15
    assert any("1 image was left out of the evaluation" in caution for caution in results.cautions)
    assert any("learnt from another set than they are judged on" in caution for caution in results.cautions)


def test_a_set_without_labels_gets_a_sentence(made: Made, tmp_path: Path) -> None:
    bare = [entry.model_copy(update={"labels": {}}) for entry in made[1].entries]
    altered_set(made, tmp_path / "bare", entries=tuple(bare))
    with pytest.raises(UserError, match="have no labels, so that nothing can be judged"):
        evaluate(made[2][:1], tmp_path / "bare", tmp_path / "out", QUICK)
    two = [entry.model_copy(update={"labels": {"a": "x", "b": "y"}}) for entry in made[1].entries]
    altered_set(made, tmp_path / "two", entries=tuple(two))
    with pytest.raises(UserError, match="several labels, a, b; choose one by --label"):
        evaluate(made[2][:1], tmp_path / "two", tmp_path / "out", QUICK)
    learnt = [
        entry if entry.part == "pretrain" else entry.model_copy(update={"labels": {}})
        for entry in made[1].entries
    ]
    altered_set(made, tmp_path / "learnt", entries=tuple(learnt))
    with pytest.raises(UserError, match="No evaluation image of the set has a label 'pathology'"):
        evaluate(made[2][:1], tmp_path / "learnt", tmp_path / "out", QUICK)


def test_one_class_and_too_few_patients_get_a_sentence(made: Made, tmp_path: Path) -> None:
    same = [entry.model_copy(update={"labels": {"pathology": "benign"}}) for entry in made[1].entries]
    altered_set(made, tmp_path / "set", entries=tuple(same))
    with pytest.raises(UserError, match="All evaluation images carry the label benign"):
        evaluate(made[2][:1], tmp_path / "set", tmp_path / "out", QUICK)
    with pytest.raises(UserError, match=r"patients have a .* image and there are 40 folds"):
        evaluate(made[2][:1], made[0], tmp_path / "out", replace(QUICK, n_folds=40))


def test_a_set_altered_after_it_was_built_is_refused(made: Made, tmp_path: Path) -> None:
    shutil.copytree(made[0], tmp_path / "set")
    text = (tmp_path / "set" / MANIFEST).read_text(encoding="utf-8")
    (tmp_path / "set" / MANIFEST).write_text(text.replace("malignant", "benign", 1), encoding="utf-8")
    with pytest.raises(UserError, match="altered after the set was built"):
        evaluate(made[2][:1], tmp_path / "set", tmp_path / "out", QUICK)


def test_an_altered_encoder_is_refused(made: Made, tmp_path: Path) -> None:
    save_run(tmp_path, load_run(made[2][0]))
    (tmp_path / "encoder.safetensors").write_bytes(b"other")
    with pytest.raises(UserError, match="missing or was altered"):
        evaluate([tmp_path], made[0], tmp_path / "out", QUICK)


def test_progress_only_grows_and_what_it_raises_stops_the_evaluation(made: Made, tmp_path: Path) -> None:
    told: list[float] = []
    evaluate(made[2][:1], made[0], tmp_path, QUICK, lambda done, _: told.append(done))
    assert told == sorted(told)
    assert told[-1] == 1.0

    class Cancelled(Exception):
        pass

    def cancel(done: float, message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        evaluate(made[2][:1], made[0], tmp_path / "none", QUICK, cancel)
    assert not (tmp_path / "none" / "results.json").exists()


def test_the_command_takes_runs_as_documented(made: Made, tmp_path: Path) -> None:
    words = ["--compare", *map(str, made[2][:2]), "--set", str(made[0]), "--out", str(tmp_path)]
    quick = ["--folds", "2", "--repeats", "1", "--bootstraps", "20", "--arm", "scratch:test_resnet@64"]
    done = CliRunner().invoke(app, [*words, *quick])
    assert done.exit_code == 0, done.output
    assert "BYOL, no gaze" in done.output
    assert {path.name for path in tmp_path.iterdir()} == {
        "results.json",
        "report.html",
        "comparison.html",
        "comparison.csv",
        "comparison.tex",
    }
    results: Results = load_results(tmp_path)
    assert [arm.seeds for arm in results.arms] == [(0, 1), (0, 1), (0, 1)]
    with pytest.raises(UserError, match="are of fine-tuning"):
        CliRunner().invoke(app, [*words, "--epochs", "3"], catch_exceptions=False, standalone_mode=False)
    with pytest.raises(UserError, match="A learning rate is above 0"):
        CliRunner().invoke(
            app,
            [*words, "--fine-tune", "--learning-rate", "0"],
            catch_exceptions=False,
            standalone_mode=False,
        )


def test_encoders_can_be_judged_without_any_run(made: Made, tmp_path: Path) -> None:
    arms = ("scratch:test_resnet@32", "scratch:test_vit@32")
    report = evaluate([], made[0], tmp_path, replace(QUICK, arms=arms))
    results = load_results(tmp_path)
    assert [arm.seeds for arm in results.arms] == [(0,), (0,)]
    assert results.differences == ()
    html = report.read_text(encoding="utf-8")
    assert "Evaluation of 2 encoders" in html
    assert "Training</h2>" not in html


def test_grades_have_an_error_and_classes_are_compared_in_pairs(made: Made, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    graded = [
        entry.model_copy(update={"labels": {"grade": str(rng.choice([0, 1, 3]))}})
        for entry in made[1].entries
    ]
    altered_set(made, tmp_path / "set", entries=tuple(graded))
    evaluate(made[2], tmp_path / "set", tmp_path / "out", replace(QUICK, is_comparison=True))
    results = load_results(tmp_path / "out")
    assert set(results.classes) == {"0", "1", "3"}
    metrics = {score.metric for score in results.arms[0].scores}
    assert {"Hand–Till one-vs-one AUC", "Mean absolute error of the grade"} <= metrics
    error = next(s for s in results.arms[0].scores if s.metric == "Mean absolute error of the grade")
    assert 0 <= error.low <= error.value <= error.high <= 3
    assert "Mean absolute error of the grade" in (tmp_path / "out" / "comparison.tex").read_text("utf-8")
