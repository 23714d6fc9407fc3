"""Which images of a batch are positives of each other.

Letters: n images of the set's `pretrain` part, B images of a batch, K places of a queue.
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
    """The pairs that a run may use.

    Raises `UserError` for a threshold below the graph's floor, a graph of other images, or pairs by a label
    that the set does not have.
    """
    entries = manifest.of_part("pretrain")
    label = label_of_set(manifest, config.label)
    if config.gaze == "none":
        return Pairing(np.zeros((len(entries), len(entries)), bool))
    if config.gaze == "labels":
        return _label_pairs(set_folder, entries, label, config)
    relation = _relation(set_folder, manifest, config.scheme)
    threshold = config.threshold
    if threshold is None:
        threshold = relation.threshold_at(config.pair_rate or DEFAULT_PAIR_RATE)
    rate = relation.rate_above(threshold)
    pairs = adjacency(relation, [entry.id for entry in entries], threshold)
    if config.gaze == "random":
        has_gaze = np.isin([entry.id for entry in entries], relation.ids)
        pairs = shuffled(pairs, has_gaze, config.seed)
    return Pairing(pairs, threshold, rate, _purity(pairs, entries, label))


def _relation(set_folder: Path, manifest: SetManifest, scheme: str) -> Relation:
    if scheme not in manifest.relations:
        raise UserError(
            f"{set_folder} has no {scheme} graph; make one with "
            f"`python -m learning.graph {set_folder} --scheme {scheme}`."
        )
    return load_relation(set_folder / manifest.relations[scheme])


def _label_pairs(set_folder: Path, entries: Sequence[Entry], label: str | None, config: RunConfig) -> Pairing:
    """Images of one label, or as many of those pairs as the rate allows, chosen once for the run."""
    classes = np.array([entry.labels.get(label or "", "") for entry in entries])
    n_labelled = int((classes != "").sum())
    if not n_labelled:
        raise UserError(
            f"No image to learn from in {set_folder} has a label to pair by, or there are several labels; "
            "name one with --label or choose another --gaze."
        )
    if len(set(classes.tolist()) - {""}) == 1:
        raise UserError(
            f"All labelled images to learn from in {set_folder} are {max(classes)}, so that a label tells no "
            "two apart; choose another --gaze or --label."
        )
    pairs = same_label(classes)
    n_all = n_labelled * (n_labelled - 1) // 2
    if config.pair_rate is not None:
        pairs = thinned(pairs, round(config.pair_rate * n_all), config.seed)
    return Pairing(pairs, rate=int(pairs.sum()) / 2 / max(n_all, 1), purity=1.0 if pairs.any() else None)


def same_label(classes: NDArray[np.str_]) -> BoolArray:
    """(n, n) which images carry the same label (n,); one without a label has no pair, none is its own."""
    pairs: BoolArray = (classes[:, None] == classes) & (classes != "")
    np.fill_diagonal(pairs, False)
    return pairs


def thinned(pairs: BoolArray, n_kept: int, seed: int) -> BoolArray:
    """`n_kept` of the pairs (n, n), drawn evenly.

    Raises `UserError` where there are fewer.
    """
    rows, columns = np.nonzero(np.triu(pairs))
    if n_kept > len(rows):
        raise UserError(
            f"The set has {len(rows)} pairs of one label and the pair rate asks for {n_kept}; lower it."
        )
    chosen = np.random.default_rng(seed).permutation(len(rows))[:n_kept]
    kept = np.zeros_like(pairs)
    kept[rows[chosen], columns[chosen]] = True
    return kept | kept.T


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


@dataclass(frozen=True)
class Likeness:
    """Draws the positives of a step from the pairs of a run."""

    pairs: Tensor
    """(n, n) bool, without the diagonal, on the device of the run."""
    drop_probability: float = 0.0
    """p of GzPT: a pair stays where u > p, one u per pair and step; 0 keeps all (McGIP), 1 none."""
    own_copies_are_positive: bool = True
    """Whether an older key of the same image is a positive. It is never dropped."""

    def within(self, batch: Tensor, draw: torch.Generator) -> Tensor:
        """(B, B) bool, symmetric: the positives among a batch (B,) of positions, each image its own.

        Random numbers are drawn on the CPU, so that every device draws the same.
        """
        like = self.pairs[batch][:, batch] & self._stays(len(batch), len(batch), draw)
        upper = like.triu(1)
        return upper | upper.T | torch.eye(len(batch), dtype=torch.bool, device=like.device)

    def across(self, batch: Tensor, keys: Tensor, draw: torch.Generator) -> Tensor:
        """(B, K) bool: which places of a queue hold a positive of each image of a batch (B,).

        Args:
            batch: positions.
            keys: (K,) positions of the images in the queue, -1 where a place is empty.
            draw: as for `within`.
        """
        like = self.pairs[batch][:, keys.clamp(min=0)] & self._stays(len(batch), len(keys), draw)
        if self.own_copies_are_positive:
            like = like | (batch[:, None] == keys)
        return like & (keys >= 0)

    def _stays(self, n_rows: int, n_columns: int, draw: torch.Generator) -> Tensor:
        if self.drop_probability == 0:
            return torch.ones((), dtype=torch.bool, device=self.pairs.device)
        stays = torch.rand(n_rows, n_columns, generator=draw) > self.drop_probability
        return stays.to(self.pairs.device, non_blocking=True)
