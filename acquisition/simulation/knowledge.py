"""What a simulated reader knows of an image: imported truth, and the part of the image worth looking at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from acquisition.domain import Image, Label
from acquisition.errors import StoreError
from acquisition.simulation.reader import Knowledge, Lesion, SceneKnowledge


class TruthShelf(Protocol):
    """The part of the catalogue that holds images and their labels."""

    def image(self, image_id: str) -> Image:
        """Raises StoreError where there is none."""
        ...

    def labels(self, subject_id: str | None = None) -> list[Label]:
        """Truth of one image or case, or of all."""
        ...


def knowledge_of(shelf: TruthShelf) -> Knowledge:
    """Knowledge that is looked up when an image is first seen.

    A lesion is known where an image has the labels `pathology`, `lesion_x_px`, `lesion_y_px` and
    `lesion_radius_px`, as the phantoms do; of any other image only its box is known.
    """

    def look_up(image_id: str) -> SceneKnowledge:
        try:
            image = shelf.image(image_id)
        except StoreError as error:
            raise KeyError(image_id) from error
        labels = {label.name: label.value for label in shelf.labels(image_id)}
        lesion = lesion_in(labels)
        return SceneKnowledge(() if lesion is None else (lesion,), image.box_px)

    return look_up


def lesion_in(labels: Mapping[str, str]) -> Lesion | None:
    """The lesion that these labels describe, None where they describe none."""
    try:
        x_px, y_px, radius_px = (float(labels[f"lesion_{name}_px"]) for name in ("x", "y", "radius"))
    except (KeyError, ValueError):
        return None
    return Lesion(x_px, y_px, radius_px, malignant=labels.get("pathology") == "malignant")
