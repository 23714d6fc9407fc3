"""From traces to the relation of their images: which schemes, which pairs, and how several readings count."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acquisition.command_line import Step
from acquisition.errors import UserError
from learning.files import Relation, Traces
from learning.similarity import SCHEMES, describe_traces, find_profile, find_scheme
from learning.similarity.comparison import COLLAPSES, Part
from learning.similarity.edges import Selection
from learning.similarity.job import Job
from learning.similarity.scores import complete_floor, overlap, rank_correlation, score_histogram
from learning.similarity.spread import Spread, run_spread

MOST_COMPARED = 3000
"""Images of which two relations are compared at most, evenly chosen: all their pairs are held at once."""
FEATURES_SHARE = 0.5
"""Of the time that a graph takes, for the progress bar."""


@dataclass(frozen=True)
class Recipe:
    """How a relation graph is made."""

    scheme: str = "tima"
    """A scheme, or several with their weights: `0.7tima+0.3moments`."""
    profile: str = "corrected"
    threshold: float | None = None
    """Pairs of images at or below it are dropped; None keeps all."""
    top_k: int | None = None
    """Pairs stay that are among the k strongest of either image; None keeps all."""
    keep: float | None = None
    """Instead of a threshold: the strongest pairs, as a share of all."""
    positives: float | None = None
    """Instead of a threshold: so many pairs of an image above it, on average."""
    collapse: str = "mean"
    """An image that was read more than once takes part with all its traces: the similarity of two images is
    the `mean` or the `max` over all pairs of their traces, or the mean over those of the `same-reader`."""

    @property
    def schemes(self) -> dict[str, float]:
        """The schemes and their weights, which sum to 1."""
        terms = [re.fullmatch(r"([0-9]*\.?[0-9]+)?([a-z][a-z-]*)", term) for term in self.scheme.split("+")]
        weights = {term[2]: float(term[1] or 1) for term in terms if term}
        if (
            len(weights) != len(terms)
            or not math.isfinite(sum(weights.values()))
            or not all(weights.values())
        ):
            raise UserError(
                f"'{self.scheme}' is no scheme; give one of {', '.join(SCHEMES)}, or 0.7tima+0.3moments."
            )
        return {find_name(name): weight / sum(weights.values()) for name, weight in weights.items()}


def find_name(scheme: str) -> str:
    """The name itself. Raises `UserError` where no scheme has it."""
    find_scheme(scheme)
    return scheme


HERE = Spread()


def relate(
    traces: Traces,
    recipe: Recipe,
    progress: Step | None = None,
    spread: Spread = HERE,
    keep: Path | None = None,
) -> Relation:
    """The relation of all images that have gaze: traces are compared first, then collapsed to images.

    Args:
        traces: all that takes part.
        recipe: how.
        progress: is told the share done.
        spread: who computes.
        keep: folder for finished pieces, by which a graph that was broken off goes on.
    """
    job, ids = describe(traces, recipe, progress)
    threshold = calibrated(job, recipe)
    job = replace(job, selection=Selection(threshold, recipe.top_k))
    edges = run_spread(job, spread, keep=keep, progress=_later(progress))
    if progress:
        progress(1.0, f"{len(edges)} edges")
    return Relation(
        ids=ids,
        rows=edges.rows,
        columns=edges.columns,
        values=edges.values,
        scheme=recipe.scheme,
        profile=job.profile.name,
        parameters=job.profile.parameters() | {"top_k": recipe.top_k},
        collapse=recipe.collapse,
        floor=complete_floor(edges, len(ids), job.selection),
    )


def describe(traces: Traces, recipe: Recipe, progress: Step | None = None) -> tuple[Job, NDArray[np.str_]]:
    """Everything that decides the similarities of images, which are named by the second result."""
    if recipe.collapse not in COLLAPSES:
        raise UserError(
            f"There is no rule '{recipe.collapse}' for several readings; choose {', '.join(COLLAPSES)}."
        )
    chosen, samples, parts = find_profile(recipe.profile), traces.split(), []
    for scheme, weight in recipe.schemes.items():
        if progress:
            progress(0.0, f"{scheme} features of {len(traces)} traces")
        packed = describe_traces(samples, scheme, canvas=traces.canvas_px, profile=chosen)
        parts.append(Part(scheme, weight, packed))
    ids, images = np.unique(traces.image_ids, return_inverse=True)
    readers = np.unique(traces.reader_ids, return_inverse=True)[1]
    return Job(tuple(parts), chosen, images, readers, Selection(), recipe.collapse), ids


def calibrated(job: Job, recipe: Recipe) -> float | None:
    """The threshold that a recipe asks for. Raises `UserError` where it asks for two."""
    asked = [recipe.threshold, recipe.keep, recipe.positives]
    if sum(each is not None for each in asked) > 1:
        raise UserError(
            "Give a threshold, a share of pairs to keep, or positives an image: one of the three."
        )
    if recipe.keep is not None:
        if not 0 < recipe.keep <= 1:
            raise UserError(f"The share of pairs to keep must lie between 0 and 1, not {recipe.keep:g}.")
        return score_histogram(job).threshold_at(recipe.keep)
    if recipe.positives is not None:
        return score_histogram(job).threshold_for(recipe.positives)
    return recipe.threshold


def _later(progress: Step | None) -> Step | None:
    """Progress of the pairs, after that of the features."""
    if progress is None:
        return None
    return lambda share, message: progress(FEATURES_SHARE + (1 - FEATURES_SHARE) * share, message)


def compare_recipes(traces: Traces, one: Recipe, other: Recipe) -> list[dict[str, str | float]]:
    """How far two schemes or profiles agree on the same traces: by rank, and in their strongest pairs."""
    ids = np.unique(traces.image_ids)
    some = ids[np.unique(np.linspace(0, len(ids) - 1, min(len(ids), MOST_COMPARED)).astype(np.int64))]
    chosen = _of_images(traces, some)
    first, second = (
        relate(chosen, replace(recipe, threshold=None, top_k=None, keep=None, positives=None)).values
        for recipe in (one, other)
    )
    if len(first) < 2 or len(first) != len(second):
        raise UserError("There are too few pairs of images to compare two relations; read more cases first.")
    rows: list[dict[str, str | float]] = [
        {"figure": "rank correlation (Spearman)", "value": round(rank_correlation(first, second), 4)}
    ]
    for share in (0.01, 0.05, 0.1):
        name = f"strongest {share:.0%} of pairs: in both of those in either"
        rows.append({"figure": name, "value": round(overlap(first, second, share), 4)})
    return rows


def _of_images(traces: Traces, image_ids: NDArray[np.str_]) -> Traces:
    """The traces of some images alone."""
    chosen = np.flatnonzero(np.isin(traces.image_ids, image_ids))
    samples = [traces.samples[traces.offsets[k] : traces.offsets[k + 1]] for k in chosen]
    return Traces(
        samples=np.concatenate(samples) if samples else np.empty((0, 3)),
        offsets=np.append(0, np.cumsum([len(each) for each in samples])).astype(np.int64),
        image_ids=traces.image_ids[chosen],
        reader_ids=traces.reader_ids[chosen],
        canvas_px=traces.canvas_px[chosen],
    )
