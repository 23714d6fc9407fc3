import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from acquisition.errors import UserError
from learning import pretraining as pretraining_module
from learning import training as training_module
from learning.augment import random_views
from learning.checkpoint import load_checkpoint
from learning.config import RunConfig, load_config, make_config, read_run_file
from learning.encoder import create_encoder, load_encoder
from learning.files import (
    Relation,
    SetManifest,
    load_metrics,
    load_relation,
    load_run,
    load_set,
    save_relation,
    save_run,
    save_set,
)
from learning.pretrain import app
from learning.pretraining import pretrain
from learning.records import CHECKPOINTS, ENCODER
from learning.stop import EXIT_CODE, Stopped
from learning.storage import file_hash
from tests.learning.sets import make_set

SmallSet = tuple[Path, SetManifest]


pytestmark = pytest.mark.usefixtures("one_thread")

METHODS = ("byol", "moco", "simsiam")


def tiny(**settings: object) -> RunConfig:
    base: dict[str, object] = {
        "backbone": "test_resnet",
        "image_size_px": 32,
        "batch_size": 6,
        "epochs": 1,
        "embedding": 32,
        "precision": "float32",
        "watch_every": 0,
    }
    return make_config(**(base | settings))


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / ENCODER)


def assert_same_weights(a: Path, b: Path) -> None:
    first, second = weights(a), weights(b)
    assert first.keys() == second.keys()
    for name in first:
        assert torch.equal(first[name], second[name]), name


def replace_relation(folder: Path, **changes: Any) -> None:
    """Swap a set's TIMA graph for an altered one, honestly hashed."""
    manifest = load_set(folder)
    name = manifest.relations["tima"]
    old = load_relation(folder / name)
    save_relation(folder / name, Relation(**(old.__dict__ | changes)))
    save_set(folder, manifest.model_copy(update={"files": manifest.files | {name: file_hash(folder / name)}}))


def test_a_run_leaves_an_encoder_that_timm_takes(small_set: SmallSet, tmp_path: Path) -> None:
    folder, manifest = small_set
    record = pretrain(
        folder, tmp_path / "run", tiny(backbone="resnet18", gaze="gzpt", pair_rate=0.3, watch_every=1)
    )
    timm.create_model("resnet18", in_chans=1, num_classes=0).load_state_dict(
        weights(tmp_path / "run"), strict=True
    )
    assert record == load_run(tmp_path / "run")
    assert record.set_sha256 == manifest.learnt_sha256
    assert set(record.patients) == {entry.patient for entry in manifest.of_part("pretrain")}
    assert record.threshold is not None
    assert record.pair_rate == pytest.approx(0.3, abs=0.02)
    (epoch,) = load_metrics(tmp_path / "run")
    assert -4 <= epoch.loss <= 4
    assert epoch.pairs_per_anchor > 0
    assert epoch.pair_purity is not None
    assert epoch.knn_auc is not None
    assert load_config(tmp_path / "run").gaze == "gzpt"


@pytest.mark.parametrize("method", METHODS)
def test_gaze_with_an_identity_relation_equals_no_gaze_bit_for_bit(method: str, tmp_path: Path) -> None:
    make_set(tmp_path / "set")
    nothing = np.empty(0, np.int32)
    replace_relation(tmp_path / "set", rows=nothing, columns=nothing, values=nothing.astype(np.float32))
    # Two epochs: MoCo's queue holds older keys of the same images by then.
    pretrain(tmp_path / "set", tmp_path / "none", tiny(method=method, epochs=2))
    pretrain(tmp_path / "set", tmp_path / "gzpt", tiny(method=method, epochs=2, gaze="gzpt", threshold=0.5))
    assert_same_weights(tmp_path / "none", tmp_path / "gzpt")


