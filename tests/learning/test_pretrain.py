import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from acquisition.errors import UserError
from learning import pretrain as pretrain_module
from learning.config import RunConfig, load_config, make_config
from learning.files import (
    Relation,
    SetManifest,
    load_metrics,
    load_relation,
    load_run,
    load_set,
    save_relation,
    save_set,
)
from learning.pretrain import app, pretrain
from learning.records import CHECKPOINTS, ENCODER
from learning.storage import file_hash
from tests.learning.sets import make_set

SmallSet = tuple[Path, SetManifest]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny(**settings: object) -> RunConfig:
    base: dict[str, object] = {
        "backbone": "test_resnet",
        "image_size_px": 32,
        "batch_size": 6,
        "epochs": 1,
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
    assert record.set_sha256 == manifest.sha256
    assert set(record.patients) == {entry.patient for entry in manifest.of_part("pretrain")}
    assert record.threshold is not None
    assert record.pair_rate == pytest.approx(0.3, abs=0.02)
    (epoch,) = load_metrics(tmp_path / "run")
    assert -4 <= epoch.loss <= 4
    assert epoch.pairs_per_anchor > 0
    assert epoch.pair_purity is not None
    assert epoch.knn_auc is not None
    assert load_config(tmp_path / "run").gaze == "gzpt"


def test_gaze_with_an_identity_relation_equals_no_gaze_bit_for_bit(tmp_path: Path) -> None:
    make_set(tmp_path / "set")
    nothing = np.empty(0, np.int32)
    replace_relation(tmp_path / "set", rows=nothing, columns=nothing, values=nothing.astype(np.float32))
    pretrain(tmp_path / "set", tmp_path / "none", tiny())
    pretrain(tmp_path / "set", tmp_path / "gzpt", tiny(gaze="gzpt", threshold=0.5))
    assert_same_weights(tmp_path / "none", tmp_path / "gzpt")


def test_gzpt_that_drops_nothing_equals_mcgip(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    pretrain(folder, tmp_path / "gzpt", tiny(gaze="gzpt", pair_rate=0.3, drop_probability=0))
    pretrain(folder, tmp_path / "mcgip", tiny(gaze="mcgip", pair_rate=0.3))
    assert_same_weights(tmp_path / "gzpt", tmp_path / "mcgip")


def test_random_pairs_are_as_many_as_those_of_gaze(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    gaze, random = (
        pretrain(folder, tmp_path / name, tiny(gaze=name, pair_rate=0.3)) for name in ("gzpt", "random")
    )
    assert (random.pair_rate, random.threshold) == (gaze.pair_rate, gaze.threshold)
    with pytest.raises(AssertionError):
        assert_same_weights(tmp_path / "gzpt", tmp_path / "random")


class Killed(Exception):
    pass


def test_a_killed_run_resumes_to_the_same_weights(
    small_set: SmallSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = small_set
    config = tiny(epochs=3, gaze="gzpt", pair_rate=0.3)
    pretrain(folder, tmp_path / "whole", config)

    monkeypatch.setattr(pretrain_module, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)

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


def test_a_finished_run_is_only_looked_up(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    first = pretrain(folder, tmp_path / "run", tiny())
    written = (tmp_path / "run" / ENCODER).stat().st_mtime_ns
    assert pretrain(folder, tmp_path / "run", tiny(), resume=True) == first
    assert (tmp_path / "run" / ENCODER).stat().st_mtime_ns == written


def test_runs_start_from_the_networks_of_another(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    pretrain(folder, tmp_path / "warm", tiny())
    start = str(tmp_path / "warm")
    record = pretrain(folder, tmp_path / "plain", tiny(start_from=start))
    assert record.n_epochs == 2
    pretrain(folder, tmp_path / "again", tiny(start_from=start))
    assert_same_weights(tmp_path / "plain", tmp_path / "again")
    state = torch.load(next((tmp_path / "warm" / CHECKPOINTS).glob("*.pt")), weights_only=True)["method"]
    assert any(name.startswith("predictor") for name in state)
    assert any(name.startswith("target") for name in state)


def test_an_arm_goes_on_from_its_warm_up_as_if_nothing_had_been(small_set: SmallSet, tmp_path: Path) -> None:
    folder, _ = small_set
    pretrain(folder, tmp_path / "whole", tiny(epochs=3))
    pretrain(folder, tmp_path / "warm", tiny(epochs=2, schedule_epochs=3))
    pretrain(folder, tmp_path / "rest", tiny(epochs=1, start_from=str(tmp_path / "warm")))
    assert_same_weights(tmp_path / "whole", tmp_path / "rest")


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
    with pytest.raises(UserError, match="not a number; choose a lower learning rate"):
        pretrain(folder, tmp_path / "run", tiny(learning_rate=1e30, epochs=3))
    assert not (tmp_path / "run" / ENCODER).exists()


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
