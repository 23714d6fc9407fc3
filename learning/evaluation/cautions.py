"""What an evaluation cannot show, in sentences: few seeds, arms that are not matched, images left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from learning.evaluation.entrants import Arm, differing_settings
from learning.files import SetManifest
from learning.labels import Labelled

SEEDS_FOR_A_CLAIM = 5
SIMULATED_NOTE = (
    "The gaze in this set is simulated. These figures show whether the machinery transports the signal that "
    "it was given; they prove nothing about radiologists."
)
REAL_NOTE = (
    "The intervals account for the choice of patients judged on and, where an arm has several, of "
    "pretraining seeds. They hold the probes and fine-tuned networks as they were trained: other patients to "
    "train those on would move the figures, too. They say nothing about other hospitals, readers or devices."
)


def cautions_of(arms: Sequence[Arm], manifest: SetManifest, held_out: Labelled) -> Iterator[str]:
    """A sentence for everything that keeps the figures from showing more than they do."""
    yield from _few_seeds(arms)
    yield from _unmatched(arms)
    for arm in arms:
        if arm.positives == 0:
            yield f"{arm.name} had no pairs, since no two images lie above its threshold."
    sets = {arm.record.set_sha256 for arm in arms if arm.record}
    if sets - {manifest.learnt_sha256}:
        yield (
            "The encoders learnt from another set than they are judged on. Patients are known again only "
            "between sets of one store or of one data set: that none is in both is for you to know."
        )
    if strangers := [arm.name for arm in arms if not all(each.past.is_known for each in arm.entrants)]:
        yield (
            f"No run tells what the weights of {' and '.join(strangers)} learnt from: that none of the "
            "patients judged on was among it is for you to know."
        )
    n_without = len(manifest.of_part("evaluate")) - len(held_out.entries)
    if n_without:
        images = "1 image was" if n_without == 1 else f"{n_without} images were"
        yield f"{images} left out of the evaluation, which have no label '{held_out.label}'."


def _few_seeds(arms: Sequence[Arm]) -> Iterator[str]:
    few = [arm for arm in arms if arm.record and len(arm.seeds) < SEEDS_FOR_A_CLAIM]
    if not few:
        return
    told = ", ".join(f"{arm.name} has {len(arm.seeds)}" for arm in few)
    yield (
        f"A claim takes at least {SEEDS_FOR_A_CLAIM} pretraining seeds of every arm; {told}. With one seed "
        "an interval knows nothing of seeds, and is far too narrow where they matter."
    )


def _unmatched(arms: Sequence[Arm]) -> Iterator[str]:
    """Arms of one method that look comparable and are not, or not under all their seeds."""
    for arm in arms:
        if arm.gaze not in ("mcgip", "gzpt", "labels"):
            continue
        others: dict[str, list[str]] = {}
        for baseline in arms:
            if baseline.gaze not in ("none", "random") or baseline.method != arm.method:
                continue
            if not arm.is_matched(baseline):
                differing = ", ".join(differing_settings(arm, baseline)) or "their settings"
                others.setdefault(differing, []).append(baseline.name)
            elif unshared := sorted(set(arm.seeds) ^ set(baseline.seeds)):
                told = ", ".join(map(str, unshared))
                yield (
                    f"{arm.name} and {baseline.name} do not share the seeds {told}, which do not count in "
                    "their difference."
                )
        for differing, names in others.items():
            yield (
                f"{arm.name} differs in more than its pairs from {' and from '.join(names)}, so that no "
                f"difference is taken: {differing}."
            )
