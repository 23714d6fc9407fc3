import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from learning.datasets.assemble import assemble
from learning.datasets.found import FoundImage, Layout, NotThisLayout
from learning.datasets.gaze import GazeFormat
from learning.datasets.gaze_formats import FORMATS
from learning.datasets.layouts import LAYOUTS, find_layout
from learning.files import load_set
from tests.learning.datasets.look_alikes import CONTOUR, SIDE_PX, inbreast, save_dicom, save_picture, write


def vindr(folder: Path) -> Path:
    views = [
        "study_id,series_id,image_id,laterality,view_position,height,width,breast_birads,breast_density,split"
    ]
    findings = [
        "image_id,study_id,series_id,finding_categories,finding_birads,xmin,ymin,xmax,ymax,split",
        """i0,s0,e,"['Mass', 'Skin Retraction']",BI-RADS 5,2.5,3,12.5,23,training""",
        """i1,s1,e,"['No Finding']",,,,,,test""",
    ]
    for number, split in enumerate(["training", "test"]):
        save_dicom(folder / "images" / f"s{number}" / f"i{number}.dicom", number)
        views.append(f"s{number},e,i{number},L,CC,40,40,BI-RADS {5 - 4 * number},DENSITY C,{split}")
    write(folder / "breast-level_annotations.csv", "\n".join(views))
    write(folder / "finding_annotations.csv", "\n".join(findings))
    return folder


def cbis(folder: Path) -> Path:
    header = "patient_id,breast_density,pathology,image file path,cropped image file path,ROI mask file path"
    tables = {
        ("mass", "train"): [("P_1", "BENIGN", 1), ("P_1", "MALIGNANT", 2)],
        ("mass", "test"): [("P_2", "BENIGN_WITHOUT_CALLBACK", 1)],
        ("calc", "train"): [("P_2", "MALIGNANT", 1)],
        ("calc", "test"): [("P_3", "BENIGN", 1)],
    }
    for (kind, split), lesions in tables.items():
        lines = [header]
        for patient, pathology, number in lesions:
            view = f"{kind}-{split}_{patient}_LEFT_CC"
            save_dicom(folder / "CBIS-DDSM" / view / "1.3.6" / "1.3.7" / "1-1.dcm", 1)
            both = folder / "CBIS-DDSM" / f"{view}_{number}" / "1.3.8" / "1.3.9"
            # The crop is the first file of one lesion and the second of another.
            save_dicom(both / f"1-{number}.dcm", number, 20 + number)
            save_dicom(both / f"1-{3 - number}.dcm", 5, SIDE_PX)
            lines.append(
                f"{patient},3,{pathology},{view}/1.3.6/1.3.7/000000.dcm,"
                f'{view}_{number}/1.3.8/1.3.9/000000.dcm,"{view}_{number}/1.3.8/1.3.9/000001.dcm\n"'
            )
        write(folder / f"{kind}_case_description_{split}_set.csv", "\n".join(lines))
    return folder


def knees(folder: Path) -> Path:
    for number, split in enumerate(["train", "val", "test", "auto_test"]):
        for grade in range(5):
            save_picture(folder / split / str(grade) / f"900{number}{grade}L.png", grade)
    return folder


def tufts(folder: Path) -> Path:
    def drawn(word: str, polygons: object) -> dict[str, object]:
        levels = [
            {"value": "level_one", "answer": {"value": "x"}},
            {"value": "level_four", "answers": [{"value": word}]},
        ]
        return {"value": "abnormality", "polygons": polygons, "classifications": levels}

    square = [[[3, 4], [13, 4], [13, 24]], [[15, 20], [16, 21], [14, 20]]]
    objects = [
        [{"value": "none", "polygons": "none", "classifications": "none"}],
        [drawn("trauma", square)],
        [drawn("trauma", square), drawn("dysplasia", square)],
    ]
    entries = []
    for number, of_film in enumerate(objects):
        save_picture(folder / "Radiographs" / f"{number}.JPG", number)
        entries.append({"External ID": f"{number}.jpg", "Description": "", "Label": {"objects": of_film}})
    write(folder / "Expert" / "expert.json", json.dumps(entries))
    return folder


