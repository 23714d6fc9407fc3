"""How good are encoders on patients they never saw?

Neighbours, a linear probe and, if asked for, fine-tuning on folds of whole patients. Runs that differ in
their seed alone are one arm; intervals come from resampling patients and the spread of seeds. Arms are
compared on the same patients and seeds; what differs in more than its pairs is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from acquisition.command_line import Step, say_nothing
from acquisition.errors import UserError
from learning.augment import find_augmentation
from learning.device import choose_device
from learning.encoder import features
from learning.evaluation.bootstrap import Figures, Sampled, Scores, figures_of, resample_patients
from learning.evaluation.cautions import REAL_NOTE, SIMULATED_NOTE, cautions_of
from learning.evaluation.entrants import Arm, arm_without_run, arms_of_runs, scratch_arms, told_apart
from learning.evaluation.fine_tune import FINE_TUNING, PIECES, FineTuning, Task, fine_tune
from learning.evaluation.frozen import Folds, make_folds, out_of_fold
from learning.evaluation.leakage import check_leakage, past_is_known
from learning.files import ArmResult, Difference, Results, Score, SetManifest, load_set, save_results
from learning.images import load_images
from learning.labels import Labelled, held_out_of
from learning.metrics import IntArray, metrics_for
from learning.records import REPORT
from learning.report import write_comparison, write_report

LEVEL = 0.95
SHARE_OF_FEATURES = 0.1
"""Of an encoder's time, where it is fine-tuned, too."""


@dataclass(frozen=True)
class Protocol:
    """How an evaluation is done."""

    label: str | None = None
    n_folds: int = 5
    n_repeats: int = 3
    n_bootstraps: int = 2000
    seed: int = 0
    may_share_patients: bool = False
    """Judge even on patients that an encoder learnt from; the results say so."""
    device: str = "auto"
    fine_tuning: FineTuning | None = None
    """None leaves the encoders as they are."""
    arms: tuple[str, ...] = ()
    """Encoders without a run, see `learning.evaluation.entrants`. The untrained ones of the runs' backbones
    always stand in the table."""
    is_comparison: bool = False
    """Whether the table is written for a paper, too: HTML, CSV and LaTeX."""


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
        out: gets results.json and report.html; folds that were fine-tuned there before are not done again.
        protocol: how it is done.
        progress: told of the fraction done.

    Returns:
        the report.

    Raises:
        UserError: a run, set or encoder that cannot be used, patients an encoder learnt from, too few to
            judge on.
    """
    chosen = protocol or Protocol()
    tell = progress or say_nothing
    arms = choose_arms(runs, chosen.arms)
    manifest = load_set(set_folder)
    held_out = held_out_of(manifest, chosen.label)
    is_shared = check_leakage(arms, manifest, held_out, is_declared=chosen.may_share_patients)
    judging = _Judging(
        set_folder=set_folder,
        set_sha256=manifest.learnt_sha256,
        held_out=held_out,
        folds=make_folds(held_out, chosen.n_folds, chosen.n_repeats, chosen.seed),
        weights=resample_patients(held_out.patients, chosen.n_bootstraps, chosen.seed),
        tuning=_plan(arms, chosen.fine_tuning),
        pieces=out / PIECES,
        device=choose_device(chosen.device),
    )
    judged = []
    n_entrants, n_before = sum(len(arm.entrants) for arm in arms), 0
    for arm in arms:
        judged.append(judging.arm(arm, _part(tell, n_before, n_entrants, arm.name)))
        n_before += len(arm.entrants)

    results = _results(judged, manifest, held_out, chosen, is_shared=is_shared)
    save_results(out, results)
    write_report(out / REPORT, results, {arm.name: arm.runs for arm in arms if arm.runs}, set_folder)
    if chosen.is_comparison:
        write_comparison(out, results)
    tell(1.0, "done")
    return out / REPORT


def choose_arms(runs: Sequence[Path], specs: Sequence[str]) -> list[Arm]:
    """All rows of the table: untrained encoders, others without a run, then the runs' arms.

    Raises `UserError` where there are none, or for a run or encoder that cannot be used.
    """
    trained = arms_of_runs(runs)
    given = [arm_without_run(spec, trained) for spec in specs]
    known = {(arm.name, arm.backbone, arm.image_size_px) for arm in given}
    scratch = [
        arm for arm in scratch_arms(trained) if (arm.name, arm.backbone, arm.image_size_px) not in known
    ]
    arms = told_apart([*scratch, *given, *trained])
    if not arms:
        raise UserError("There is nothing to judge; name at least one finished run, or an encoder by --arm.")
    return arms


def _plan(arms: Sequence[Arm], given: FineTuning | None) -> FineTuning | None:
    """Images are mirrored only where all runs did so: a heart is on the left."""
    kinds = {arm.config.augmentation for arm in arms if arm.config}
    if given is None or all(find_augmentation(kind).flip_probability > 0 for kind in kinds):
        return given
    return replace(given, flip_probability=0.0)


@dataclass(frozen=True)
class _Judging:
    """What is the same for every arm."""

    set_folder: Path
    set_sha256: str
    held_out: Labelled
    folds: Folds
    weights: IntArray
    tuning: FineTuning | None
    pieces: Path
    device: torch.device

    def arm(self, arm: Arm, step: Callable[[float], None]) -> _Judged:
        """Judge the encoders of one arm; `step` is told how many are done."""
        images = load_images(self.set_folder, self.held_out.entries, arm.image_size_px)
        by_seed: dict[int, Scores] = {}
        rates: list[float] = []
        for number, entrant in enumerate(arm.entrants):
            step(number)
            encoder = entrant.create().to(self.device)
            made = features(encoder, images, self.device).numpy()
            by_seed[entrant.seed] = out_of_fold(made, self.held_out, self.folds)
            if self.tuning:
                tuned = fine_tune(entrant, self._task(images, self.tuning), partial(_within, step, number))
                by_seed[entrant.seed][FINE_TUNING] = tuned.scores
                rates += tuned.learning_rates
        metrics = metrics_for(self.held_out.names)
        figures = figures_of(by_seed, self.held_out.classes, self.folds.test, metrics, self.weights)
        return _Judged(arm, figures, tuple(rates))

    def _task(self, images: NDArray[np.uint8], plan: FineTuning) -> Task:
        return Task(images, self.held_out, self.folds, plan, self.device, self.set_sha256, self.pieces)


def _within(step: Callable[[float], None], n_done: int, fraction: float) -> None:
    """Fine-tuning is told as what comes after a tenth of an encoder's time."""
    step(n_done + SHARE_OF_FEATURES + (1 - SHARE_OF_FEATURES) * fraction)


