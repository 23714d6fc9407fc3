"""From files of several kinds to how they hang: through the import and the store."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import make_dataset
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from acquisition.interchange.importing import import_paths
from acquisition.store import open_store
from app.read.hanging import largest, pane_boxes, view_name
from app.read.stages import stages
from app.read.wall import Pane, Wall

ROOM = (1200, 800)
CHEST = {"Modality": "DX", "BodyPartExamined": "CHEST"}
KNEE = {"Modality": "CR", "BodyPartExamined": "KNEE", "ViewPosition": "AP"}


def coded(view: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = view, "SCT", "view"
    return Sequence([item])


def write(folder: Path, name: str, shape: tuple[int, int] = (90, 70), **attributes: Any) -> None:
    rng = np.random.default_rng(list(name.encode()))
    pixels = rng.integers(500, 4000, shape).astype(np.uint16)
    dataset = make_dataset(pixels, 12, **({"StudyInstanceUID": "1.2", "PatientID": "P"} | attributes))
    dataset.save_as(folder / f"{name}.dcm", enforce_file_format=True)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            [
                CHEST | {"ViewCodeSequence": coded("399173006")},
                CHEST | {"ViewCodeSequence": coded("272479007")},
            ],
            ["PA", "LL"],
        ),
        ([KNEE | {"Laterality": "L"}, KNEE | {"SeriesDescription": "Right knee"}], ["R AP", "L AP"]),
        ([{"Modality": "PX", "BodyPartExamined": "JAW"}], [""]),
        (
            [
                {"Modality": "MG", "PatientOrientation": ["A", "R"], "ImageLaterality": "L"},
                {"Modality": "MG", "ViewCodeSequence": coded("R-10242"), "Laterality": "R"},
            ],
            ["R CC", "L CC"],
        ),
    ],
)
def test_files_hang_in_one_row_as_their_headers_say(
    tmp_path: Path, files: list[dict[str, Any]], expected: list[str]
) -> None:
    for number, attributes in enumerate(files):
        write(tmp_path, f"file {number}", **attributes)
    with open_store(tmp_path / "store") as store:
        import_paths([tmp_path], store.catalogue)
        images = store.catalogue.images()
    hanging = largest(stages(images)[0], ROOM)
    assert [view_name(slot.image) for slot in hanging.slots] == expected
    assert (hanging.rows, hanging.columns) == (1, len(expected))


def hung_alone(folder: Path) -> Pane:
    """The pane of the one film in a folder."""
    with open_store(folder / "store") as store:
        import_paths([folder], store.catalogue)
        [image] = store.catalogue.images()
    wall = Wall()
    wall.resize(*ROOM)
    wall.hang([image])
    [pane] = wall.panes
    return pane


def test_a_panoramic_film_fills_the_room_from_side_to_side(tmp_path: Path) -> None:
    write(tmp_path, "panoramic", (60, 140), Modality="PX", PixelSpacing=[0.1, 0.1])
    pane = hung_alone(tmp_path)
    assert pane_boxes(largest(stages([pane.image])[0], ROOM), ROOM) == (pane.pose.box_px,)
    assert pane.pose.placement.zoom * 140 == pytest.approx(ROOM[0])


@pytest.mark.parametrize(
    ("said", "ratio"),
    [
        ({"PixelAspectRatio": [1, 2]}, 2.0),
        ({"PixelAspectRatio": [1, 2], "PixelSpacing": [0.1, 0.1]}, 1.0),
        ({"PixelAspectRatio": [7, 7]}, 1.0),
    ],
)
def test_pixels_of_unknown_size_have_the_shape_that_the_file_says(
    tmp_path: Path, said: dict[str, Any], ratio: float
) -> None:
    write(tmp_path, "chest", **CHEST, **said)
    pane = hung_alone(tmp_path)
    a, _, _, _, e, _ = pane.pose.placement.display_to_image((0, 0))
    assert abs(e / a) == pytest.approx(ratio)


def test_priors_of_a_patient_hang_beside_the_newest_study(tmp_path: Path) -> None:
    for year, uid in (("2020", "1.1"), ("2024", "1.2")):
        for side in "RL":
            write(
                tmp_path,
                f"{year} {side}",
                Modality="MG",
                ImageLaterality=side,
                ViewPosition="CC",
                StudyDate=f"{year}0131",
                StudyInstanceUID=uid,
            )
    with open_store(tmp_path / "store") as store:
        import_paths([tmp_path], store.catalogue, case_by="patient")
        images = store.catalogue.images()
    [overview, comparison, *_] = stages(images)
    assert [slot.image.study_date[:4] for slot in overview[0].slots] == ["2024", "2024"]
    assert [slot.image.study_date[:4] for slot in comparison[0].slots] == ["2020", "2024", "2024", "2020"]
