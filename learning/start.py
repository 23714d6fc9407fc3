"""What went before a run: another run whose networks it goes on with, or a file of weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from acquisition.errors import UserError
from learning.checkpoint import load_checkpoint
from learning.config import RunConfig, load_config
from learning.encoder import IMAGENET, RANDOM
from learning.files import RunRecord, SetManifest, load_run
from learning.methods import Method
from learning.records import CHECKPOINTS, NO_PAST, Past, past_of


@dataclass(frozen=True)
class Start:
    """What went before a run."""

    n_epochs: int = 0
    past: Past = NO_PAST
    gaze: str | None = None
    """What its pairs were, or those of a run before it that had any; None where nothing went before."""
    conditions: str | None = None
    """Under which it learnt; None where nothing went before."""


def take_start(
    method: Method, optimiser: torch.optim.Optimizer, config: RunConfig, manifest: SetManifest
) -> Start:
    """Take over the run to start from, if any; the optimiser, too, where its schedules go on."""
    if config.start_from is None:
        begins_with_file = config.init not in (RANDOM, IMAGENET)
        return Start(past=past_of(Path(config.init)) if begins_with_file else NO_PAST)
    folder = Path(config.start_from)
    record, found = load_run(folder), load_checkpoint(folder / CHECKPOINTS)
    if found is None or (record.method, record.backbone) != (config.method, config.backbone):
        raise UserError(
            f"{folder} is a {record.method} run of {record.backbone} and cannot start one of {config.method} "
            f"with {config.backbone}; choose another --start-from."
        )
    before = load_config(folder)
    if "optimiser" in found[1] and before.optimiser != config.optimiser:
        raise UserError(
            f"{folder} is in the middle of its schedules with {before.optimiser}, and this run asks for "
            f"{config.optimiser}; choose the same --optimiser or another --start-from."
        )
    load_networks(folder, found[1], method, optimiser)
    if record.set_sha256 != manifest.learnt_sha256:
        method.forget()
    return Start(record.n_epochs, record.past, _gaze_so_far(record), _conditions(record, before))


def _conditions(record: RunRecord, config: RunConfig) -> str:
    """A hash of everything besides pairs and seed that made a run what it is."""
    told = (config.seedless_sha256, record.set_sha256, record.precision, record.start_conditions)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _gaze_so_far(record: RunRecord) -> str:
    return record.start_gaze if record.gaze == "none" and record.start_gaze else record.gaze


def load_networks(
    folder: Path, state: dict[str, Any], method: Method, optimiser: torch.optim.Optimizer
) -> None:
    """Networks and optimiser of a checkpoint. Raises `UserError` where they do not fit those given."""
    try:
        method.load_state_dict(state["method"])
        if "optimiser" in state:
            _take_up(optimiser, state["optimiser"])
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"The networks of {folder} have other shapes than these settings ask for: "
            f"{str(error).splitlines()[-1].strip()}"
        ) from error


def _take_up(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """What an optimiser remembers of its parameters; the options stay those of this run."""
    options = [{key: group[key] for key in group.keys() - {"params"}} for group in optimiser.param_groups]
    optimiser.load_state_dict(state)
    for group, own in zip(optimiser.param_groups, options, strict=True):
        group.update(own)