@dataclass(frozen=True)
class _Judged:
    """An arm and what it scored."""

    arm: Arm
    figures: Figures = field(repr=False)
    learning_rates: tuple[float, ...] = ()

    def result(self) -> ArmResult:
        arm = self.arm
        return ArmResult(
            name=arm.name,
            pairs=arm.pairs,
            gaze=arm.gaze,
            backbone=arm.backbone,
            runs=tuple(folder.name for folder in arm.runs),
            seeds=arm.seeds if arm.has_seeds else (),
            pair_rate=arm.record.pair_rate if arm.record else None,
            learning_rates=self.learning_rates,
            scores=_scores(self.figures, is_difference=False),
        )

    def minus(self, other: _Judged) -> Difference:
        is_fixed = not other.arm.has_seeds
        differing = {
            key: figure.minus(other.figures[key], is_fixed=is_fixed) for key, figure in self.figures.items()
        }
        return Difference(
            arm=self.arm.name,
            baseline=other.arm.name,
            is_matched=self.arm.is_matched(other.arm),
            seeds=next(iter(differing.values())).seeds,
            scores=_scores(differing, is_difference=True),
        )


def compared(arms: Sequence[Arm]) -> Iterator[tuple[int, int]]:
    """Positions (arm, baseline) of the differences to take.

    Arms that differ in their pairs alone, with as many of them, under seeds that both have: all against no
    gaze, then gaze against random pairs. Then every arm that learnt from its pairs against encoders without
    a run.
    """
    for baseline in ("none", "random"):
        for b, other in enumerate(arms):
            for a, arm in enumerate(arms):
                is_wanted = other.gaze == baseline and arm.gaze not in (baseline, "none", "")
                if is_wanted and arm.is_matched(other) and set(arm.seeds) & set(other.seeds):
                    yield a, b
    for b, other in enumerate(arms):
        for a, arm in enumerate(arms):
            if other.record is None and arm.record is not None and _can_differ(arm, other):
                yield a, b


def _can_differ(arm: Arm, other: Arm) -> bool:
    return not other.has_seeds or bool(set(arm.seeds) & set(other.seeds))


def _results(
    judged: Sequence[_Judged],
    manifest: SetManifest,
    held_out: Labelled,
    protocol: Protocol,
    *,
    is_shared: bool,
) -> Results:
    arms = [each.arm for each in judged]
    differences = [judged[a].minus(judged[b]) for a, b in compared(arms)]
    gaze_is_simulated = manifest.gaze_is_simulated or any(
        arm.record.gaze_is_simulated for arm in arms if arm.record
    )
    counts = np.bincount(held_out.classes, minlength=len(held_out.names)).tolist()
    return Results(
        set_sha256=manifest.sha256,
        gaze_is_simulated=gaze_is_simulated,
        images_are_simulated=any(entry.is_simulated for entry in held_out.entries),
        label=held_out.label,
        classes=dict(zip(held_out.names, counts, strict=True)),
        n_images=len(held_out.entries),
        n_patients=len(set(held_out.patients.tolist())),
        n_folds=protocol.n_folds,
        n_repeats=protocol.n_repeats,
        n_bootstraps=protocol.n_bootstraps,
        level=LEVEL,
        shares_patients_with_pretraining=is_shared,
        past_is_known=past_is_known(arms, manifest),
        arms=tuple(each.result() for each in judged),
        differences=tuple(differences),
        note=SIMULATED_NOTE if gaze_is_simulated else REAL_NOTE,
        cautions=tuple(cautions_of(arms, manifest, held_out)),
    )


def _scores(figures: Figures, *, is_difference: bool) -> tuple[Score, ...]:
    return tuple(
        _score(protocol, metric, figure.values.tolist(), figure.over_seeds(), is_difference)
        for (protocol, metric), figure in figures.items()
    )


def _score(protocol: str, metric: str, by_seed: list[float], sampled: Sampled, is_difference: bool) -> Score:
    low, high = sampled.interval(LEVEL)
    detectable = sampled.detectable() if is_difference else np.nan
    return Score(
        protocol=protocol,
        metric=metric,
        value=sampled.value,
        low=low,
        high=high,
        by_seed=tuple(by_seed),
        detectable=None if np.isnan(detectable) else detectable,
    )


def _part(tell: Step, n_before: int, n: int, message: str) -> Callable[[float], None]:
    """Progress of an arm, in encoders; `n_before` of `n` came before it."""
    return lambda n_done: tell((n_before + n_done) / n, message)