def described(polygons: object) -> str:
    """An expert.json of one radiograph on which polygons are drawn."""
    return json.dumps([{"External ID": "1.JPG", "Label": {"objects": [{"polygons": polygons}]}}])


MADE: dict[str, Callable[[Path], Path]] = {
    "inbreast": inbreast,
    "vindr-mammo": vindr,
    "cbis-ddsm": cbis,
    "knees": knees,
    "tufts": tufts,
}


def told(images: list[FoundImage]) -> list[tuple[object, ...]]:
    return [(image.path.name, image.patient, dict(image.labels), image.part) for image in images]


def test_inbreast_has_the_patient_from_the_name_and_the_class_from_the_birads(tmp_path: Path) -> None:
    layout = find_layout("inbreast")
    assert told(layout.read(inbreast(tmp_path))) == [
        (f"{20586908 + n}_{patient}_MG_R_CC_ANON.dcm", patient, labels, None)
        for n, (patient, labels) in enumerate(
            [
                ("aa01", {"pathology": "normal", "birads": "1", "density": "1"}),
                ("aa01", {"pathology": "benign", "birads": "3", "density": "2"}),
                ("bb02", {"pathology": "malignant", "birads": "4a"}),
                ("cc03", {"pathology": "malignant", "birads": "6", "density": "4"}),
            ]
        )
    ]
    assert layout.read_crops is not None
    crops = layout.read_crops(tmp_path)
    assert [crop.names for crop in crops] == [("20586909",), ("20586910",), ("20586911",)]
    assert {crop.crop_px for crop in crops} == {(5.5, 10.0, 14.5, 20.25)}


def test_vindr_keeps_the_birads_as_it_is_and_the_published_split(tmp_path: Path) -> None:
    layout = find_layout("vindr-mammo")
    assert told(layout.read(vindr(tmp_path))) == [
        ("i0.dicom", "s0", {"birads": "5", "density": "C"}, "pretrain"),
        ("i1.dicom", "s1", {"birads": "1", "density": "C"}, "evaluate"),
    ]
    assert layout.read_crops is not None
    (crop,) = layout.read_crops(tmp_path)
    assert crop.labels == {"finding": "Mass + Skin Retraction", "birads": "5"}
    assert crop.crop_px == (2.5, 3.0, 10.0, 20.0)


def test_cbis_views_are_listed_once_and_crops_are_the_smaller_files(tmp_path: Path) -> None:
    layout = find_layout("cbis-ddsm")
    assert told(layout.read(cbis(tmp_path))) == [
        ("1-1.dcm", "P_1", {"pathology": "malignant", "abnormality": "mass"}, "pretrain"),
        ("1-1.dcm", "P_2", {"pathology": "benign", "abnormality": "mass"}, "evaluate"),
        ("1-1.dcm", "P_2", {"pathology": "malignant", "abnormality": "calcification"}, "pretrain"),
        ("1-1.dcm", "P_3", {"pathology": "benign", "abnormality": "calcification"}, "evaluate"),
    ]
    assert layout.read_crops is not None
    crops = layout.read_crops(tmp_path)
    assert [crop.crop_px for crop in crops] == [(0, 0, side, side) for side in (21, 22, 21, 21, 21)]
    assert [crop.labels["pathology"] for crop in crops[:2]] == ["benign", "malignant"]


def test_a_cbis_file_at_its_own_path_is_taken_and_subjects_may_lie_beside_the_tables(tmp_path: Path) -> None:
    cbis(tmp_path)
    for subject in (tmp_path / "CBIS-DDSM").iterdir():
        subject.rename(tmp_path / subject.name)
    at_its_path = tmp_path / "mass-train_P_1_LEFT_CC" / "1.3.6" / "1.3.7" / "000000.dcm"
    shutil.copy(at_its_path.with_name("1-1.dcm"), at_its_path)
    assert find_layout("cbis-ddsm").read(tmp_path)[0].path == at_its_path


