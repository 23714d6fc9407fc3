"""Who is judged: runs that differ in their seed alone are one arm; encoders from elsewhere are arms, too.

scratch:resnet18                          random weights, as a run begins with
imagenet:resnet18                         timm's own weights
dinov2.safetensors:vit_small_patch14_dinov2@224   a file of weights, and the images' side in px
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path

from torch import nn

from acquisition.errors import UserError
from learning.config import OF_AN_ARM, RunConfig, load_config
from learning.encoder import IMAGENET, create_encoder, known_backbone, load_encoder, seeded
from learning.evaluation.foreign import foreign_encoder
from learning.files import RunRecord, load_run
from learning.records import ENCODER, NO_PAST, Past, past_of
from learning.sizes import told_size
from learning.storage import file_hash

SCRATCH = "scratch"
FROM_SCRATCH = "From scratch"
SAME_RATE = 0.05
"""Rates that differ by less than this share of the larger are one: thresholds meet a rate about."""
USUAL_SIZE_PX = 224
"""Of encoders from elsewhere where no run says otherwise."""
METHOD_NAMES = {"byol": "BYOL", "moco": "MoCo", "simsiam": "SimSiam"}
PAIR_WORDS = {
    "none": "none",
    "mcgip": "gaze, {scheme}",
    "gzpt": "gaze, {scheme}",
    "labels": "labels (GT)",
    "random": "random",
}
NAME_WORDS = {
    "none": "{method}, no gaze",
    "mcgip": "{method} + McGIP, {scheme}",
    "gzpt": "{method} + GzPT, {scheme}",
    "labels": "{method} + label pairs",
    "random": "{method} + random pairs",
}

ImageSize = int | tuple[int, int]


@dataclass(frozen=True)
class Entrant:
    """One encoder that is judged."""

    seed: int
    create: Callable[[], nn.Module]
    sha256: str
    """Of its weights, or of what makes them."""
    past: Past = NO_PAST
    """Whom it learnt from."""
    run: Path | None = None


@dataclass(frozen=True)
class Arm:
    """One row of the table: encoders that differ in their seed alone."""

    name: str
    pairs: str
    """What its positives were: `none`, `gaze, TIMA`, `labels (GT)`, `random`; empty without pretraining."""
    backbone: str
    image_size_px: ImageSize
    entrants: tuple[Entrant, ...]
    record: RunRecord | None = None
    """Of its first run; None for encoders without one."""
    config: RunConfig | None = None
    has_seeds: bool = True
    """False where there is one set of weights and nothing was drawn."""

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of its encoders."""
        return tuple(entrant.seed for entrant in self.entrants)

    @property
    def gaze(self) -> str:
        """As in its runs' settings; empty without one."""
        return self.record.gaze if self.record else ""

    @property
    def method(self) -> str:
        """As in its runs' settings; empty without one."""
        return self.record.method if self.record else ""

    @property
    def runs(self) -> tuple[Path, ...]:
        """Folders of its runs."""
        return tuple(entrant.run for entrant in self.entrants if entrant.run)

    @property
    def matching(self) -> str | None:
        """Equal for arms that differ in their pairs alone; None for encoders without a run."""
        if self.record is None or self.config is None:
            return None
        return f"{_conditions(self.record, self.config)} {self.record.set_sha256}"

    @property
    def positives(self) -> float | None:
        """Other images that are positives of an image, dropped ones not counted; None without pairs."""
        if self.record is None or self.config is None or self.record.pairs_per_image is None:
            return None
        return self.record.pairs_per_image * (1 - self.config.drop)

    def is_matched(self, other: Arm) -> bool:
        """Whether two arms differ in which their pairs are alone, not in how many: none, or as many."""
        return self.matching is not None and self.matching == other.matching and self.has_as_many(other)

    def has_as_many(self, other: Arm) -> bool:
        """Whether two arms with pairs have about as many positives; true where one has no pairs."""
        mine, theirs = self.positives, other.positives
        if mine is None or theirs is None:
            return True
        return abs(mine - theirs) <= SAME_RATE * max(mine, theirs)


