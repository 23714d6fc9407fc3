"""Fine-tuning: the whole encoder learns the labels, fold by fold, from where an arm left it.

Within a training fold some patients are set aside; they choose the learning rate and the epoch to stop at.
Every finished fold is a file, named by the hash of everything that decides it, and is not computed again.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from acquisition.errors import FileRefused
from learning.encoder import as_input, n_features, seeded
from learning.evaluation.entrants import Entrant
from learning.evaluation.frozen import Folds, inner_splits
from learning.labels import Labelled
from learning.metrics import FloatArray, IntArray
from learning.storage import load_arrays, save_arrays

FINE_TUNING = "Fine-tuning"
PIECES = "fine-tuning"
N_INNER_FOLDS = 5
"""One of them is set aside to choose by."""


@dataclass(frozen=True)
class FineTuning:
    """How encoders are fine-tuned."""

    learning_rates: tuple[float, ...] = (1e-5, 1e-4, 1e-3)
    n_epochs: int = 30
    """At most; the learning rate falls along a cosine over them."""
    patience: int = 10
    """Epochs without a better likelihood on the patients set aside before it stops."""
    batch_size: int = 32
    weight_decay: float = 1e-4
    flip_probability: float = 0.5
    """Of a mirror image, left to right; the only augmentation."""


@dataclass(frozen=True)
class FineTuned:
    """What fine-tuning an encoder gave.

    scores: (R, n, C) in each of R repeats of the folds
    learning_rates: the one chosen in every fold
    """

    scores: FloatArray
    learning_rates: tuple[float, ...]


@dataclass(frozen=True)
class Task:
    """What is the same for every encoder.

    images: (n, H, W) 8 bit
    set_sha256: of the set they come from
    pieces: folder of the finished folds
    """

    images: NDArray[np.uint8]
    held_out: Labelled
    folds: Folds
    plan: FineTuning
    device: torch.device
    set_sha256: str
    pieces: Path


def fine_tune(entrant: Entrant, task: Task, finished: Callable[[float], None]) -> FineTuned:
    """Scores of every image by networks that never saw its patient.

    Args:
        entrant: the encoder to begin with.
        task: images, labels, folds, plan.
        finished: told of the fraction of folds done; may raise, and what is finished stays.
    """
    scores = np.zeros((*task.folds.test.shape, len(task.held_out.names)))
    chosen = []
    n_pieces = task.folds.test.shape[0] * task.folds.n_folds
    for repeat, test in enumerate(task.folds.test):
        for fold in range(task.folds.n_folds):
            made, rate = _piece(entrant, task, test == fold)
            scores[repeat, test == fold] = made
            chosen.append(rate)
            finished((repeat * task.folds.n_folds + fold + 1) / n_pieces)
    return FineTuned(scores, tuple(chosen))


def _piece(entrant: Entrant, task: Task, is_test: NDArray[np.bool_]) -> tuple[FloatArray, float]:
    """The scores of one fold and its learning rate, from their file where it is there and sound."""
    fold_sha256 = _hash(
        task.set_sha256,
        task.images.shape,
        [entry.id for entry in task.held_out.entries],
        task.held_out.classes.tolist(),
        is_test.tolist(),
        asdict(task.plan),
    )
    path = task.pieces / f"{_hash(fold_sha256, entrant.sha256, entrant.seed)[:32]}.npz"
    try:
        stored = load_arrays(path, {"scores": "f", "learning_rate": "f"})
    except FileRefused:
        made, rate = _learn_and_score(entrant, task, is_test, int(fold_sha256[:12], 16) + entrant.seed)
        save_arrays(path, {"scores": made, "learning_rate": np.array(rate)})
        return made, rate
    return stored["scores"], float(stored["learning_rate"])


def _learn_and_score(
    entrant: Entrant, task: Task, is_test: NDArray[np.bool_], seed: int
) -> tuple[FloatArray, float]:
    images = torch.tensor(task.images).unsqueeze(1)
    classes, patients = task.held_out.classes, task.held_out.patients
    train = np.flatnonzero(~is_test)
    encoder = entrant.create()
    with seeded(seed):
        network = nn.Sequential(encoder, nn.Linear(n_features(encoder), len(task.held_out.names)))
        learner = _Learner(images, torch.from_numpy(classes), task.plan, task.device, seed)
        splits = inner_splits(classes[train], patients[train], N_INNER_FOLDS)
        if splits:
            learn, choose = (train[part] for part in splits[0])
            tried = [learner.best(network, rate, learn, choose) for rate in task.plan.learning_rates]
            best = min(tried, key=lambda each: each.loss)
        else:
            # Too few patients to set any aside: the middle of the grid, to the end.
            rates = task.plan.learning_rates
            best = learner.best(network, rates[len(rates) // 2], train, train[:0])
    return learner.chances(best.network, np.flatnonzero(is_test)), best.learning_rate


@dataclass(frozen=True)
class _Tried:
    network: nn.Module
    learning_rate: float
    loss: float


@dataclass(frozen=True)
class _Learner:
    """images: (n, 1, H, W) 8 bit; classes: (n,)."""

    images: Tensor
    classes: Tensor
    plan: FineTuning
    device: torch.device
    seed: int

    def best(self, start: nn.Module, rate: float, learn: IntArray, choose: IntArray) -> _Tried:
        """The network as it was when it did best on `choose`; the last one where that is empty."""
        network = copy.deepcopy(start).to(self.device)
        optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=self.plan.weight_decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.plan.n_epochs)
        draw = torch.Generator().manual_seed(self.seed)
        best, state, waited = float("inf"), network.state_dict(), 0
        for _ in range(self.plan.n_epochs):
            self._epoch(network, optimiser, torch.from_numpy(learn), draw)
            schedule.step()
            if not len(choose):
                continue
            loss = self._loss(network, choose)
            waited += 1
            if loss < best:
                best, state, waited = loss, copy.deepcopy(network.state_dict()), 0
            if waited == self.plan.patience:
                break
        network.load_state_dict(state)
        return _Tried(network, rate, best)

    def _epoch(
        self, network: nn.Module, optimiser: torch.optim.Optimizer, learn: Tensor, draw: torch.Generator
    ) -> None:
        network.train()
        _forget_statistics(network)
        order = learn[torch.randperm(len(learn), generator=draw)]
        for batch in torch.split(order, self.plan.batch_size):
            # Batch normalisation knows nothing of a single image.
            if len(batch) < 2:
                continue
            views = as_input(self.images[batch].to(self.device))
            is_flipped = torch.rand(len(batch), generator=draw) < self.plan.flip_probability
            is_flipped = is_flipped.to(self.device).view(-1, 1, 1, 1)
            loss = cross_entropy(
                network(torch.where(is_flipped, views.flip(3), views)), self.classes[batch].to(self.device)
            )
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()

    def _loss(self, network: nn.Module, positions: IntArray) -> float:
        """Mean negative log-likelihood; infinite where the network broke."""
        chances = self.chances(network, positions)
        own = chances[np.arange(len(positions)), self.classes[positions].numpy()]
        return float(-np.log(np.maximum(own, 1e-12)).mean()) if np.isfinite(own).all() else float("inf")

    @torch.inference_mode()
    def chances(self, network: nn.Module, positions: IntArray) -> FloatArray:
        """(n positions, C) chances of the classes, in evaluation mode."""
        network.eval()
        batches = torch.split(torch.from_numpy(positions), 2 * self.plan.batch_size)
        made = [network(as_input(self.images[batch].to(self.device))).softmax(1).cpu() for batch in batches]
        return torch.cat(made).numpy().astype(np.float64)


def _forget_statistics(network: nn.Module) -> None:
    """Batch normalisation averages over this epoch alone.

    Usual running statistics lag so far behind in the few steps that a small set allows, that in evaluation
    mode a network seems to get worse while it learns, and the first epoch would be kept.
    """
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = None
            layer.reset_running_stats()


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