@pytest.mark.parametrize("inside", ["", "KneeXrayData/ClsKLData/kneeKL224"])
def test_knees_have_their_grade_and_patient_from_folder_and_name(tmp_path: Path, inside: str) -> None:
    knees(tmp_path / inside)
    found = find_layout("knees").read(tmp_path)
    assert len(found) == 15
    assert told(found)[0] == ("90000L.png", "90000", {"kl_grade": "0"}, "pretrain")
    assert [image.part for image in found].count("evaluate") == 5
    assert not [image for image in found if "auto_test" in image.path.parts]


def test_tufts_radiographs_have_what_the_expert_drew(tmp_path: Path) -> None:
    layout = find_layout("tufts")
    assert told(layout.read(tufts(tmp_path))) == [
        ("0.JPG", "0.jpg", {"abnormality": "none"}, None),
        ("1.JPG", "1.jpg", {"abnormality": "present", "category": "trauma"}, None),
        ("2.JPG", "2.jpg", {"abnormality": "present", "category": "several"}, None),
    ]
    assert layout.read_crops is not None
    crops = layout.read_crops(tmp_path)
    assert [crop.labels["category"] for crop in crops] == ["trauma", "trauma", "dysplasia"]
    assert {crop.crop_px for crop in crops} == {(3, 4, 13, 20)}


@pytest.mark.parametrize("crops", [False, True])
@pytest.mark.parametrize("name", MADE)
def test_every_layout_gives_a_set_that_can_be_loaded(tmp_path: Path, name: str, crops: bool) -> None:
    read = LAYOUTS[name].read_crops if crops else LAYOUTS[name].read
    if read is None:
        assert name == "knees"
        return
    images = read(MADE[name](tmp_path / "data"))
    assemble(images, tmp_path / "set", title=LAYOUTS[name].title)
    manifest = load_set(tmp_path / "set")
    assert len(manifest.entries) == len(images)
    parts = {part: {entry.patient for entry in manifest.of_part(part)} for part in ("pretrain", "evaluate")}
    assert not parts["pretrain"] & parts["evaluate"]
    assert LAYOUTS[name].title in manifest.lineage.pixels


@pytest.mark.parametrize(
    ("name", "gone", "sentence"),
    [
        ("inbreast", "INbreast.csv", "is not INbreast as published: it has no file INbreast.csv"),
        ("inbreast", "AllDICOMs", "has no folder AllDICOMs"),
        ("inbreast", "AllXML", "has no folder AllXML"),
        ("inbreast", "AllDICOMs/20586910_bb02_MG_R_CC_ANON.dcm", r"has no DICOM 20586910_\*\.dcm"),
        ("vindr-mammo", "breast-level_annotations.csv", "no file breast-level_annotations.csv"),
        ("vindr-mammo", "finding_annotations.csv", "no file finding_annotations.csv"),
        ("vindr-mammo", "images", "has no folder images"),
        ("cbis-ddsm", "calc_case_description_test_set.csv", "no file calc_case_description_test_set.csv"),
        ("cbis-ddsm", "CBIS-DDSM/mass-train_P_1_LEFT_CC", "has no DICOM of mass-train_P_1_LEFT_CC"),
        (
            "cbis-ddsm",
            "CBIS-DDSM/mass-train_P_1_LEFT_CC_2/1.3.8/1.3.9/1-1.dcm",
            "where a lesion has crop and mask",
        ),
        ("knees", "val", "has no folder val"),
        ("knees", "test/4", "has no folder 4"),
        ("tufts", "Radiographs", "has no folder Radiographs"),
        ("tufts", "Expert/expert.json", "has no file expert.json"),
        ("tufts", "Radiographs/1.JPG", r"has no radiograph 1\.jpg"),
    ],
)
def test_a_folder_that_lacks_something_says_what_and_where(
    tmp_path: Path, name: str, gone: str, sentence: str
) -> None:
    folder = MADE[name](tmp_path)
    if (folder / gone).is_dir():
        shutil.rmtree(folder / gone)
    else:
        (folder / gone).unlink()
    read_crops = LAYOUTS[name].read_crops
    with pytest.raises(NotThisLayout, match=sentence):
        (LAYOUTS[name].read(folder), read_crops and read_crops(folder))


