"""Which images of a batch are positives of each other.

Letters: n images of the set's `pretrain` part, B images of a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from acquisition.errors import UserError
from learning.config import DEFAULT_PAIR_RATE, RunConfig
from learning.files import Entry, Relation, SetManifest, load_relation
from learning.labels import label_of_set

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Pairing:
    """Which images count as read alike."""

    pairs: BoolArray
    """(n, n), without the diagonal."""
    threshold: float | None = None
    rate: float | None = None
    """Share of all pairs of images with gaze."""
    purity: float | None = None
    """Share of the pairs whose labels agree."""


def choose_pairs(set_folder: Path, manifest: SetManifest, config: RunConfig) -> Pairing:
    """The pairs that a run may use. Raises `UserError` for a threshold below the graph's floor."""
    entries = manifest.of_part("pretrain")
    if not config.uses_pairs:
        return Pairing(np.zeros((len(entries), len(entries)), bool))
    if config.scheme not in manifest.relations:
        raise UserError(
            f"{set_folder} has no {config.scheme} graph; make one with "
            f"`python -m learning.graph {set_folder} --scheme {config.scheme}`."
        )
    relation = load_relation(set_folder / manifest.relations[config.scheme])
    threshold = config.threshold
    if threshold is None:
        threshold = relation.threshold_at(config.pair_rate or DEFAULT_PAIR_RATE)
    rate = relation.rate_above(threshold)
    pairs = adjacency(relation, [entry.id for entry in entries], threshold)
    if config.gaze == "random":
        has_gaze = np.isin([entry.id for entry in entries], relation.ids)
        pairs = shuffled(pairs, has_gaze, config.seed)
    return Pairing(pairs, threshold, rate, _purity(pairs, entries, label_of_set(manifest, config.label)))


def _purity(pairs: BoolArray, entries: Sequence[Entry], label: str | None) -> float | None:
    values = np.array([entry.labels.get(label or "", "") for entry in entries])
    rows, columns = np.nonzero(pairs & (values != "") & (values != "")[:, None])
    return float((values[rows] == values[columns]).mean()) if len(rows) else None


def adjacency(relation: Relation, ids: Sequence[str], threshold: float) -> BoolArray:
    """(n, n) which pairs of images lie above the threshold; no image is its own pair.

    Joined by id, never by the order of rows. Raises `UserError` where the relation knows an image that
    is not among `ids`: it belongs to another set.
    """
    position = {image_id: i for i, image_id in enumerate(ids)}
    strangers = [image_id for image_id in relation.ids.tolist() if image_id not in position]
    if strangers:
        raise UserError(
            f"The {relation.scheme} graph does not belong to this set: it names {len(strangers)} images that "
            f"are not there for pretraining ({strangers[0]}); make the graph again with learning.graph."
        )
    place = np.array([position[image_id] for image_id in relation.ids.tolist()], np.int64)
    strong = relation.values > np.float32(threshold)
    rows, columns = place[relation.rows[strong]], place[relation.columns[strong]]
    pairs = np.zeros((len(ids), len(ids)), bool)
    pairs[rows, columns] = pairs[columns, rows] = True
    return pairs


def shuffled(pairs: BoolArray, has_gaze: BoolArray, seed: int) -> BoolArray:
    """The same graph with the images that have gaze dealt anew: as many pairs, without meaning.

    Args:
        pairs: (n, n) symmetric.
        has_gaze: (n,) the images that can have pairs.
        seed: of the deal.
    """
    place = np.arange(len(pairs))
    place[has_gaze] = np.random.default_rng(seed).permutation(place[has_gaze])
    return pairs[np.ix_(place, place)]


def draw_positives(pairs: Tensor, batch: Tensor, drop_probability: float, draw: torch.Generator) -> Tensor:
    """(B, B) bool: the positives of one step, symmetric, each image being its own.

    One u per unordered pair; a pair stays where u > drop_probability, so that 0 keeps all (McGIP) and 1 none.

    Args:
        pairs: (n, n) bool.
        batch: (B,) positions of the batch's images.
        drop_probability: p of GzPT.
        draw: on the CPU, so that every device draws the same.
    """
    stays = torch.rand(len(batch), len(batch), generator=draw) > drop_probability
    if drop_probability == 0:
        stays.fill_(True)
    upper = (pairs[batch][:, batch] & stays.to(pairs.device)).triu(1)
    return upper | upper.T | torch.eye(len(batch), dtype=torch.bool, device=pairs.device)
