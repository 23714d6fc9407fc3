"""What runs and evaluations leave: their documents, and how they are loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from acquisition.errors import FileRefused
from learning.sizes import ImageSize
from learning.storage import (
    FORMAT_VERSION,
    SOFTWARE,
    Document,
    file_hash,
    first_problem,
    load_json,
    write_text,
)

CONFIG = "config.toml"
METRICS = "metrics.jsonl"
RUN = "run.json"
ENCODER = "encoder.safetensors"
CHECKPOINTS = "checkpoints"
RESULTS = "results.json"
REPORT = "report.html"
COMPARISON = "comparison"


class EpochMetrics(Document):
    """One line of `metrics.jsonl`."""

    epoch: int
    loss: float
    pairs_per_anchor: float
    """Other images that were positives of an image, on average over the epoch's batches."""
    pair_purity: float | None = None
    """Share of those pairs whose labels agree; None without pairs or labels."""
    embedding_spread: float
    """1 where embeddings fill the sphere, 0 where all are one."""
    knn_auc: float | None = None
    """Macro one-vs-rest AUC of 10 nearest neighbours on held-out patients; None where not asked for."""
    images_per_s: float
    waiting_share: float | None = None
    """Share of the time in which the device waited for images; None in runs before it was measured."""
    learning_rate: float
    warning: str | None = None
    """What seems to go wrong, in one sentence."""


@dataclass(frozen=True)
class Past:
    """Whom weights learnt from."""

    patients: tuple[str, ...] = ()
    is_known: bool = True
    """Whether these are all."""


NO_PAST = Past()


class RunRecord(Document):
    """`run.json`: what a finished run was and made."""

    format: Literal["gazeroom-run"] = "gazeroom-run"
    version: int = FORMAT_VERSION
    software: str = SOFTWARE
    set_sha256: str
    """Of the set without its graphs, see `SetManifest.learnt_sha256`."""
    graph_sha256: str | None = None
    """Of the graph that its pairs are from; None without one."""
    patients: tuple[str, ...]
    """Pseudonyms of the patients it learnt from, what it began with included."""
    is_past_known: bool = True
    """False where it began with a file of weights of which no run tells what they learnt from."""
    gaze_is_simulated: bool
    method: str
    gaze: str
    scheme: str | None
    threshold: float | None
    pair_rate: float | None
    """Share of all image pairs that counted as positives before any were dropped."""
    pairs_per_image: float | None = None
    """Of all images learnt from, before any were dropped; None without pairs and before it was kept."""
    label: str | None = None
    """By which pairs were made; None where they were not made of labels."""
    seed: int
    n_epochs: int
    """Warm-up included."""
    backbone: str
    image_size_px: ImageSize
    matching_sha256: str | None = None
    """Of all settings that matched arms share; None in runs before there was one."""
    precision: str | None = None
    """In which its networks computed; None in runs before it was kept."""
    start_gaze: str | None = None
    """What the pairs were before, of the runs that it goes on from; None where it began anew."""
    start_conditions: str | None = None
    """Equal for runs that go on from matched ones; None where it began anew, and before it was kept."""
    encoder_sha256: str

    @property
    def past(self) -> Past:
        """Of its encoder."""
        return Past(self.patients, self.is_past_known)


class Score(Document):
    """One figure with its interval."""

    protocol: str
    """`Linear probe`, `kNN, k = 5` or `Fine-tuning`."""
    metric: str
    """The full name, for instance `Malignant-vs-rest AUC`."""
    value: float
    """The mean over the arm's seeds."""
    low: float
    high: float
    by_seed: tuple[float, ...] = ()
    """Under each seed, in their order."""
    detectable: float | None = None
    """Of a difference: the smallest true one that as many patients and seeds would show in four of five
    studies."""


class ArmResult(Document):
    """What one arm scored: runs that differ in their seed alone, or an encoder without a run."""

    name: str
    pairs: str = ""
    """What its positives were: `none`, `gaze, TIMA`, `labels (GT)`, `random`; empty without pretraining."""
    gaze: str = ""
    """As in the run's settings; empty without pretraining."""
    backbone: str = ""
    runs: tuple[str, ...] = ()
    """Names of the runs' folders."""
    seeds: tuple[int, ...] = ()
    """Empty where nothing was drawn: there is one such encoder."""
    pair_rate: float | None = None
    learning_rates: tuple[float, ...] = ()
    """That fine-tuning chose, fold by fold."""
    scores: tuple[Score, ...]


class Difference(Document):
    """An arm minus its baseline, on the same patients."""

    arm: str
    baseline: str
    is_matched: bool = True
    """Whether the two differ in nothing but their pairs."""
    seeds: tuple[int, ...] = ()
    """That both have, which alone count here."""
    scores: tuple[Score, ...]


class Results(Document):
    """`results.json` of an evaluation."""

    format: Literal["gazeroom-results"] = "gazeroom-results"
    version: int = FORMAT_VERSION
    software: str = SOFTWARE
    set_sha256: str
    gaze_is_simulated: bool
    images_are_simulated: bool
    label: str
    classes: dict[str, int]
    """Images of each class."""
    n_images: int
    n_patients: int
    n_folds: int
    n_repeats: int
    n_bootstraps: int
    level: float
    shares_patients_with_pretraining: bool
    past_is_known: bool = True
    """Whether all that the encoders learnt from could be held against the patients judged on."""
    arms: tuple[ArmResult, ...]
    differences: tuple[Difference, ...]
    note: str
    """What these figures do and do not show."""
    cautions: tuple[str, ...] = ()
    """What keeps them from showing more, a sentence each."""


def load_run(folder: Path) -> RunRecord:
    """The record of a finished run. Its encoder must be there and unaltered."""
    if not (folder / RUN).is_file():
        raise FileRefused(
            f"{folder} holds no finished run: it has no {RUN}. Finish it with learning.pretrain --resume."
        )
    record = load_json(folder / RUN, RunRecord)
    if not (folder / ENCODER).is_file() or file_hash(folder / ENCODER) != record.encoder_sha256:
        raise FileRefused(f"{folder / ENCODER} is missing or was altered after the run; pretrain again.")
    return record


def past_of(weights: Path) -> Past:
    """What a file of weights learnt from, as the run in its folder tells."""
    try:
        record = load_run(weights.parent)
    except FileRefused:
        return Past(is_known=False)
    return record.past if record.encoder_sha256 == file_hash(weights) else Past(is_known=False)


def save_run(folder: Path, record: RunRecord) -> None:
    """Write `run.json`: from now on the run is finished."""
    write_text(folder / RUN, record.model_dump_json(indent=1))


def load_metrics(folder: Path) -> list[EpochMetrics]:
    """The epochs of a run so far; a last line that is still being written is left out."""
    path = folder / METRICS
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    whole = text[: text.rfind("\n") + 1].splitlines()
    try:
        return [EpochMetrics.model_validate_json(line) for line in whole]
    except ValidationError as error:
        raise FileRefused(f"{path} is damaged: {first_problem(error)}.") from error


def load_results(folder: Path) -> Results:
    """The results of an evaluation."""
    if not (folder / RESULTS).is_file():
        raise FileRefused(f"{folder} holds no {RESULTS}; evaluate with learning.evaluate.")
    return load_json(folder / RESULTS, Results)


def save_results(folder: Path, results: Results) -> None:
    """Write `results.json`."""
    write_text(folder / RESULTS, results.model_dump_json(indent=1))