def arms_of_runs(folders: Sequence[Path]) -> list[Arm]:
    """The arms that finished runs belong to, seeds in order.

    Methods come in order of their first runs, and within a method those without gaze first.

    Raises `UserError` for runs that cannot stand in one table: of different sets or image sizes, or one arm
    twice under one seed.
    """
    runs = [(folder, load_run(folder), load_config(folder)) for folder in folders]
    for folder, record, _ in runs:
        _check_like(folder, record, runs[0][0], runs[0][1])
    keys = [_key(record, config) for _, record, config in runs]
    ordered = sorted(zip(keys, runs, strict=True), key=lambda each: (keys.index(each[0]), each[1][1].seed))
    arms = []
    for _, members in groupby(ordered, key=lambda each: each[0]):
        of_arm = [run for _, run in members]
        _check_seeds(of_arm)
        record, config = of_arm[0][1:]
        arms.append(
            Arm(
                NAME_WORDS[record.gaze].format(**_words(record)),
                PAIR_WORDS[record.gaze].format(**_words(record)),
                record.backbone,
                record.image_size_px,
                tuple(_of_run(*run[:2]) for run in of_arm),
                record,
                config,
            )
        )
    methods = [arm.method for arm in arms]
    arms.sort(key=lambda arm: (methods.index(arm.method), list(NAME_WORDS).index(arm.gaze)))
    return told_apart(arms)


def _of_run(folder: Path, record: RunRecord) -> Entrant:
    create = partial(load_encoder, folder / ENCODER, record.backbone, record.image_size_px)
    return Entrant(record.seed, create, record.encoder_sha256, record.past, folder)


def _words(record: RunRecord) -> dict[str, str]:
    return {"method": METHOD_NAMES[record.method], "scheme": (record.scheme or "").upper()}


def _key(record: RunRecord, config: RunConfig) -> str:
    """Equal for runs that differ in their seed alone."""
    pairs = (
        config.threshold,
        config.pair_rate,
        config.drop,
        config.scheme,
        record.graph_sha256,
        record.label,
    )
    return json.dumps([_conditions(record, config), record.gaze, *(pairs if record.gaze != "none" else ())])


def _conditions(record: RunRecord, config: RunConfig) -> str:
    """Everything besides pairs and seed under which a run learnt."""
    before = f"{record.start_gaze} {record.start_conditions}"
    return f"{config.seedless_sha256} {record.n_epochs} {record.precision} {before}"


def _check_like(folder: Path, record: RunRecord, first: Path, like: RunRecord) -> None:
    if record.set_sha256 != like.set_sha256:
        raise UserError(
            f"{folder} and {first} were pretrained on different sets, so that nothing can be said of the "
            "difference between them; evaluate each on its own."
        )
    if record.image_size_px != like.image_size_px:
        raise UserError(
            f"{folder} learnt from images of {told_size(record.image_size_px)} px and {first} from "
            f"{told_size(like.image_size_px)} px; one table holds one size, so evaluate each on its own."
        )


def _check_seeds(runs: Sequence[tuple[Path, RunRecord, RunConfig]]) -> None:
    for (one, record, _), (other, follower, _) in pairwise(runs):
        if record.seed == follower.seed:
            raise UserError(
                f"{one} and {other} are the same arm under the same seed, {record.seed}; name one of them."
            )


def told_apart(arms: Sequence[Arm]) -> list[Arm]:
    """Arms of one name get the settings by which they differ, or a number where there are none."""
    renamed: list[Arm] = []
    for arm in arms:
        twins = [each for each in arms if each.name == arm.name]
        words = ", ".join(f"{name} {value}" for name, value in _peculiar(arm, twins))
        name = f"{arm.name}, {words}" if words else arm.name
        n_before = sum(each.name == name for each in renamed)
        renamed.append(replace(arm, name=f"{name} ({n_before + 1})" if n_before else name))
    return renamed


def _peculiar(arm: Arm, twins: Sequence[Arm]) -> Iterator[tuple[str, object]]:
    settings = [_told_settings(each) for each in twins]
    for name, value in _told_settings(arm).items():
        if any(other.get(name, value) != value for other in settings):
            yield name.replace("_", " "), value


