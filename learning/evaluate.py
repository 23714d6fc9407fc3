"""`python -m learning.evaluate RUN... --set SET --out DIR`: how good are encoders on patients they never saw?

Frozen features, judged by neighbours and a linear probe on folds of whole patients. Intervals come from
resampling patients; arms are compared on the same samples, and only where they differ in nothing but gaze.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from torch import nn

from acquisition.command_line import (
    JsonOption,
    SeedOption,
    Step,
    VerboseOption,
    progress_bar,
    run,
    show,
    show_json,
)
from acquisition.errors import UserError
from learning.device import choose_device
from learning.encoder import create_encoder, features, load_encoder, seeded
from learning.files import (
    ArmResult,
    Difference,
    Results,
    RunRecord,
    Score,
    SetManifest,
    load_results,
    load_run,
    load_set,
    save_results,
)
from learning.images import load_images
from learning.judge import Judged, judge, make_folds, out_of_fold, resample_patients
from learning.labels import Labelled, label_of_set, labelled
from learning.options import DeviceOption, OutOption
from learning.records import ENCODER, REPORT
from learning.report import write_report

LEVEL = 0.95
METHOD_NAMES = {"byol": "BYOL", "moco": "MoCo", "simsiam": "SimSiam"}
UNTRAINED = "Untrained encoder"
SIMULATED_NOTE = (
    "The gaze in this set is simulated. These figures show whether the machinery transports the signal that "
    "it was given; they prove nothing about radiologists."
)
REAL_NOTE = (
    "One pretraining seed says little: repeat the arms with several seeds before anything is concluded. The "
    "intervals account for the choice of patients, not for the choice of seeds."
)


@dataclass(frozen=True)
class Protocol:
    """How an evaluation is done."""

    label: str | None = None
    n_folds: int = 5
    n_repeats: int = 3
    n_bootstraps: int = 1000
    seed: int = 0
    may_share_patients: bool = False
    """Judge even on patients that an encoder learnt from; the results say so."""
    device: str = "auto"


def evaluate(
    runs: Sequence[Path],
    set_folder: Path,
    out: Path,
    protocol: Protocol | None = None,
    progress: Step | None = None,
) -> Path:
    """Judge the encoders of finished runs on the `evaluate` part of a set.

    Args:
        runs: folders of finished runs.
        set_folder: the set that holds the images to judge on.
        out: gets results.json and report.html.
        protocol: how it is done.
        progress: told of the fraction done.

    Returns:
        the report.

    Raises:
        UserError: a run or set that cannot be used, patients an encoder learnt from, too few to judge on.
    """
    chosen = protocol or Protocol()
    records = [load_run(folder) for folder in runs]
    if not records:
        raise UserError("There is nothing to judge; name at least one finished run.")
    manifest = load_set(set_folder)
    held_out = _held_out(manifest, set_folder, chosen.label)
    is_shared = _check_patients(runs, records, held_out, chosen)
    folds = make_folds(held_out, chosen.n_folds, chosen.n_repeats, chosen.seed)
    samples = resample_patients(held_out.patients, chosen.n_bootstraps, chosen.seed)

    named = name_arms(records)
    arms = [
        _Arm(UNTRAINED, "", None),
        *(_Arm(*each) for each in zip(named, map(str, runs), records, strict=True)),
    ]
    judged: dict[str, Judged] = {}
    for done, arm in enumerate(arms):
        if progress:
            progress(done / len(arms), arm.name)
        made = _features(arm, records[0], set_folder, held_out, chosen)
        judged[arm.name] = judge(out_of_fold(made, held_out, folds), held_out, samples)

    counts = np.bincount(held_out.classes, minlength=len(held_out.names)).tolist()
    results = Results(
        set_sha256=manifest.sha256,
        gaze_is_simulated=manifest.gaze_is_simulated or any(record.gaze_is_simulated for record in records),
        images_are_simulated=any(entry.is_simulated for entry in held_out.entries),
        label=label_of_set(manifest, chosen.label) or "",
        classes=dict(zip(held_out.names, counts, strict=True)),
        n_images=len(held_out.entries),
        n_patients=len(set(held_out.patients.tolist())),
        n_folds=chosen.n_folds,
        n_repeats=chosen.n_repeats,
        n_bootstraps=chosen.n_bootstraps,
        level=LEVEL,
        shares_patients_with_pretraining=is_shared,
        arms=tuple(arm.result(judged[arm.name]) for arm in arms),
        differences=tuple(
            Difference(
                arm=named[a], baseline=named[b], scores=_differences(judged[named[a]], judged[named[b]])
            )
            for a, b in comparable(records)
        ),
        note=SIMULATED_NOTE if manifest.gaze_is_simulated else REAL_NOTE,
    )
    save_results(out, results)
    write_report(out / REPORT, results, dict(zip(named, runs, strict=True)), set_folder)
    if progress:
        progress(1.0, "done")
    return out / REPORT


@dataclass(frozen=True)
class _Arm:
    """One row of the table."""

    name: str
    folder: str
    record: RunRecord | None
    """None for the untrained encoder."""

    def result(self, judged: Judged) -> ArmResult:
        return ArmResult(
            name=self.name,
            run=Path(self.folder).name,
            gaze=self.record.gaze if self.record else "",
            seed=self.record.seed if self.record else 0,
            pair_rate=self.record.pair_rate if self.record else None,
            scores=_scores(judged),
        )


def _held_out(manifest: SetManifest, set_folder: Path, label: str | None) -> Labelled:
    name = label_of_set(manifest, label)
    if name is None:
        raise UserError(f"{set_folder} has no label to judge by, or several; name one with --label.")
    return labelled(manifest.of_part("evaluate"), name)


def _check_patients(
    runs: Sequence[Path], records: Sequence[RunRecord], held_out: Labelled, protocol: Protocol
) -> bool:
    """Whether an encoder is judged on patients it learnt from; refused unless that was declared."""
    judged_on = set(held_out.patients.tolist())
    for folder, record in zip(runs, records, strict=True):
        shared = judged_on & set(record.patients)
        if shared and not protocol.may_share_patients:
            raise UserError(
                f"{folder} learnt from {len(shared)} of the patients it would be judged on; evaluate on the "
                "set it was made from, or declare the overlap with --may-share-patients."
            )
        if shared:
            return True
    return False


def name_arms(records: Sequence[RunRecord]) -> list[str]:
    """A name for each run; the seed is told where the rest does not tell them apart."""
    words = {
        "none": "{method}, no gaze",
        "gzpt": "{method} + GzPT, {scheme}",
        "mcgip": "{method} + McGIP, {scheme}",
        "labels": "{method} + label pairs",
        "random": "{method} + random pairs",
    }
    names = [
        words[record.gaze].format(method=METHOD_NAMES[record.method], scheme=(record.scheme or "").upper())
        for record in records
    ]
    if len(set(names)) < len(names):
        names = [f"{name}, seed {record.seed}" for name, record in zip(names, records, strict=True)]
    if len(set(names)) < len(names):
        names = [f"{name} ({number})" for number, name in enumerate(names, start=1)]
    return names


def comparable(records: Sequence[RunRecord]) -> list[tuple[int, int]]:
    """Pairs (arm, baseline) that differ in gaze alone: all against no gaze, gaze against random pairs."""
    alike = ("set_sha256", "method", "seed", "n_epochs", "backbone", "image_size_px", "matching_sha256")
    pairs = []
    for baseline in ("none", "random"):
        for a, arm in enumerate(records):
            for b, other in enumerate(records):
                is_wanted = other.gaze == baseline and arm.gaze not in (baseline, "none")
                if is_wanted and all(getattr(arm, name) == getattr(other, name) for name in alike):
                    pairs.append((a, b))
    return pairs


def _features(
    arm: _Arm, like: RunRecord, set_folder: Path, held_out: Labelled, protocol: Protocol
) -> NDArray[np.float32]:
    record = arm.record or like
    encoder: nn.Module
    if arm.record:
        encoder = load_encoder(Path(arm.folder) / ENCODER, record.backbone, record.image_size_px)
    else:
        with seeded(record.seed):
            encoder = create_encoder(record.backbone, record.image_size_px)
    device = choose_device(protocol.device)
    images = load_images(set_folder, held_out.entries, record.image_size_px)
    made: NDArray[np.float32] = features(encoder.to(device), images, device).numpy()
    return made


def _scores(judged: Judged) -> tuple[Score, ...]:
    scores = []
    for (protocol, metric), sampled in judged.items():
        low, high = sampled.interval(LEVEL)
        scores.append(Score(protocol=protocol, metric=metric, value=sampled.value, low=low, high=high))
    return tuple(scores)


def _differences(arm: Judged, baseline: Judged) -> tuple[Score, ...]:
    differing = {key: sampled.minus(baseline[key]) for key, sampled in arm.items()}
    return tuple(
        score.model_copy(update={"detectable": sampled.detectable()})
        for score, sampled in zip(_scores(differing), differing.values(), strict=True)
    )


app = typer.Typer(add_completion=False)


@app.command()
def main(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Finished runs of learning.pretrain.")],
    set_folder: Annotated[Path, typer.Option("--set", metavar="SET", help="The set to judge on.")],
    out: OutOption,
    label: Annotated[
        str | None, typer.Option(help="Which label. [default: pathology, or the only one]")
    ] = None,
    folds: Annotated[int, typer.Option(min=2)] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="Of the folds.")] = 3,
    bootstraps: Annotated[int, typer.Option(min=10, help="Samples of patients behind an interval.")] = 1000,
    may_share_patients: Annotated[
        bool,
        typer.Option(
            "--may-share-patients", help="Judge on patients an encoder learnt from; the report says so."
        ),
    ] = False,
    seed: SeedOption = 0,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Judge encoders: metrics with intervals, differences between arms, a report.

    Example: python -m learning.evaluate ./runs/none ./runs/gzpt --set ./set --out ./evaluation
    """
    protocol = Protocol(label, folds, repeats, bootstraps, seed, may_share_patients, device)
    with progress_bar("Evaluation") as progress:
        report = evaluate(runs, set_folder, out, protocol, progress)
    results = load_results(out)
    if as_json:
        show_json(results.model_dump() | {"report": str(report)})
        return
    first = results.arms[0].scores[0].metric
    rows = [
        {"arm": arm.name}
        | {s.protocol: f"{s.value:.3f} [{s.low:.3f}, {s.high:.3f}]" for s in arm.scores if s.metric == first}
        for arm in results.arms
    ]
    show(
        rows,
        title=f"{first} with {LEVEL:.0%} intervals over {results.n_patients} patients",
        as_json=False,
        empty="",
    )
    show([{"report": str(report), "note": results.note}], title="", as_json=False, empty="")


if __name__ == "__main__":
    run(app)
