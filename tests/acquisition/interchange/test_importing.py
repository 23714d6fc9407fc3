"""Files into an in-memory shelf: what is taken in, grouped, labelled, refused and remembered."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from acquisition.domain import Case, Image, Label, Laterality
from acquisition.errors import UserError
from acquisition.interchange.importing import ImportCancelled, import_paths


@dataclass
class Shelf:
    """The catalogue without a database."""

    all_cases: dict[str, Case] = field(default_factory=dict)
    all_images: dict[tuple[str, int], Image] = field(default_factory=dict)
    all_labels: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def add_case(self, case: Case) -> bool:
        is_new = case.id not in self.all_cases
        self.all_cases.setdefault(case.id, case)
        return is_new

    def add_image(self, image: Image) -> bool:
        assert image.case_id in self.all_cases
        return self.all_images.setdefault((image.sha256, image.frame), image) is image

    def add_labels(self, labels: list[Label]) -> None:
        for label in labels:
            self.all_labels[label.subject_id, label.name, label.origin] = label.value

    def cases(self) -> list[Case]:
        return sorted(self.all_cases.values(), key=lambda case: case.order)

    def images(self, case_id: str | None = None) -> list[Image]:
        return [image for image in self.all_images.values() if case_id in (None, image.case_id)]

    def named(self, file_name: str) -> Image:
        return next(image for image in self.images() if Path(image.path).name == file_name)

    def labels_of(self, subject_id: str) -> dict[str, str]:
        return {name: value for (subject, name, _), value in self.all_labels.items() if subject == subject_id}


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def write(write_dicom):
    """Small files that all differ in their pixels."""
    seeds = iter(range(1000))

    def write_one(name: str, study: str = "1.2.3", patient: str = "P1", **attributes) -> Path:
        pixels = np.random.default_rng(next(seeds)).integers(0, 4096, (40, 30)).astype(np.uint16)
        return write_dicom(pixels, name=name, StudyInstanceUID=study, PatientID=patient, **attributes)

    return write_one


@pytest.fixture
def two_exams(write, tmp_path) -> Path:
    """Two folders of two views each; identifiers scattered as in CBIS-DDSM."""
    for n, (folder, view) in enumerate((f, v) for f in ("exam_b", "exam_a") for v in ("CC", "MLO")):
        write(
            f"dicom/{folder}/{view}.dcm",
            study=f"1.2.{n}",
            patient=f"P_{n}",
            Laterality="L",
            ViewPosition=view,
        )
    return tmp_path / "dicom"


def test_an_image_keeps_its_place_hash_size_side_and_view(shelf, write):
    path = write("film.dcm", Laterality="L", ViewPosition="MLO", PixelSpacing=[0.1, 0.2])
    report = import_paths([path], shelf)
    assert (report.imported, report.already, report.cases, report.refused) == (1, 0, 1, [])
    [image] = shelf.images()
    assert image.path == str(path)
    assert image.size_bytes == path.stat().st_size
    assert len(image.sha256) == 64
    assert (image.width_px, image.height_px) == (30, 40)
    assert (image.laterality, image.view, image.modality) == (Laterality.LEFT, "MLO", "MG")
    assert image.box_px == (0, 0, 30, 40)
    assert image.spacing_mm == (0.1, 0.2)
    assert not image.is_simulated


def test_an_image_keeps_what_hangs_it(shelf, write):
    spacing = {"ImagerPixelSpacing": [0.1, 0.1], "EstimatedRadiographicMagnificationFactor": 1.25}
    path = write(
        "a.dcm",
        ViewPosition="CC",
        Laterality="L",
        PatientOrientation=["P", "L"],
        StudyDate="20240131",
        **spacing,
    )
    import_paths(
        [path, write("knee_R.dcm", Modality="DX", BodyPartExamined="KNEE", SeriesDescription="R knee AP")],
        shelf,
    )
    breast, knee = shelf.named("a.dcm"), shelf.named("knee_R.dcm")
    assert (breast.flip_to_hang, breast.is_upside_down, breast.body_part) == (True, True, "BREAST")
    assert (breast.study_date, breast.spacing_basis, breast.n_frames) == ("20240131", "magnified", 1)
    assert (breast.laterality_from, breast.view_from) == ("Laterality", "ViewPosition")
    assert (knee.laterality, knee.view, knee.body_part) == (Laterality.RIGHT, "AP", "KNEE")
    assert (knee.laterality_from, knee.view_from, knee.flip_to_hang) == ("text", "text", False)


def test_a_study_is_a_case_and_its_patient_the_key(shelf, write, tmp_path):
    write("d/1.dcm", study="1.2.1", patient="A")
    write("d/2.dcm", study="1.2.2", patient="A")
    write("d/3.dcm", study="1.2.1", patient="A")
    import_paths([tmp_path / "d"], shelf)
    first, second = shelf.cases()
    assert [len(shelf.images(case.id)) for case in (first, second)] == [2, 1]
    assert (first.patient_key, second.patient_key) == ("A", "A")
    assert (first.title, second.title) == ("Case 001", "Case 002")


def test_scattered_identifiers_group_by_folder(shelf, two_exams):
    report = import_paths([two_exams], shelf, case_by="folder")
    assert report.cases == 2
    for case, folder in zip(shelf.cases(), ("exam_a", "exam_b"), strict=True):
        assert {Path(image.path).parent.name for image in shelf.images(case.id)} == {folder}
        assert case.patient_key == str(two_exams / folder)
        assert "exam" not in case.title


def test_by_patient_all_studies_of_one_are_a_case(shelf, write, tmp_path):
    write("d/1.dcm", study="1.2.1", patient="A")
    write("d/2.dcm", study="1.2.2", patient="A")
    write("d/3.dcm", study="1.2.3", patient="")
    import_paths([tmp_path / "d"], shelf, case_by="patient")
    assert sorted(case.patient_key for case in shelf.cases()) == ["1.2.3", "A"]


def test_a_table_of_cases_names_them_and_their_patients(shelf, two_exams, tmp_path):
    table = tmp_path / "cases.csv"
    table.write_text(
        "image,case,patient\nexam_a/CC.dcm,left,Q1\nexam_b/CC.dcm,left,Q1\nexam_b/MLO.dcm,right,\n"
    )
    report = import_paths([two_exams], shelf, case_by=table)
    assert {case.title: (case.patient_key, len(shelf.images(case.id))) for case in shelf.cases()} == {
        "left": ("Q1", 2),
        "right": ("P_1", 1),
    }
    assert report.refused == [(two_exams / "exam_a" / "MLO.dcm", f"is not named in {table}.")]


@pytest.mark.parametrize("text", ["image,case\nnobody.dcm,a\n", "image\nCC.dcm\n", "image,case\nCC.dcm,a\n"])
def test_a_table_of_cases_that_does_not_fit_stores_nothing(shelf, two_exams, tmp_path, text):
    table = tmp_path / "cases.csv"
    table.write_text(text)  # an unknown image; no case; two images of that name
    with pytest.raises(UserError, match=r"cases\.csv"):
        import_paths([two_exams], shelf, case_by=table)
    assert not shelf.all_cases


def test_a_second_import_says_what_is_there_and_doubles_nothing(shelf, two_exams):
    import_paths([two_exams], shelf, case_by="folder")
    before = dict(shelf.all_images), dict(shelf.all_cases)
    report = import_paths([two_exams, two_exams / "exam_a" / "CC.dcm"], shelf, case_by="study")
    assert (report.imported, report.already, report.cases) == (0, 4, 0)
    assert before == (shelf.all_images, shelf.all_cases)


@pytest.mark.parametrize("case_by", ["folder", "study", "patient"])
def test_a_film_that_comes_later_joins_its_kin(shelf, write, tmp_path, case_by):
    write("d/1.dcm")
    import_paths([tmp_path / "d"], shelf, case_by=case_by)
    write("d/2.dcm")
    write("e/3.dcm", study="1.2.9", patient="P9")
    report = import_paths([tmp_path], shelf, case_by=case_by)
    assert (report.imported, report.already, report.cases) == (2, 1, 1)
    assert [len(shelf.images(case.id)) for case in shelf.cases()] == [2, 1]
    assert [case.title for case in shelf.cases()] == ["Case 001", "Case 002"]


def test_the_same_content_twice_is_one_image(shelf, write, tmp_path):
    path = write("d/1.dcm")
    (tmp_path / "d" / "copy.dcm").write_bytes(path.read_bytes())
    report = import_paths([tmp_path / "d"], shelf)
    assert (report.imported, report.already) == (1, 1)


# --- bad input ------------------------------------------------------------------------------------------


def test_bad_files_are_refused_with_a_reason_and_the_rest_comes_in(shelf, write, tmp_path):
    write("d/good.dcm")
    cut = write("d/cut.dcm")
    cut.write_bytes(cut.read_bytes()[:-100])
    report_file = write("d/sr.dcm", Rows=None, Columns=None, PixelData=None)
    stack = write("d/stack.dcm", NumberOfFrames=3, PixelData=bytes(40 * 30 * 2 * 2))
    (tmp_path / "d" / "notes.txt").write_text("not an image")
    result = import_paths([tmp_path / "d"], shelf)
    assert (result.imported, result.skipped) == (1, 1)
    reasons = dict(result.refused)
    assert "truncated" in reasons[cut]
    assert "no image" in reasons[report_file]
    assert "4800 of the 7200 bytes" in reasons[stack]
    assert all(str(path) not in reason for path, reason in result.refused)


def test_a_stack_comes_in_as_its_first_frame(shelf, write):
    import_paths([write("stack.dcm", NumberOfFrames=2, PixelData=bytes(40 * 30 * 2 * 2))], shelf)
    [image] = shelf.images()
    assert (image.frame, image.n_frames, image.width_px, image.height_px) == (0, 2, 30, 40)


def test_a_file_that_crashes_its_decoder_costs_the_import_a_sentence(shelf, write, tmp_path, crashing_dicom):
    write("d/good.dcm")
    crashing_dicom(tmp_path / "d" / "bad.dcm")
    report = import_paths([tmp_path / "d"], shelf)
    assert report.imported == 1
    [(path, reason)] = report.refused
    assert path.name == "bad.dcm"
    assert "its decoder crashed on it" in reason


def test_pixels_that_do_not_decode_leave_no_empty_case_behind(shelf, dicom_dataset, tmp_path):
    dataset = dicom_dataset(np.zeros((8, 8), dtype=np.uint16), 12, Rows=9)
    dataset.save_as(tmp_path / "short.dcm", enforce_file_format=True)
    report = import_paths([tmp_path / "short.dcm"], shelf)
    assert len(report.refused) == 1
    assert (report.cases, shelf.cases()) == (0, [])


def test_a_file_named_outright_is_refused_where_a_folder_would_pass_over_it(shelf, tmp_path):
    (tmp_path / "notes.txt").write_text("not an image, however often it is asked " * 9)
    report = import_paths([tmp_path / "notes.txt"], shelf)
    assert report.refused == [(tmp_path / "notes.txt", "is no DICOM file.")]


def test_a_folder_without_dicom_and_a_path_that_is_not_there_are_the_users_to_mend(shelf, tmp_path):
    (tmp_path / "readme.md").write_text("nothing")
    with pytest.raises(UserError, match=r"no DICOM file in there \(1 other files\)"):
        import_paths([tmp_path], shelf)
    with pytest.raises(UserError, match="does not exist"):
        import_paths([tmp_path / "gone"], shelf)


# --- labels ---------------------------------------------------------------------------------------------


def test_labels_find_images_by_name_path_or_uid(shelf, write, tmp_path):
    write("d/one.dcm")
    two = write("d/two.dcm")
    write("d/three.dcm", SOPInstanceUID="1.2.3.4.5")
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "\ufeffimage, pathology ,lesion_x_px,patient\n"
        f"one.dcm,benign,,P1\n{two},malignant,12.5,P1\n1.2.3.4.5,malignant,3,P1\n"
    )
    report = import_paths([tmp_path / "d"], shelf, labels=truth)
    assert report.labels == 5
    assert shelf.labels_of(shelf.named("one.dcm").id) == {"pathology": "benign"}
    assert shelf.labels_of(shelf.named("two.dcm").id) == {"pathology": "malignant", "lesion_x_px": "12.5"}
    assert shelf.labels_of(shelf.named("three.dcm").id) == {"pathology": "malignant", "lesion_x_px": "3"}
    assert {origin for _, _, origin in shelf.all_labels} == {"truth.csv"}


@pytest.mark.parametrize("column", ["folder", "case"])
def test_labels_may_be_about_a_case(shelf, two_exams, tmp_path, column):
    truth = tmp_path / "truth.csv"
    first, second = (
        ("exam_a", str(two_exams / "exam_b") + "/") if column == "folder" else ("Case 001", "Case 002")
    )
    truth.write_text(f"{column},pathology\n{first},benign\n{second},malignant\n")
    import_paths([two_exams], shelf, case_by="folder", labels=truth)
    values = [shelf.labels_of(case.id) for case in shelf.cases()]
    assert values == [{"pathology": "benign"}, {"pathology": "malignant"}]


def test_labels_reach_images_that_are_there_already_wherever_they_lie_now(shelf, write, tmp_path):
    import_paths([write("d/one.dcm")], shelf)
    moved = tmp_path / "elsewhere" / "renamed.dcm"
    moved.parent.mkdir()
    (tmp_path / "d" / "one.dcm").rename(moved)
    truth = tmp_path / "truth.csv"
    truth.write_text("image,pathology\nelsewhere/renamed.dcm,benign\n")
    report = import_paths([moved], shelf, labels=truth)
    assert (report.already, report.labels) == (1, 1)
    assert shelf.labels_of(shelf.named("one.dcm").id) == {"pathology": "benign"}


def test_labels_of_unknown_images_are_named_and_nothing_is_stored(shelf, write, tmp_path):
    write("d/one.dcm")
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "image,pathology\n" + "".join(f"ghost{n}.dcm,benign\n" for n in range(5)) + "one.dcm,benign\n"
    )
    with pytest.raises(UserError, match=r"5 of 6 rows .*ghost0\.dcm, ghost1\.dcm, ghost2\.dcm, \.\.\."):
        import_paths([tmp_path / "d"], shelf, labels=truth)
    assert not shelf.all_images
    assert not shelf.all_labels


def test_labels_of_refused_images_do_not_stop_the_others(shelf, write, tmp_path):
    write("d/one.dcm")
    cut = write("d/cut.dcm")
    cut.write_bytes(cut.read_bytes()[:-100])
    truth = tmp_path / "truth.csv"
    truth.write_text("image,pathology\none.dcm,benign\ncut.dcm,malignant\n")
    report = import_paths([tmp_path / "d"], shelf, labels=truth)
    assert (report.labels, len(report.refused)) == (1, 1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name,pathology\none.dcm,benign\n", "no column image or case or folder"),
        (b"image,pathology\n", "has no rows"),
        (b"image,pathology\n\xff\xfe\x00,b\n", "no CSV file in UTF-8"),
        (None, "cannot be read"),
    ],
)
def test_a_labels_file_that_is_no_table_of_labels_is_refused(shelf, write, tmp_path, content, reason):
    truth = tmp_path / "truth.csv"
    if content is not None:
        truth.write_bytes(content)
    with pytest.raises(UserError, match=reason):
        import_paths([write("d/one.dcm")], shelf, labels=truth)


# --- simulated ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("overruled", "expected"), [(None, True), (False, False), (True, True)])
def test_what_calls_itself_simulated_is_marked_so_unless_overruled(shelf, write, overruled, expected):
    import_paths([write("1.dcm", Manufacturer="Gazeroom phantom")], shelf, is_simulated=overruled)
    assert [image.is_simulated for image in shelf.images()] == [expected]
    assert [case.is_simulated for case in shelf.cases()] == [expected]


def test_progress_tells_every_step(shelf, two_exams):
    steps = []
    import_paths([two_exams], shelf, progress=lambda *step: steps.append(step))
    looks, reads = steps[:4], steps[4:]
    assert all((done, total) == (0, 1) and name.startswith("looking at ") for done, total, name in looks)
    assert [done for done, _, _ in reads] == list(range(8))
    assert {total for _, total, _ in reads} == {8}


def test_an_import_that_is_stopped_anywhere_leaves_whole_cases_and_goes_on_when_asked_again(two_exams):
    truth = two_exams / "truth.csv"
    truth.write_text(
        "image,side\n" + "".join(f"{f}/{v}.dcm,left\n" for f in ("exam_a", "exam_b") for v in ("CC", "MLO"))
    )
    for n_steps in range(14):
        shelf, steps = Shelf(), iter(range(n_steps))

        def stop(*_: object, steps=steps) -> None:
            if next(steps, None) is None:
                raise ImportCancelled

        report = import_paths([two_exams], shelf, case_by="folder", labels=truth, progress=stop)
        assert report.is_cancelled == (n_steps < 13)
        assert report.imported == len(shelf.all_images) == len(shelf.all_labels) == max(0, n_steps - 9)
        assert {image.case_id for image in shelf.images()} == set(shelf.all_cases)
        rest = import_paths([two_exams], shelf, case_by="folder", labels=truth)
        assert (rest.imported + rest.already, len(shelf.all_images), len(shelf.all_labels)) == (4, 4, 4)
