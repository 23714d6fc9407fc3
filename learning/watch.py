"""A look at a run while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from learning.config import RunConfig
from learning.encoder import features
from learning.files import EpochMetrics, SetManifest
from learning.images import load_images
from learning.labels import Labelled, label_of_set, labelled
from learning.metrics import held_out_neighbour_auc


class Watch:
    """Looks at the neighbours of held-out patients while a run goes on. Nothing is chosen by what it sees."""

    def __init__(
        self, set_folder: Path, manifest: SetManifest, config: RunConfig, device: torch.device
    ) -> None:
        """Load the labelled images of the `evaluate` part, if they can be judged."""
        self._every, self._n_epochs, self._device = config.watch_every, config.epochs, device
        label = label_of_set(manifest, config.label)
        self._held_out: Labelled | None = None
        if label is not None and self._every:
            held_out = labelled(manifest.of_part("evaluate"), label)
            if len(held_out.names) > 1 and len(set(held_out.patients.tolist())) > 1:
                self._held_out = held_out
                self._images = load_images(
                    set_folder, held_out.entries, config.image_size_px, memory_gib=config.memory_gib
                )

    def neighbour_auc(self, epoch: int, encoder: nn.Module) -> float | None:
        """Macro one-vs-rest AUC of 10 neighbours; None where it cannot be told or is not due."""
        is_due = self._every and ((epoch + 1) % self._every == 0 or epoch + 1 == self._n_epochs)
        if self._held_out is None or not is_due:
            return None
        made = features(encoder, self._images, self._device).numpy()
        return held_out_neighbour_auc(made, self._held_out.classes, self._held_out.patients)


COLLAPSED_SPREAD = 0.1
MERGED_FALL = 0.1


def warning(history: Sequence[EpochMetrics]) -> str | None:
    """What the last epoch says is going wrong, in one sentence.

    Embeddings collapse where they all point one way. Images merge where many positives pull classes
    together: the neighbours of held-out patients, once good, are no longer. Without pairs that happens, too,
    where the views show something else better than what the label is about.
    """
    now = history[-1]
    has_pairs = any(each.pairs_per_anchor for each in history)
    if now.embedding_spread < COLLAPSED_SPREAD:
        return (
            f"The embeddings collapse (spread {now.embedding_spread:.2f}): choose a lower learning rate"
            f"{', fewer pairs' if has_pairs else ''} or a larger batch."
        )
    seen = [each.knn_auc for each in history[:-1] if each.knn_auc is not None]
    if not seen or now.knn_auc is None or max(seen) - now.knn_auc <= MERGED_FALL:
        return None
    fell = f"the neighbour AUC of held-out patients fell from {max(seen):.2f} to {now.knn_auc:.2f}"
    if has_pairs:
        return f"Images merge: {fell}; choose fewer pairs, more dropping or a longer warm-up."
    return f"The label is lost, without any pairs: {fell}; choose larger images or a milder augmentation."
