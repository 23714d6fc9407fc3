"""What the simulated reader is told of an image."""

import pytest

from acquisition.domain import Image, Label, Laterality
from acquisition.errors import StoreError
from acquisition.simulation.knowledge import knowledge_of, lesion_in
from acquisition.simulation.reader import Lesion

TRUTH = {"pathology": "malignant", "lesion_x_px": "12.5", "lesion_y_px": "40", "lesion_radius_px": "6"}
IMAGE = Image(
    "img",
    "case",
    "f.dcm",
    "",
    0,
    "1",
    "1",
    0,
    64,
    64,
    "MG",
    Laterality.LEFT,
    "CC",
    False,
    (1.0, 2.0, 30.0, 40.0),
)


class Shelf:
    def __init__(self, truth: dict[str, str]) -> None:
        self._truth = truth

    def image(self, image_id: str) -> Image:
        if image_id != IMAGE.id:
            raise StoreError("no such image")
        return IMAGE

    def labels(self, subject_id: str | None = None) -> list[Label]:
        return [Label(str(subject_id), name, value, "truth.csv") for name, value in self._truth.items()]


def test_a_described_lesion_is_known() -> None:
    known = knowledge_of(Shelf(TRUTH))("img")
    assert known.lesions == (Lesion(12.5, 40.0, 6.0, malignant=True),)
    assert known.box_px == IMAGE.box_px


@pytest.mark.parametrize("missing", ["lesion_x_px", "lesion_y_px", "lesion_radius_px"])
def test_half_a_description_is_no_lesion(missing: str) -> None:
    assert lesion_in({name: value for name, value in TRUTH.items() if name != missing}) is None


def test_a_benign_lesion_and_one_of_unknown_kind_are_not_malignant() -> None:
    for pathology in ("benign", ""):
        lesion = lesion_in({**TRUTH, "pathology": pathology})
        assert lesion is not None
        assert not lesion.malignant


def test_an_unknown_image_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        knowledge_of(Shelf({}))("other")
