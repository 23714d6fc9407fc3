from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from learning.encoder import create_encoder
from learning.evaluation import fine_tune as module
from learning.evaluation.entrants import Entrant, arm_without_run
from learning.evaluation.fine_tune import FineTuned, FineTuning, Task, fine_tune
from learning.evaluation.frozen import make_folds
from learning.images import load_images
from learning.labels import held_out_of
from learning.metrics import Predictions, macro_auc, once
from tests.learning.sets import make_set

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    folder = tmp_path_factory.mktemp("tuning")
    manifest = make_set(folder / "set", n_patients=26, n_evaluate=20)
    held_out = held_out_of(manifest, None)
    return Task(
        images=load_images(folder / "set", held_out.entries, 32),
        held_out=held_out,
        folds=make_folds(held_out, 2, 1, 0),
        plan=FineTuning(learning_rates=(1e-6, 3e-3), n_epochs=4, batch_size=8),
        device=torch.device("cpu"),
        set_sha256=manifest.sha256,
        pieces=folder / "pieces",
    )


def scratch() -> Entrant:
    return arm_without_run("scratch:test_resnet@32", []).entrants[0]


def nothing(done: float) -> None:
    pass


@pytest.fixture(scope="module")
def tuned(task: Task) -> FineTuned:
    torch.set_num_threads(1)
    return fine_tune(scratch(), task, nothing)


def test_an_encoder_learns_the_labels_of_other_patients(task: Task, tuned: FineTuned) -> None:
    assert tuned.scores.shape == (1, len(task.images), len(task.held_out.names))
    np.testing.assert_allclose(tuned.scores.sum(axis=2), 1, atol=1e-5)
    predictions = Predictions(tuned.scores[0], task.held_out.classes, task.folds.test[0])
    assert macro_auc(predictions, once(len(task.images)))[0] > 0.9
    assert tuned.learning_rates == (3e-3, 3e-3)


def test_every_repeat_keeps_its_own_scores(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def made_up(entrant: Entrant, task: Task, is_test: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
        made.append(is_test)
        return np.full((is_test.sum(), len(task.held_out.names)), float(len(made))), 1e-3

    monkeypatch.setattr(module, "_learn_and_score", made_up)
    twice = replace(task, pieces=tmp_path, folds=make_folds(task.held_out, 2, 2, 0))
    scores = fine_tune(scratch(), twice, nothing).scores
    for number, is_test in enumerate(made):
        assert (scores[number // 2, is_test] == number + 1).all()


def test_finished_folds_are_not_done_again(
    task: Task, tuned: FineTuned, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(module, "_learn_and_score", never)
    again = fine_tune(scratch(), task, nothing)
    np.testing.assert_array_equal(again.scores, tuned.scores)
    assert again.learning_rates == tuned.learning_rates


class Killed(Exception):
    pass


def test_a_killed_fine_tuning_goes_on_where_it_was_and_gives_the_same(
    task: Task, tuned: FineTuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = replace(task, pieces=tmp_path)

    def kill(done: float) -> None:
        raise Killed

    with pytest.raises(Killed):
        fine_tune(scratch(), mine, kill)
    (piece,) = tmp_path.iterdir()
    written = piece.stat().st_mtime_ns
    again = fine_tune(scratch(), mine, nothing)
    np.testing.assert_array_equal(again.scores, tuned.scores)
    assert piece.stat().st_mtime_ns == written


def test_a_torn_piece_is_done_again(task: Task, tuned: FineTuned, tmp_path: Path) -> None:
    for piece in task.pieces.iterdir():
        (tmp_path / piece.name).write_bytes(piece.read_bytes())
    min(tmp_path.iterdir()).write_bytes(b"torn")
    again = fine_tune(scratch(), replace(task, pieces=tmp_path), nothing)
    np.testing.assert_array_equal(again.scores, tuned.scores)


@pytest.mark.parametrize(
    "change",
    [
        lambda task: replace(task, plan=replace(task.plan, weight_decay=0.1)),
        lambda task: replace(task, set_sha256="another"),
        lambda task: replace(task, folds=make_folds(task.held_out, 2, 1, seed=9)),
        lambda task: task,
    ],
)
def test_a_piece_belongs_to_what_decided_it(
    task: Task, tuned: FineTuned, change: Callable[[Task], Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    n_made = []

    def made_up(entrant: Entrant, task: Task, is_test: np.ndarray, seed: int) -> tuple[np.ndarray, float]:
        n_made.append(seed)
        raise Killed

    changed = change(task)
    other = replace(scratch(), sha256="other weights") if changed is task else scratch()
    monkeypatch.setattr(module, "_learn_and_score", made_up)
    with pytest.raises(Killed):
        fine_tune(other, changed, nothing)
    assert len(n_made) == 1


def test_it_stops_early_and_keeps_the_best(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([0.5, 0.3, 0.4, 0.6, 0.1])
    seen = []

    def loss(learner: object, network: torch.nn.Module, positions: object) -> float:
        seen.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        return next(losses)

    monkeypatch.setattr(module._Learner, "_loss", loss)
    plan = FineTuning(n_epochs=9, patience=2, batch_size=8)
    images, classes = torch.tensor(task.images).unsqueeze(1), torch.from_numpy(task.held_out.classes)
    learner = module._Learner(images, classes, plan, task.device, seed=0)
    network = torch.nn.Sequential(create_encoder("test_resnet", 32), torch.nn.LazyLinear(2))
    network(torch.zeros(2, 1, 32, 32))
    best = learner.best(network, 1e-3, np.arange(10), np.arange(10, 20))
    assert len(seen) == 4
    assert best.loss == 0.3
    for name, tensor in best.network.state_dict().items():
        torch.testing.assert_close(tensor, seen[1][name], rtol=0, atol=0)