@pytest.mark.parametrize("method", METHODS)
def test_gzpt_that_drops_nothing_equals_mcgip(method: str, small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    settings: dict[str, object] = {"method": method, "epochs": 2, "pair_rate": 0.3}
    pretrain(folder, tmp_path / "gzpt", tiny(gaze="gzpt", drop_probability=0, **settings))
    pretrain(folder, tmp_path / "mcgip", tiny(gaze="mcgip", **settings))
    assert_same_weights(tmp_path / "gzpt", tmp_path / "mcgip")


@pytest.mark.parametrize("method", METHODS)
def test_gzpt_that_drops_nothing_equals_labels_where_the_graph_is_the_labels(
    method: str, tmp_path: Path
) -> None:
    manifest = make_set(tmp_path / "set")
    relation = load_relation(tmp_path / "set" / manifest.relations["tima"])
    label = {entry.id: entry.labels["pathology"] for entry in manifest.entries}
    classes = np.array([label[image_id] for image_id in relation.ids.tolist()])
    rows, columns = np.triu_indices(len(classes), 1)
    values = (classes[rows] == classes[columns]).astype(np.float32)
    replace_relation(
        tmp_path / "set", rows=rows.astype(np.int32), columns=columns.astype(np.int32), values=values
    )
    settings: dict[str, object] = {"method": method, "epochs": 2}
    by_gaze = pretrain(
        tmp_path / "set",
        tmp_path / "gzpt",
        tiny(gaze="gzpt", threshold=0.5, drop_probability=0, **settings),
    )
    by_label = pretrain(tmp_path / "set", tmp_path / "labels", tiny(gaze="labels", **settings))
    assert_same_weights(tmp_path / "gzpt", tmp_path / "labels")
    assert by_gaze.pair_rate == by_label.pair_rate
    assert load_metrics(tmp_path / "labels")[0].pair_purity == 1
    assert by_label.scheme is None


def test_label_pairs_can_be_as_many_as_those_of_gaze(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    gaze = pretrain(folder, tmp_path / "gaze", tiny(gaze="mcgip", pair_rate=0.3))
    labels = pretrain(folder, tmp_path / "labels", tiny(gaze="labels", pair_rate=0.3))
    assert labels.pair_rate == gaze.pair_rate


def test_random_pairs_are_as_many_as_those_of_gaze(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    gaze, random = (
        pretrain(folder, tmp_path / name, tiny(gaze=name, pair_rate=0.3)) for name in ("gzpt", "random")
    )
    assert (random.pair_rate, random.threshold) == (gaze.pair_rate, gaze.threshold)
    assert random.pairs_per_image == gaze.pairs_per_image != 0
    with pytest.raises(AssertionError):
        assert_same_weights(tmp_path / "gzpt", tmp_path / "random")


def test_images_need_not_be_square(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    for backbone in ("test_resnet", "test_vit"):
        record = pretrain(
            folder, tmp_path / backbone, tiny(backbone=backbone, image_size_px="64x32", watch_every=1)
        )
        assert record.image_size_px == (64, 32)
        load_encoder(tmp_path / backbone / ENCODER, backbone, (64, 32))
    assert load_config(tmp_path / "test_vit").image_size_px == (64, 32)


def test_settings_of_the_machine_may_change_on_the_way(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    pretrain(folder, tmp_path / "whole", tiny(epochs=2))
    calls = iter(range(1, 99))
    with pytest.raises(Stopped):
        pretrain(folder, tmp_path / "run", tiny(epochs=2), should_stop=lambda: next(calls) == 2)
    # The images from their file, and with events: the same weights.
    pretrain(folder, tmp_path / "run", tiny(epochs=2, memory_gib=0, tensorboard=True), resume=True)
    assert_same_weights(tmp_path / "whole", tmp_path / "run")
    assert list((tmp_path / "run" / "tensorboard").iterdir())


class Killed(Exception):
    pass


@pytest.mark.parametrize("method", METHODS)
def test_a_killed_run_resumes_to_the_same_weights(
    method: str, small_set: SmallSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = small_set
    config = tiny(method=method, epochs=3, gaze="gzpt", pair_rate=0.3)
    pretrain(folder, tmp_path / "whole", config)

    monkeypatch.setattr(pretraining_module, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)

    def kill(fraction: float, message: str) -> None:
        if message == "epoch 3 of 3":
            raise Killed

    with pytest.raises(Killed):
        pretrain(folder, tmp_path / "killed", config, progress=kill)
    assert len(load_metrics(tmp_path / "killed")) == 2
    pretrain(folder, tmp_path / "killed", config, resume=True)
    assert_same_weights(tmp_path / "whole", tmp_path / "killed")
    assert [line.epoch for line in load_metrics(tmp_path / "killed")] == [0, 1, 2]
    losses = [[line.loss for line in load_metrics(tmp_path / name)] for name in ("whole", "killed")]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_steps", [1, 2, 3])
def test_a_run_that_is_asked_to_stop_keeps_every_step(
    method: str, n_steps: int, small_set: SmallSet, tmp_path: Path
) -> None:
    folder, _ = small_set
    config = tiny(method=method, epochs=2, batch_size=4, gaze="gzpt", pair_rate=0.3, queue_size=10)
    pretrain(folder, tmp_path / "whole", config)
    steps = iter(range(1, 99))
    with pytest.raises(Stopped, match="asked to stop in epoch 1; go on with it by --resume"):
        pretrain(folder, tmp_path / "run", config, should_stop=lambda: next(steps) == n_steps)
    assert not (tmp_path / "run" / ENCODER).exists()
    pretrain(folder, tmp_path / "run", config, resume=True)
    assert_same_weights(tmp_path / "whole", tmp_path / "run")
    for name in ("loss", "pairs_per_anchor", "embedding_spread", "learning_rate"):
        whole, resumed = (
            [getattr(line, name) for line in load_metrics(tmp_path / folder)] for folder in ("whole", "run")
        )
        assert whole == resumed


def test_sigterm_ends_the_command_with_a_checkpoint_and_its_own_exit_code(
    small_set: SmallSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = small_set
    words = f"{folder} --backbone test_resnet --image-size 32 --batch-size 4 --epochs 2 --gaze gzpt --json"
    assert CliRunner().invoke(app, [*words.split(), "--out", str(tmp_path / "whole")]).exit_code == 0
    calls = iter(range(99))

    def views(*arguments: Any) -> torch.Tensor:
        if next(calls) == 9:  # the fifth step's second view
            signal.raise_signal(signal.SIGTERM)
        return random_views(*arguments)

    monkeypatch.setattr(training_module, "random_views", views)
    stopped = CliRunner().invoke(app, [*words.split(), "--out", str(tmp_path / "run")])
    assert stopped.exit_code == EXIT_CODE
    assert "asked to stop in epoch 2" in stopped.stderr
    assert len(load_metrics(tmp_path / "run")) == 1
    resumed = CliRunner().invoke(app, [*words.split(), "--out", str(tmp_path / "run"), "--resume"])
    assert resumed.exit_code == 0
    assert_same_weights(tmp_path / "whole", tmp_path / "run")


# A run that is asked to stop within a batch that never ends; what was before it is saved.
STUCK = """
import signal, sys, threading, torch
from learning import pretraining, stop, training
from learning.pretrain import app
torch.set_num_threads(1)
stop.PATIENCE_S, pretraining.SECONDS_BETWEEN_CHECKPOINTS = 0.1, 0.0
views, calls = training.random_views, iter(range(99))
def stuck(*arguments):
    if next(calls) == 9:  # the fifth step's second view
        signal.raise_signal(signal.SIGTERM)
        threading.Event().wait()
    return views(*arguments)
training.random_views = stuck
app()
"""


def test_a_batch_that_takes_too_long_is_given_up_and_done_again(small_set: SmallSet, tmp_path: Path) -> None:
    words = f"{small_set[0]} --backbone test_resnet --image-size 32 --batch-size 4 --epochs 2 --gaze gzpt"
    run = [*words.split(), "--json", "--out", str(tmp_path / "run")]
    done = subprocess.run([sys.executable, "-c", STUCK, *run], capture_output=True, text=True, check=False)
    assert done.returncode == EXIT_CODE, done.stderr
    assert "ended where it was last saved; go on with it by --resume" in " ".join(done.stderr.split())
    # Four of its six steps are done: the first of the second epoch is the last.
    assert (tmp_path / "run" / CHECKPOINTS / "epoch-00001-00000004.pt").is_file()
    assert CliRunner().invoke(app, [*run, "--resume"]).exit_code == 0
    assert CliRunner().invoke(app, [*run[:-1], str(tmp_path / "whole")]).exit_code == 0
    assert_same_weights(tmp_path / "whole", tmp_path / "run")


@pytest.mark.parametrize("is_stopped", [True, False])
def test_a_compiler_that_the_signal_ends_is_no_bug(
    is_stopped: bool, small_set: SmallSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        if is_stopped:
            signal.raise_signal(signal.SIGTERM)
        raise RuntimeError("g++ died of signal 15")

    monkeypatch.setattr(pretraining_module, "compile_networks", lambda *_: None)
    monkeypatch.setattr(training_module, "random_views", broken)
    words = f"{small_set[0]} --backbone test_resnet --image-size 32 --batch-size 4 --epochs 1 --compile"
    done = CliRunner().invoke(app, [*words.split(), "--out", str(tmp_path / "run")])
    if is_stopped:
        assert done.exit_code == EXIT_CODE
        assert "asked to stop while torch compiled" in done.stderr
    else:
        assert isinstance(done.exception, RuntimeError)


@pytest.mark.parametrize("n_batches", range(1, 6))
def test_accumulated_batches_are_one_step_that_can_be_stopped_within(
    n_batches: int, small_set: SmallSet, tmp_path: Path
) -> None:
    folder, _ = small_set
    # 12 images are three batches and thus two steps an epoch, the second of one batch.
    config = tiny(epochs=2, batch_size=4, accumulate=2, gaze="gzpt", pair_rate=0.3)
    pretrain(folder, tmp_path / "whole", config)
    batches = iter(range(1, 99))
    with pytest.raises(Stopped, match=f"in epoch {(n_batches - 1) // 3 + 1}"):
        pretrain(folder, tmp_path / "run", config, should_stop=lambda: next(batches) == n_batches)
    pretrain(folder, tmp_path / "run", config, resume=True)
    assert_same_weights(tmp_path / "whole", tmp_path / "run")


def test_a_finished_run_is_only_looked_up(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    first = pretrain(folder, tmp_path / "run", tiny())
    written = (tmp_path / "run" / ENCODER).stat().st_mtime_ns
    assert pretrain(folder, tmp_path / "run", tiny(), resume=True) == first
    assert (tmp_path / "run" / ENCODER).stat().st_mtime_ns == written


def test_a_run_knows_what_its_first_weights_learnt_from(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    first = pretrain(folder, tmp_path / "first", tiny())
    told = first.model_copy(update={"patients": ("elsewhere",)})
    save_run(tmp_path / "first", told)
    file = tmp_path / "first" / ENCODER
    record = pretrain(folder, tmp_path / "second", tiny(init=str(file)))
    assert set(record.patients) == {"elsewhere", *first.patients}
    assert record.is_past_known

    found = tmp_path / "found.safetensors"
    found.write_bytes(file.read_bytes())
    unknown = pretrain(folder, tmp_path / "third", tiny(init=str(found)))
    assert (unknown.patients, unknown.is_past_known) == (first.patients, False)
    after = pretrain(folder, tmp_path / "fourth", tiny(start_from=str(tmp_path / "third")))
    assert not after.is_past_known


def test_runs_that_go_on_from_matched_ones_are_matched(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    for name, settings in {"a": {}, "b": {"seed": 1}, "c": {"learning_rate": 0.01}}.items():
        pretrain(folder, tmp_path / name, tiny(**settings))
    a, b, c = (
        pretrain(folder, tmp_path / f"{name}2", tiny(start_from=str(tmp_path / name))).start_conditions
        for name in "abc"
    )
    assert a is not None
    assert a == b
    assert a != c


def test_runs_start_from_the_networks_of_another(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    pretrain(folder, tmp_path / "warm", tiny())
    start = str(tmp_path / "warm")
    record = pretrain(folder, tmp_path / "plain", tiny(start_from=start))
    assert record.n_epochs == 2
    pretrain(folder, tmp_path / "again", tiny(start_from=start))
    assert_same_weights(tmp_path / "plain", tmp_path / "again")
    assert (record.start_gaze, record.precision) == ("none", "float32")
    taught = pretrain(folder, tmp_path / "taught", tiny(start_from=start, gaze="gzpt", pair_rate=0.3))
    after = pretrain(folder, tmp_path / "after", tiny(start_from=str(tmp_path / "taught")))
    third = pretrain(folder, tmp_path / "third", tiny(start_from=str(tmp_path / "after")))
    assert (taught.start_gaze, after.start_gaze, third.start_gaze) == ("none", "gzpt", "gzpt")
    state = torch.load(next((tmp_path / "warm" / CHECKPOINTS).glob("*.pt")), weights_only=True)["method"]
    assert any(name.startswith("predictor") for name in state)
    assert any(name.startswith("target") for name in state)


def test_an_arm_goes_on_from_its_warm_up_as_if_nothing_had_been(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    pretrain(folder, tmp_path / "whole", tiny(epochs=3))
    pretrain(folder, tmp_path / "warm", tiny(epochs=2, schedule_epochs=3))
    pretrain(folder, tmp_path / "rest", tiny(epochs=1, start_from=str(tmp_path / "warm")))
    assert_same_weights(tmp_path / "whole", tmp_path / "rest")


def test_an_optimiser_goes_on_with_the_options_of_its_own_run(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    start = {"start_from": str(tmp_path / "warm")}
    pretrain(folder, tmp_path / "warm", tiny(schedule_epochs=9, weight_decay=0.0))
    pretrain(folder, tmp_path / "same", tiny(**start, schedule_epochs=9, weight_decay=0.0))
    pretrain(folder, tmp_path / "other", tiny(**start, schedule_epochs=9, weight_decay=0.5))
    with pytest.raises(AssertionError):
        assert_same_weights(tmp_path / "same", tmp_path / "other")
    with pytest.raises(UserError, match="in the middle of its schedules with adamw"):
        pretrain(folder, tmp_path / "sgd", tiny(**start, schedule_epochs=9, optimiser="sgd"))


def test_schedules_that_end_before_the_run_are_refused(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    with pytest.raises(UserError, match="Schedules of 2 epochs end before the run does, which comes to 3"):
        pretrain(folder, tmp_path / "run", tiny(epochs=3, schedule_epochs=2))


def test_a_run_whose_graph_has_no_pairs_above_its_threshold_is_told(
    small_set: SmallSet, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder, _ = small_set
    record = pretrain(folder, tmp_path / "run", tiny(gaze="gzpt", threshold=1.0))
    assert record.pairs_per_image == 0
    assert "no pairs under these settings" in caplog.text


def test_pairs_by_another_label_are_another_run() -> None:
    by_density = tiny(gaze="labels", label="density")
    assert not by_density.learns_as(tiny(gaze="labels", label="pathology"))
    assert tiny(label="density").learns_as(tiny(label="pathology"))


def test_a_graph_may_be_added_between_two_arms(tmp_path: Path) -> None:
    manifest = make_set(tmp_path / "set")
    gaze = tiny(gaze="gzpt", pair_rate=0.3)
    first = pretrain(tmp_path / "set", tmp_path / "tima", gaze)
    graph = load_relation(tmp_path / "set" / manifest.relations["tima"])
    name = "relations/moments.npz"
    save_relation(tmp_path / "set" / name, replace(graph, scheme="moments"))
    files = manifest.files | {name: file_hash(tmp_path / "set" / name)}
    relations = manifest.relations | {"moments": name}
    save_set(tmp_path / "set", manifest.model_copy(update={"files": files, "relations": relations}))
    moments = tiny(gaze="gzpt", scheme="moments", pair_rate=0.3)
    other = pretrain(tmp_path / "set", tmp_path / "moments", moments)
    assert other.set_sha256 == first.set_sha256
    assert pretrain(tmp_path / "set", tmp_path / "tima", gaze, resume=True) == first

    replace_relation(tmp_path / "set", values=graph.values[::-1].copy())
    with pytest.raises(UserError, match="holds a run on another graph of this set"):
        pretrain(tmp_path / "set", tmp_path / "tima", gaze, resume=True)


def test_what_a_folder_holds_is_not_overwritten(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    pretrain(folder, tmp_path / "run", tiny())
    with pytest.raises(UserError, match="already holds a run"):
        pretrain(folder, tmp_path / "run", tiny())
    with pytest.raises(UserError, match="other settings"):
        pretrain(folder, tmp_path / "run", tiny(epochs=2), resume=True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": 64}, "12 images to learn from, fewer than a batch of 64"),
        ({"gaze": "gzpt", "scheme": "moments"}, "has no moments graph; make one with"),
        ({"backbone": "resnet19"}, "no backbone 'resnet19'"),
        ({"augmentation": "origami"}, "no augmentation 'origami'"),
        ({"label": "colour"}, "has a label 'colour'; it has pathology"),
        ({"start_from": "nowhere"}, "nowhere holds no finished run"),
    ],
)
def test_bad_input_gets_a_sentence(
    settings: dict[str, object], words: str, small_set: SmallSet, tmp_path: Path
) -> None:
    folder, _ = small_set
    with pytest.raises(UserError, match=words):
        pretrain(folder, tmp_path / "run", tiny(**settings))


def test_a_threshold_below_the_floor_is_refused(tmp_path: Path) -> None:
    make_set(tmp_path / "set")
    replace_relation(tmp_path / "set", floor=0.8)
    with pytest.raises(UserError, match=r"threshold 0\.7 lies below 0\.8"):
        pretrain(tmp_path / "set", tmp_path / "run", tiny(gaze="gzpt", threshold=0.7))


def test_a_graph_of_other_images_is_refused(tmp_path: Path) -> None:
    make_set(tmp_path / "set")
    ids = load_relation(tmp_path / "set" / "relations" / "tima.npz").ids.copy()
    ids[0] = "x" * 16
    replace_relation(tmp_path / "set", ids=ids)
    with pytest.raises(UserError, match="does not belong to this set"):
        pretrain(tmp_path / "set", tmp_path / "run", tiny(gaze="gzpt", pair_rate=0.1))


def test_a_loss_that_is_no_number_stops_the_run(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    with pytest.raises(UserError, match=r"epoch 1 is not a number\. Choose a lower learning rate"):
        pretrain(folder, tmp_path / "run", tiny(learning_rate=1e30, epochs=3))
    assert not (tmp_path / "run" / ENCODER).exists()


def test_a_loss_that_becomes_no_number_leaves_the_last_sound_state(
    small_set: SmallSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, steps = tiny(batch_size=4, epochs=3), iter(range(99))

    def views(*arguments: Any) -> torch.Tensor:
        seen = random_views(*arguments)
        return seen * torch.nan if next(steps) == 9 else seen  # the fifth step's second view

    monkeypatch.setattr(pretraining_module, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    monkeypatch.setattr(training_module, "random_views", views)
    with pytest.raises(UserError, match=r"epoch 2 is not a number; the last sound state is in .*checkpoints"):
        pretrain(small_set[0], tmp_path / "run", config)
    found = load_checkpoint(tmp_path / "run" / CHECKPOINTS)
    assert found is not None
    n_epochs, state = found
    assert (n_epochs, state["place"]["n_done"]) == (1, 4)
    assert all(each.isfinite().all() for each in state["method"].values())
    # It was an accident: the run goes on from there.
    pretrain(small_set[0], tmp_path / "run", config, resume=True)
    monkeypatch.undo()
    pretrain(small_set[0], tmp_path / "whole", config)
    assert_same_weights(tmp_path / "whole", tmp_path / "run")


def test_one_class_alone_makes_no_label_pairs(tmp_path: Path) -> None:
    manifest = make_set(tmp_path / "set")
    entries = [
        entry.model_copy(update={"labels": {"pathology": "benign"}}) if entry.part == "pretrain" else entry
        for entry in manifest.entries
    ]
    save_set(tmp_path / "set", manifest.model_copy(update={"entries": tuple(entries)}))
    with pytest.raises(UserError, match=r"labelled images to learn from in .* are benign, so that a label"):
        pretrain(tmp_path / "set", tmp_path / "run", tiny(gaze="labels"))


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(UserError, match="not both"):
        make_config(threshold=0.9, pair_rate=0.1)
    with pytest.raises(UserError, match="gaze"):
        make_config(gaze="telepathy")


def test_the_command_prints_one_json_document(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    words = (
        f"{folder} --out {tmp_path / 'run'} --backbone test_resnet --image-size 32 --batch-size 6 --epochs 1"
    )
    words += " --gaze gzpt --pair-rate 0.2 --json"
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["pair_rate"] == pytest.approx(0.2, abs=0.02)
    refused = CliRunner().invoke(app, [str(tmp_path), "--out", str(tmp_path / "other")])
    assert isinstance(refused.exception, UserError)
    assert "is no pretraining set" in str(refused.exception)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("run.toml", 'method = "moco"\ngaze = "gzpt"\npair_rate = 0.2\nqueue_size = 10\n'),
        ("run.yaml", "method: moco\ngaze: gzpt\npair_rate: 0.2\nqueue_size: 10\n"),
    ],
)
def test_settings_come_from_a_preset_a_file_and_the_line_in_that_order(
    name: str, text: str, small_set: SmallSet, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    words = f"{small_set[0]} --out {tmp_path / 'run'} --preset tufts-byol-mcgip-resnet50 --run-file"
    words += f" {tmp_path / name} --backbone test_resnet --image-size 32 --batch-size 6 --epochs 1"
    words += " --scheme tima --init random --queue-size 12 --json"
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 0, done.output
    assert "queue_size = 12" in done.stderr
    config = load_config(tmp_path / "run")
    assert (config.method, config.gaze, config.queue_size, config.backbone) == (
        "moco",
        "gzpt",
        12,
        "test_resnet",
    )
    assert (config.pair_rate, config.threshold, config.accumulate) == (0.2, None, 16)


def test_a_bad_run_file_gets_a_sentence(tmp_path: Path) -> None:
    for name, text, words in (
        ("a.toml", "epochs = = 3", "cannot be read as a run file"),
        ("b.yaml", "[1, 2", "cannot be read as a run file"),
        ("c.yaml", "just words", "holds no settings by name"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=words):
            read_run_file(tmp_path / name)
    with pytest.raises(UserError, match="cannot be read as a run file"):
        read_run_file(tmp_path / "missing.toml")
    with pytest.raises(UserError, match=r"do not work: epoch: Extra inputs"):
        make_config(epoch=3)


def test_weights_to_begin_with_are_taken_whole_or_refused(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    pretrain(folder, tmp_path / "run", tiny())
    file = tmp_path / "run" / ENCODER
    encoder = create_encoder("test_resnet", 32, str(file))
    for name, tensor in encoder.state_dict().items():
        assert torch.equal(tensor, weights(tmp_path / "run")[name])
    torch.save(weights(tmp_path / "run"), tmp_path / "plain.pt")
    create_encoder("test_resnet", 32, str(tmp_path / "plain.pt"))
    torch.save({"model": Path("a foreign object")}, tmp_path / "foreign.pt")
    with pytest.raises(UserError, match="holds more than tensors and was not opened"):
        create_encoder("test_resnet", 32, str(tmp_path / "foreign.pt"))
    with pytest.raises(UserError, match="does not hold a resnet18: 64 of its 120 weights are missing"):
        create_encoder("resnet18", 32, str(file))
    partly = weights(tmp_path / "run")
    partly.pop("conv1.weight" if "conv1.weight" in partly else next(iter(partly)))
    torch.save(partly, tmp_path / "partly.pt")
    with pytest.raises(UserError, match=r"1 of its .* weights are missing"):
        create_encoder("test_resnet", 32, str(tmp_path / "partly.pt"))
    torch.save({"weights": weights(tmp_path / "run")}, tmp_path / "nested.pt")
    with pytest.raises(UserError, match="holds no tensors by name"):
        create_encoder("test_resnet", 32, str(tmp_path / "nested.pt"))
    torch.save(weights(tmp_path / "run") | {"neck.weight": torch.zeros(3)}, tmp_path / "more.pt")
    with pytest.raises(UserError, match=r"1 weights too many \(neck.weight\)"):
        create_encoder("test_resnet", 32, str(tmp_path / "more.pt"))
    with pytest.raises(UserError, match="does not hold a resnet18"):
        create_encoder("resnet18", 32, str(tmp_path / "nowhere.safetensors"))
