import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acquisition.errors import UserError
from learning.datasets.__main__ import app
from learning.datasets.assemble import assemble
from learning.datasets.found import FoundImage, NotThisLayout
from learning.datasets.parting import PUBLISHED_SPLIT, part_whole
from learning.files import Part, SetManifest, load_set
from learning.making import Pseudonyms
from tests.learning.datasets.look_alikes import inbreast, save_picture, scanpath, write

N_PATIENTS = 12
VIEWS = [(f"p{number:02}", "1" if number % 3 == 0 else "5", str(number)) for number in range(N_PATIENTS)]
"""A third of the patients have no mass; the density of a view tells which patient it is of."""

Found = dict[str, set[tuple[str, Part]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return inbreast(tmp_path / "INbreast", VIEWS)


def make(folder: Path, out: Path, *options: str) -> SetManifest:
    made = CliRunner().invoke(app, ["inbreast", str(folder), "--out", str(out), *options])
    assert made.exit_code == 0, made.output
    return load_set(out)


def of_patient(manifest: SetManifest) -> Found:
    """Pseudonyms and parts of each patient."""
    found: Found = {}
    for entry in manifest.entries:
        found.setdefault(entry.labels["density"], set()).add((entry.patient, entry.part))
    return found


def test_whole_views_and_crops_have_pseudonyms_and_parts_in_common(folder: Path, tmp_path: Path) -> None:
    whole = of_patient(make(folder, tmp_path / "whole"))
    crops = of_patient(make(folder, tmp_path / "crops", "--crops"))
    assert (len(whole), len(crops)) == (12, 8)
    assert crops == {density: whole[density] for density in crops}
    assert len({name for found in whole.values() for name, _ in found}) == N_PATIENTS
    assert (
        sorted(part for found in whole.values() for _, part in found) == ["evaluate"] * 4 + ["pretrain"] * 8
    )


def test_neither_gaze_nor_labels_move_a_patient(folder: Path, tmp_path: Path) -> None:
    for number in range(5):
        document = {"gaze": scanpath(number), "img": f"{20586908 + number}.png"}
        write(tmp_path / "gaze" / f"{number}.json", json.dumps(document))
    without = make(folder, tmp_path / "without")
    some_read = make(folder, tmp_path / "read", "--gaze", f"mcgip:{tmp_path / 'gaze'}", "--scheme", "moments")
    few_labels = make(folder, tmp_path / "labelled", "--label", "density")
    assert some_read.lineage.n_readings
    assert of_patient(without) == of_patient(some_read) == of_patient(few_labels)


def test_more_to_evaluate_takes_none_of_those_back(folder: Path, tmp_path: Path) -> None:
    shares = ("0", "0.2", "0.5", "1")
    sets = [make(folder, tmp_path / share, "--evaluate-share", share) for share in shares]
    evaluate = [{entry.patient for entry in each.of_part("evaluate")} for each in sets]
    assert [len(each) for each in evaluate] == [0, 2, 6, 6]
    assert evaluate[0] < evaluate[1] < evaluate[2] == evaluate[3]


def found(patients: str, parts: Sequence[Part | None], labels: Sequence[dict[str, str]]) -> list[FoundImage]:
    return [
        FoundImage(Path(f"{number}.png"), patient, own, part)
        for number, (patient, part, own) in enumerate(zip(patients, parts, labels, strict=True))
    ]


def test_patients_without_a_label_are_not_for_evaluation() -> None:
    pseudonyms = Pseudonyms(b"key")
    labels = [{"grade": "1"} if number in (2, 5) else {} for number in range(8)]
    parted = part_whole(found("abcdefgh", [None] * 8, labels), pseudonyms, 0.5)
    evaluate = {name for name, part in parted.parts.items() if part == "evaluate"}
    assert evaluate == {pseudonyms.of("patient", name) for name in "cf"}
    assert len(parted.parts) == 8


def test_a_patient_of_both_published_parts_is_for_evaluation() -> None:
    pseudonyms = Pseudonyms(b"key")
    parted = part_whole(found("abb", ["pretrain", "pretrain", "evaluate"], [{}] * 3), pseudonyms, 0.3)
    first, second = (pseudonyms.of("patient", name) for name in "ab")
    assert parted.parts == {first: "pretrain", second: "evaluate"}
    assert (parted.in_both, parted.split) == ({second}, PUBLISHED_SPLIT)


def test_crops_of_nobody_are_refused(tmp_path: Path) -> None:
    whole = [FoundImage(save_picture(tmp_path / "0.png", 0), "a", {})]
    strange = [FoundImage(whole[0].path, "b", {}, crop_px=(0.0, 0.0, 9.0, 9.0))]
    with pytest.raises(NotThisLayout, match=r"patients without a whole image \(1, for instance 'b'\)"):
        assemble(strange, tmp_path / "set", title="crops", whole=whole)


def test_crops_need_the_image_that_names_hang_on(tmp_path: Path) -> None:
    shown = FoundImage(save_picture(tmp_path / "1.png", 1), "a", {})
    with pytest.raises(UserError, match=r"are not there, for instance .*0\.png"):
        assemble(
            [shown], tmp_path / "set", title="crops", whole=[FoundImage(tmp_path / "0.png", "a", {}), shown]
        )
