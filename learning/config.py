"""The settings of a run, validated, and `config.toml`, in which they stay with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal, Self

import tomli_w
from pydantic import Field, ValidationError, model_validator

from acquisition.errors import FileRefused, UserError
from learning.records import CONFIG
from learning.storage import Document, first_problem, write_text

Gaze = Literal["none", "mcgip", "gzpt", "random"]
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16"]

DEFAULT_PAIR_RATE = 0.075


class RunConfig(Document):
    """Everything that decides what a run learns; two runs with equal settings on one set are equal."""

    method: Literal["byol"] = "byol"
    gaze: Gaze = "none"
    """none: an image is like itself alone. mcgip: pairs above the threshold are positives. gzpt: each of them
    is dropped with `drop_probability`, anew at every step. random: as gzpt, on the same graph with its
    images shuffled, so that the pairs are as many and mean nothing."""
    scheme: str = "tima"
    threshold: float | None = Field(default=None, ge=0, le=1)
    pair_rate: float | None = Field(default=None, gt=0, lt=1)
    """Chooses the threshold so that this share of all image pairs lies above it."""
    drop_probability: float = Field(default=0.5, ge=0, le=1)
    backbone: str = "resnet18"
    image_size_px: int = Field(default=64, ge=16, le=2048)
    batch_size: int = Field(default=32, ge=2)
    epochs: int = Field(default=100, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=1e-4, ge=0)
    rise_epochs: int = Field(default=0, ge=0)
    """Epochs over which the learning rate rises to its value before it falls along a cosine."""
    momentum: float = Field(default=0.9, ge=0, le=1)
    """Of the target network at the start; it rises to 1 along a cosine."""
    augmentation: str = "mammography"
    seed: int = Field(default=0, ge=0)
    device: Device = "auto"
    precision: Precision = "auto"
    start_from: str | None = None
    """Folder of a finished run that this one goes on from: its networks and its epochs."""
    schedule_epochs: int | None = Field(default=None, ge=1)
    """Length of the schedules of learning rate and momentum, epochs of the run to start from included; None
    ends them with this run. A warm-up is given the whole length, so that its arms go on without a jolt."""
    label: str | None = None
    """The label by which pair purity and neighbours are watched; None takes the set's own if it has one."""
    watch_every: int = Field(default=1, ge=0)
    """Epochs between two looks at the neighbours of held-out patients; 0 for none. It chooses nothing."""

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> Self:
        if self.threshold is not None and self.pair_rate is not None:
            raise ValueError("give a threshold or a pair rate, not both")
        return self

    @property
    def uses_pairs(self) -> bool:
        """Whether other images can be positives."""
        return self.gaze != "none"

    @property
    def drop(self) -> float:
        """The probability with which a pair is dropped at a step."""
        return 0.0 if self.gaze == "mcgip" else self.drop_probability


def make_config(**settings: object) -> RunConfig:
    """Settings by name. Raises `UserError` with the first that is wrong."""
    try:
        return RunConfig.model_validate(settings)
    except ValidationError as error:
        raise UserError(f"These settings do not work: {first_problem(error)}.") from error


def save_config(folder: Path, config: RunConfig) -> None:
    """Write `config.toml`."""
    write_text(folder / CONFIG, tomli_w.dumps(config.model_dump(exclude_none=True)))


def load_config(folder: Path) -> RunConfig:
    """Read `config.toml`."""
    path = folder / CONFIG
    if not path.is_file():
        raise FileRefused(f"{folder} holds no run: it has no {CONFIG}.")
    try:
        return RunConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise FileRefused(f"{path} is not what it should be: {first_problem(error)}.") from error
    except (OSError, ValueError) as error:
        raise FileRefused(f"{path} cannot be read: {error}.") from error
