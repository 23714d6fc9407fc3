"""The settings of a run, validated, and `config.toml`, in which they stay with it."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Literal, Self

import tomli_w
import yaml  # type: ignore[import-untyped]
from pydantic import Field, ValidationError, model_validator

from acquisition.errors import FileRefused, UserError
from learning.records import CONFIG
from learning.sizes import ImageSize
from learning.storage import Document, first_problem, write_text

Method = Literal["byol", "moco", "simsiam"]
Gaze = Literal["none", "mcgip", "gzpt", "labels", "random"]
Optimiser = Literal["adamw", "lars", "sgd"]
Normalisation = Literal["global", "per_anchor"]
"""Whether every pair of a batch weighs the same in the loss (published), or every anchor."""
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16"]

OF_AN_ARM = {"gaze", "scheme", "threshold", "pair_rate", "drop_probability", "start_from"}
OF_A_MACHINE = {"device", "memory_gib", "tensorboard", "compile", "label", "watch_every"}
"""Two runs that differ in nothing but these settings are matched."""
OF_MOCO = {"own_copies_are_positive", "queue_size", "temperature"}
OF_ADAM = {"adam_beta_2"}

DEFAULT_PAIR_RATE = 0.075
DEFAULT_DROP_PROBABILITY = 0.5

USUAL_MOMENTUM = {"byol": 0.9, "moco": 0.999, "simsiam": 0.0}
USUAL_EMBEDDING = {"byol": 256, "moco": 128, "simsiam": 2048}


class RunConfig(Document):
    """Everything that decides what a run learns; two runs with equal settings on one set are equal."""

    method: Method = "byol"
    gaze: Gaze = "none"
    """none: an image is like itself alone. mcgip: pairs above the threshold are positives. gzpt: each of them
    is dropped with `drop_probability`, anew at every step. labels: images of one label are positives, all of
    them or as many as `pair_rate` says. random: as gzpt, on the same graph with its images shuffled, so that
    the pairs are as many and mean nothing."""
    scheme: str = "tima"
    threshold: float | None = Field(default=None, ge=0, le=1)
    pair_rate: float | None = Field(default=None, gt=0, lt=1)
    """Chooses the threshold so that this share of all image pairs lies above it."""
    drop_probability: float | None = Field(default=None, ge=0, le=1)
    """None is 0.5 for gzpt and random, 0 for labels; mcgip drops nothing whatever stands here."""
    own_copies_are_positive: bool = True
    """Whether MoCo takes older keys of the same image for positives, in every arm alike; with False it is
    MoCo to the letter, where they are negatives."""
    normalisation: Normalisation = "global"
    backbone: str = "resnet18"
    """Any name of timm's, or vit_small, vit_base, vit_large."""
    init: str = "random"
    """Weights to begin with: random, imagenet, or a file that holds all of the encoder's."""
    image_size_px: ImageSize = 64
    """Side of a square, or (width, height); `"600x300"` is read, too."""
    batch_size: int = Field(default=32, ge=2)
    epochs: int = Field(default=100, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=1e-4, ge=0)
    optimiser: Optimiser = "adamw"
    adam_beta_2: float = Field(default=0.999, gt=0, lt=1)
    accumulate: int = Field(default=1, ge=1)
    """Batches behind one step of the optimiser; a remainder at the end of an epoch is a step of its own."""
    rise_epochs: int = Field(default=0, ge=0)
    """Epochs over which the learning rate rises to its value before it falls along a cosine."""
    momentum: float | None = Field(default=None, ge=0, le=1)
    """Of the target network at the start: BYOL's rises to 1 along a cosine, MoCo's stays. None is 0.9 and
    0.999; SimSiam has no target."""
    embedding: int | None = Field(default=None, ge=2)
    """Width of what the loss compares. None is 256 for BYOL, 128 for MoCo, 2048 for SimSiam."""
    queue_size: int = Field(default=1280, ge=2)
    """Keys that MoCo keeps."""
    temperature: float = Field(default=0.2, gt=0)
    """Of MoCo."""
    augmentation: str = "mammography"
    seed: int = Field(default=0, ge=0)
    device: Device = "auto"
    precision: Precision = "auto"
    compile: bool = False
    """Whether torch compiles the networks first: it takes minutes and a compiler. Its gain was
    not measured."""
    memory_gib: float = Field(default=4.0, ge=0)
    """Of images to hold in memory; more stay in a file."""
    tensorboard: bool = False
    """Whether events for TensorBoard are written, too."""
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
    def _fits_together(self) -> Self:
        if self.threshold is not None and self.pair_rate is not None:
            raise ValueError("give a threshold or a pair rate, not both")
        if self.gaze == "labels" and self.threshold is not None:
            raise ValueError("labels have no threshold; give a pair rate, or nothing for all pairs")
        if self.method == "moco" and self.queue_size < self.batch_size:
            raise ValueError("the queue must hold at least one batch")
        return self

    @property
    def uses_scheme(self) -> bool:
        """Whether pairs come from a relation graph."""
        return self.gaze in ("mcgip", "gzpt", "random")

    @property
    def drop(self) -> float:
        """The probability with which a pair is dropped at a step."""
        if self.gaze in ("none", "mcgip"):
            return 0.0
        usual = 0.0 if self.gaze == "labels" else DEFAULT_DROP_PROBABILITY
        return usual if self.drop_probability is None else self.drop_probability

    @property
    def matched_settings(self) -> dict[str, object]:
        """What matched arms share, as it counts: without what method and optimiser never ask for.

        In which precision a run computed says its record: `auto` does not.
        """
        left_out = OF_AN_ARM | OF_A_MACHINE | {"precision"}
        left_out |= set() if self.method == "moco" else OF_MOCO
        left_out |= set() if self.optimiser == "adamw" else OF_ADAM
        used = self.model_dump(mode="json", exclude=left_out)
        return used | {"momentum": self.target_momentum, "embedding": self.embedding_size}

    @property
    def matching_sha256(self) -> str:
        """Equal for runs that differ in their pairs alone."""
        return hashlib.sha256(json.dumps(self.matched_settings, sort_keys=True).encode()).hexdigest()

    @property
    def seedless_sha256(self) -> str:
        """Equal for runs that differ in their pairs and seeds alone."""
        return self.model_copy(update={"seed": 0}).matching_sha256

    def learns_as(self, other: RunConfig) -> bool:
        """Whether another run's settings differ in nothing but the machine."""
        # A label is only looked at by, unless pairs are made of it.
        left_out = OF_A_MACHINE - ({"label"} if self.gaze == "labels" else set())
        return self.model_dump(exclude=left_out) == other.model_dump(exclude=left_out)

    @property
    def target_momentum(self) -> float:
        """Momentum of the target network at the start; 0 for SimSiam, which has none."""
        usual = USUAL_MOMENTUM[self.method]
        return usual if self.momentum is None or self.method == "simsiam" else self.momentum

    @property
    def embedding_size(self) -> int:
        """Width of what the loss compares."""
        return self.embedding or USUAL_EMBEDDING[self.method]


def make_config(**settings: object) -> RunConfig:
    """Settings by name. Raises `UserError` with the first that is wrong."""
    try:
        return RunConfig.model_validate(settings)
    except ValidationError as error:
        raise UserError(f"These settings do not work: {first_problem(error)}.") from error


def read_run_file(path: Path) -> dict[str, object]:
    """The settings in a run file, TOML or YAML; `make_config` validates them."""
    try:
        text = path.read_text(encoding="utf-8")
        settings = yaml.safe_load(text) if path.suffix in (".yaml", ".yml") else tomllib.loads(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise FileRefused(f"{path} cannot be read as a run file: {reason}.") from error
    if not isinstance(settings, dict):
        raise FileRefused(f"{path} is no run file: it holds no settings by name, as in `epochs = 100`.")
    return settings


def save_config(folder: Path, config: RunConfig) -> None:
    """Write `config.toml`."""
    write_text(folder / CONFIG, tomli_w.dumps(config.model_dump(exclude_none=True)))


def told_config(config: RunConfig) -> str:
    """The settings in one line."""
    told = config.model_dump(exclude_none=True)
    return ", ".join(f"{name} = {value}" for name, value in told.items()) + "."


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
