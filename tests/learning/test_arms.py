"""Arms side by side: matched, resumed, stopped."""

from pathlib import Path

import pytest
import torch

from acquisition.errors import UserError
from learning.arms import run_arms
from learning.config import Gaze, load_config, make_config
from learning.evaluation.judging import choose_arms, compared
from learning.files import SetManifest, load_run
from tests.learning.sets import make_set

Arms = tuple[Path, list[Path], list[tuple[float, str]]]


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
    assert len([a for a, b in compared(choose_arms(runs, ())) if a and b]) == 3
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
    assert records[0].pairs_per_image == records[2].pairs_per_image
    with pytest.raises(UserError, match="arms of labels need a pair rate"):
        run_arms(tmp_path / "set", tmp_path / "x", ("labels",), config.model_copy(update={"threshold": 0.9}))


def test_what_mcgip_is_compared_with_drops_none_either(tmp_path: Path) -> None:
    make_set(tmp_path / "set")
    config = make_config(backbone="test_resnet", image_size_px=32, batch_size=6, epochs=1)
    arms: tuple[Gaze, ...] = ("none", "mcgip", "random", "labels")
    runs = run_arms(tmp_path / "set", tmp_path / "runs", arms, config, warm_up_epochs=0)
    assert [load_config(run).drop for run in runs] == [0, 0, 0, 0]


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