@pytest.mark.parametrize(
    ("name", "file", "text", "sentence"),
    [
        (
            "inbreast",
            "INbreast.csv",
            "File Name;Bi-Rads;ACR\n20586908;0;1",
            "the BI-RADS '0', which is none of",
        ),
        ("inbreast", "INbreast.csv", "File Name,Bi-Rads,ACR\n1,2,3", "has no column File Name, Bi-Rads, ACR"),
        ("inbreast", "INbreast.csv", "File Name;Bi-Rads;ACR\n;;", "holds no view"),
        ("inbreast", "AllXML/20586909.xml", "<plist>", "is no property list of contours"),
        ("inbreast", "AllXML/20586909.xml", CONTOUR.replace("Point_px", "Points"), "is no property list of"),
        (
            "vindr-mammo",
            "finding_annotations.csv",
            "image_id,study_id\na,b",
            "has no column finding_categories",
        ),
        (
            "vindr-mammo",
            "finding_annotations.csv",
            "image_id,study_id,finding_categories,finding_birads,xmin,ymin,xmax,ymax,split\na,b,[,5,1,2,3,4,test",
            "line 2: is no box with a list of categories",
        ),
        (
            "cbis-ddsm",
            "mass_case_description_test_set.csv",
            "patient_id,pathology,image file path,cropped image file path\nP_1,WELL,a/b.dcm,a/c.dcm",
            "'WELL' is no pathology",
        ),
        ("knees", "val/1/right.png", "", "does not tell its patient and side"),
        ("tufts", "Expert/expert.json", "{}", "describes no radiograph"),
        ("tufts", "Expert/expert.json", '[{"External ID": "1.JPG"}]', "is no list of radiographs"),
        ("tufts", "Expert/expert.json", "no JSON", "is no list of radiographs"),
        *(
            (
                "tufts",
                "Expert/expert.json",
                described(polygons),
                r"expert\.json: the polygons on 1\.JPG are neither",
            )
            for polygons in (
                [3, 4, 13, 4],
                [[3, 4, 13, 4]],
                [[[3, 4, 0], [13, 4, 0], [13, 24, 0]]],
                [[{"x": 3, "y": 4}, {"x": 13, "y": 4}]],
                [["34", "56", "78"]],
                [[[3, None], [13, 4], [13, 24]]],
                "here",
            )
        ),
    ],
)
def test_what_is_not_as_published_is_refused_in_a_sentence(
    tmp_path: Path, name: str, file: str, text: str, sentence: str
) -> None:
    folder = MADE[name](tmp_path)
    write(folder / file, text)
    read_crops = LAYOUTS[name].read_crops
    with pytest.raises(NotThisLayout, match=sentence):
        (LAYOUTS[name].read(folder), read_crops and read_crops(folder))


@pytest.mark.parametrize(("name", "row"), [*LAYOUTS.items(), *FORMATS.items()])
def test_every_layout_and_format_stands_with_its_source_on_the_page(
    name: str, row: Layout | GazeFormat
) -> None:
    page = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text()
    (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
    told = re.search(r"10\.\d+/[\w./-]+\w|github\.com/\w+/\w+", row.source)
    where = page if "see above" in line else line
    assert row.source == "our own" or (told and told[0] in where)
