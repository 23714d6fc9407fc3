"""Patients and pictures that must not reach an encoder before it is judged on them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from acquisition.errors import UserError
from learning.evaluation.judging import Protocol, evaluate
from learning.files import SetManifest, load_results, load_run, load_set, save_run, save_set
from learning.storage import file_hash
from tests.learning.made_up import finished_run
from tests.learning.sets import make_set

QUICK = Protocol(n_folds=2, n_repeats=1, n_bootstraps=50)
Made = tuple[Path, SetManifest, Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A set, and a run on it."""
    folder = tmp_path_factory.mktemp("leakage")
    manifest = make_set(folder / "set", n_patients=14, n_evaluate=8)
    return folder / "set", manifest, finished_run(folder / "run", manifest)


@pytest.fixture
def judged_on_learnt(made: Made, tmp_path: Path) -> Path:
    """The set with two of the patients to learn from among those to judge on."""
    shutil.copytree(made[0], tmp_path / "set")
    entries = [
        entry.model_copy(update={"part": "evaluate"}) if int(entry.patient) >= 4 else entry
        for entry in made[1].entries
    ]
    save_set(tmp_path / "set", load_set(tmp_path / "set").model_copy(update={"entries": tuple(entries)}))
    return tmp_path / "set"


def words_of(report: Path) -> str:
    return " ".join(report.read_text(encoding="utf-8").split())


def test_patients_that_an_encoder_learnt_from_are_refused_unless_declared(
    made: Made, judged_on_learnt: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="learnt from 2 of the patients it would be judged on"):
        evaluate([made[2]], judged_on_learnt, tmp_path / "out", QUICK)
    declared = replace(QUICK, may_share_patients=True)
    report = evaluate([made[2]], judged_on_learnt, tmp_path / "out", declared)
    assert load_results(tmp_path / "out").shares_patients_with_pretraining
    assert "flatter the encoders" in report.read_text(encoding="utf-8")


def test_the_file_of_a_run_is_no_way_around(made: Made, judged_on_learnt: Path, tmp_path: Path) -> None:
    arm = f"{made[2]}/encoder.safetensors:test_resnet@32"
    with pytest.raises(UserError, match="learnt from 2 of the patients it would be judged on"):
        evaluate([], judged_on_learnt, tmp_path / "out", replace(QUICK, arms=(arm,)))


def test_weights_of_which_no_run_tells_are_named_and_nothing_is_claimed(made: Made, tmp_path: Path) -> None:
    shutil.copy(made[2] / "encoder.safetensors", tmp_path / "found.safetensors")
    arm = f"{tmp_path}/found.safetensors:test_resnet@32"
    report = evaluate([made[2]], made[0], tmp_path / "out", replace(QUICK, arms=(arm,)))
    results = load_results(tmp_path / "out")
    assert not results.past_is_known
    assert "No run tells what the weights of found, test_resnet learnt from" in " ".join(results.cautions)
    assert "that no encoder learnt from" not in words_of(report)


def test_what_runs_tell_of_is_claimed(made: Made, tmp_path: Path) -> None:
    report = evaluate([made[2]], made[0], tmp_path / "out", QUICK)
    assert load_results(tmp_path / "out").past_is_known
    assert "patients that no encoder learnt from, judged" in words_of(report)


def test_a_run_that_began_with_unknown_weights_says_so(made: Made, tmp_path: Path) -> None:
    run = finished_run(tmp_path / "run", made[1])
    save_run(run, load_run(run).model_copy(update={"is_past_known": False}))
    evaluate([run], made[0], tmp_path / "out", QUICK)
    assert not load_results(tmp_path / "out").past_is_known


def test_a_picture_under_two_patients_is_leakage_too(made: Made, tmp_path: Path) -> None:
    learnt, judged = made[1].of_part("pretrain")[0], made[1].of_part("evaluate")[0]
    folder = tmp_path / "set"
    shutil.copytree(made[0], folder)
    shutil.copyfile(folder / learnt.file, folder / judged.file)
    files = dict(made[1].files) | {judged.file: file_hash(folder / judged.file)}
    manifest = save_set(folder, made[1].model_copy(update={"files": files}))
    run = finished_run(tmp_path / "run", manifest)
    with pytest.raises(UserError, match="learnt from 1 pictures that it would be judged on"):
        evaluate([run], folder, tmp_path / "out", QUICK)