def _told_settings(arm: Arm) -> dict[str, object]:
    if arm.config is None or arm.record is None:
        return {"backbone": arm.backbone, "image_size_px": arm.image_size_px}
    of_pairs = arm.config.model_dump(include=OF_AN_ARM - {"start_from", "drop_probability"})
    told = of_pairs | arm.config.matched_settings | {"drop probability": arm.config.drop}
    del told["seed"]
    record = arm.record
    told["label"] = record.label
    return told | {
        "epochs": record.n_epochs,
        "precision": record.precision,
        "pairs before": record.start_gaze,
        "what went before": (record.start_conditions or "nothing")[:8],
    }


def differing_settings(arm: Arm, other: Arm) -> list[str]:
    """What two arms differ in besides their pairs and seeds, with the values."""
    mine, theirs = _told_settings(arm), _told_settings(other)
    names = [name for name in mine if name not in OF_AN_ARM | {"drop probability", "label"}]
    differing = [
        f"{name.replace('_', ' ')} ({mine[name]} against {theirs[name]})"
        for name in names
        if name in theirs and mine[name] != theirs[name]
    ]
    if not arm.has_as_many(other):
        differing.append(f"positives of an image ({arm.positives:.3g} against {other.positives:.3g})")
    return differing


# --- encoders without a run -----------------------------------------------------------------------


def scratch_arms(arms: Sequence[Arm]) -> list[Arm]:
    """The untrained encoder of every backbone of the runs, under the seeds of its runs.

    The weights are those that a run with random weights began with.
    """
    seeds: dict[tuple[str, ImageSize], set[int]] = {}
    for arm in arms:
        seeds.setdefault((arm.backbone, arm.image_size_px), set()).update(arm.seeds)
    return [_scratch(backbone, size, sorted(drawn)) for (backbone, size), drawn in seeds.items()]


def _scratch(backbone: str, size_px: ImageSize, seeds: Sequence[int]) -> Arm:
    entrants = tuple(
        Entrant(seed, partial(_untrained, backbone, size_px, seed), _sha256(SCRATCH, backbone, size_px, seed))
        for seed in seeds
    )
    return Arm(FROM_SCRATCH, "", backbone, size_px, entrants)


def _untrained(backbone: str, size_px: ImageSize, seed: int) -> nn.Module:
    with seeded(seed):
        return create_encoder(backbone, size_px)


def arm_without_run(spec: str, like: Sequence[Arm]) -> Arm:
    """The arm that `--arm` names, see the head of this file.

    Args:
        spec: where its weights come from, a colon, the backbone and, if it is another, `@` its images' side.
        like: the runs' arms, for seeds and image size.
    """
    start, _, rest = spec.rpartition(":")
    backbone, _, side = rest.partition("@")
    if not start or not backbone or (side and not side.isdecimal()):
        raise UserError(
            f"'{spec}' names no encoder; give scratch:BACKBONE, imagenet:BACKBONE or "
            "PATH.safetensors:BACKBONE, and behind it @SIZE for images of another size."
        )
    known_backbone(backbone)
    size_px: ImageSize = int(side) if side else (like[0].image_size_px if like else USUAL_SIZE_PX)
    if start == SCRATCH:
        return _scratch(backbone, size_px, sorted({seed for arm in like for seed in arm.seeds}) or [0])
    if start == IMAGENET:
        name, sha256, past = "ImageNet", _sha256(start, backbone, size_px), NO_PAST
    else:
        if not Path(start).is_file():
            raise UserError(f"{start}, the weights of an arm, does not exist; give the path of a file.")
        name = f"{Path(start).stem}, {backbone}"
        sha256, past = _sha256(file_hash(Path(start)), backbone, size_px), past_of(Path(start))
    entrant = Entrant(0, partial(foreign_encoder, backbone, size_px, start), sha256, past)
    return Arm(name, "", backbone, size_px, (entrant,), has_seeds=False)


def _sha256(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
