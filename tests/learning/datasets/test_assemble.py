import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from acquisition.errors import FileRefused, UserError
from acquisition.interchange.parquet import METADATA_KEY
from learning.datasets.__main__ import app
from learning.datasets.assemble import assemble
from learning.datasets.found import FoundImage, NotThisLayout
from learning.datasets.gaze import FoundGaze, NoGaze, match_gaze, on_image
from learning.datasets.gaze_logs import on_clock
from learning.datasets.layouts import LAYOUTS, find_layout
from learning.datasets.pixels import open_image
from learning.files import SetManifest, load_relation, load_set, load_traces
from tests.learning.datasets.look_alikes import (
    SIDE_PX,
    picture,
    plain,
    save_dicom,
    save_picture,
    scanpath,
    write,
)


def reading(image: str, seed: int = 0, reader: str = "Doctor Ottilie Zwetschge") -> FoundGaze:
    return FoundGaze(image, reader, on_clock(np.array(scanpath(seed), float)), 800.0)


def build(folder: Path, out: Path, **options: object) -> SetManifest:
    assemble(LAYOUTS["csv"].read(folder), out, title="a table", **options)  # type: ignore[arg-type]
    return load_set(out)


def test_a_table_becomes_a_set_parted_by_patient(tmp_path: Path) -> None:
    manifest = build(plain(tmp_path / "data"), tmp_path / "set")
    assert len(manifest.entries) == 12
    assert len({entry.patient for entry in manifest.entries}) == 6
    assert {entry.labels["pathology"] for entry in manifest.entries} == {"malignant", "benign"}
    patients = {part: {e.patient for e in manifest.of_part(part)} for part in ("pretrain", "evaluate")}
    assert len(patients["evaluate"]) == 2
    assert not patients["pretrain"] & patients["evaluate"]
    assert not manifest.relations
    assert not manifest.gaze_is_simulated
    written = {np.asarray(Image.open(tmp_path / "set" / e.file)).tobytes() for e in manifest.entries}
    assert written == {picture(number).tobytes() for number in range(12)}


def test_a_set_names_nobody_and_the_same_folder_gives_the_same_set(tmp_path: Path) -> None:
    folder = plain(tmp_path / "data")
    gaze = [reading(f"{number}.png", number) for number in range(12)]
    manifest = build(folder, tmp_path / "set", gaze=gaze)
    folder = folder.rename(tmp_path / "elsewhere")
    assert build(folder, tmp_path / "again", gaze=gaze) == manifest
    content = (tmp_path / "set" / "set.json").read_text()
    readers = set(load_traces(tmp_path / "set" / "traces.npz").reader_ids.tolist())
    for name in ("patient 1", str(tmp_path), "Zwetschge"):
        assert name not in content
        assert name not in str(readers)
    assert len(readers) == 1


def test_gaze_is_joined_by_name_and_gives_a_graph(tmp_path: Path) -> None:
    gaze = [reading(rf"C:\films\{number}.JPG", number) for number in range(12)]
    manifest = build(plain(tmp_path / "data"), tmp_path / "set", gaze=gaze)
    traces = load_traces(tmp_path / "set" / "traces.npz")
    learnt = manifest.of_part("pretrain")
    assert set(traces.image_ids.tolist()) == {entry.id for entry in learnt}
    assert len(load_relation(tmp_path / "set" / manifest.relations["tima"]).ids) == len(learnt)
    of_picture = {picture(number).tobytes(): number for number in range(12)}
    for image_id, samples in zip(traces.image_ids, traces.split(), strict=True):
        file = tmp_path / "set" / "images" / f"{image_id}.png"
        number = of_picture[np.asarray(Image.open(file)).tobytes()]
        np.testing.assert_allclose(samples[:, :2], np.array(scanpath(number)) * SIDE_PX / 800)
    assert manifest.lineage.n_readings == len(learnt)
    assert (traces.canvas_px == SIDE_PX).all()


def test_a_set_from_before_heat_maps_can_still_be_loaded(tmp_path: Path) -> None:
    manifest = build(plain(tmp_path / "data"), tmp_path / "set")
    path = tmp_path / "set" / "set.json"
    document = json.loads(path.read_text())
    del document["gaze_is_ordered"]
    path.write_text(json.dumps(document))
    assert load_set(tmp_path / "set") == manifest


def test_a_published_split_counts_and_a_patient_in_both_is_for_evaluation(tmp_path: Path) -> None:
    data = tmp_path / "data"
    rows = [
        "image,patient,split",
        "0.png,a,train",
        "1.png,b,train",
        "2.png,b,test",
        "3.png,c,val",
        "4.png,d,",
    ]
    for number in range(5):
        save_picture(data / f"{number}.png", number)
    write(data / "images.csv", "\n".join(rows))
    told = assemble(LAYOUTS["csv"].read(data), tmp_path / "set", title="a table")
    manifest = load_set(tmp_path / "set")
    assert [entry.part for entry in manifest.entries] == [
        "pretrain",
        "evaluate",
        "evaluate",
        "pretrain",
        "pretrain",
    ]
    assert (told.n_patients_of_both_splits, told.n_evaluate) == (1, 2)


def test_a_dicom_goes_through_the_display_pipeline_and_a_deep_picture_over_its_range(tmp_path: Path) -> None:
    opened = open_image(save_dicom(tmp_path / "a.dcm", 1, WindowCenter=2048, WindowWidth=4096))
    assert opened.pixels.shape == (SIDE_PX, SIDE_PX)
    np.testing.assert_allclose(opened.pixels, picture(1), atol=1)
    deep = np.linspace(100, 60_000, 64 * 64).astype(np.uint16).reshape(64, 64)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    shown = open_image(tmp_path / "deep.png").pixels
    assert (shown.min(), shown.max()) == (0, 255)
    assert (np.diff(shown.ravel().astype(int)) >= 0).all()


def test_a_crop_holds_its_part_and_the_gaze_within(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "film.png", 3)
    images = [
        FoundImage(path, "a", {}, "pretrain", (4.5, 10.0, 20.0, 10.0)),
        FoundImage(path, "a", {}, "pretrain", (0.0, 0.0, 10.0, 10.0)),
    ]
    looks = on_clock(np.array([[10.0, 12.0], [5.0, 5.0], [39.0, 39.0]]))
    assemble(images, tmp_path / "set", title="crops", gaze=[FoundGaze("film", "r", looks, float(SIDE_PX))])
    manifest = load_set(tmp_path / "set")
    first, second = manifest.entries
    assert (first.width_px, first.height_px, first.box_px) == (21, 10, (0, 0, 21, 10))
    np.testing.assert_array_equal(Image.open(tmp_path / "set" / first.file), picture(3)[10:20, 4:25])
    samples = dict(
        zip(
            *(lambda t: (t.image_ids.tolist(), t.split()))(load_traces(tmp_path / "set" / "traces.npz")),
            strict=True,
        )
    )
    np.testing.assert_allclose(samples[first.id], [[6.0, 2.0, 0.0]])
    np.testing.assert_allclose(samples[second.id], [[5.0, 5.0, 1 / 60]])


def test_shares_of_an_image_are_scaled_by_both_sides_and_its_rim_is_no_look() -> None:
    looks = on_clock(np.array([[0.5, 0.25], [0.0, 0.5], [1.0, 0.5], [0.5, 1.0]]))
    found = on_image(FoundGaze("a", "r", looks, None), (200, 100), (0, 0, 200, 100))
    np.testing.assert_allclose(found, [[100.0, 25.0, 0.0]])


def test_what_does_not_fit_is_refused_in_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    folder = plain(tmp_path / "data")
    images = LAYOUTS["csv"].read(folder)
    for sentence, options in {
        "No image of the data set has a label 'grade'; it has pathology.": {"labels": ["grade"]},
        "None of the 1 readings is of an image of the data set, for instance 'knee'": {
            "gaze": [reading("knee.png")]
        },
    }.items():
        with pytest.raises(UserError, match=sentence):
            assemble(images, tmp_path / "set", title="a table", **options)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"0\.png is listed twice"):
        assemble([*images, images[0]], tmp_path / "set", title="a table")
    far = FoundImage(images[0].path, "a", {}, crop_px=(500.0, 500.0, 5.0, 5.0))
    with pytest.raises(FileRefused, match="marked beside the image"):
        assemble([far], tmp_path / "set", title="a table")
    write(folder / "png" / "3.png", "no picture")
    with pytest.raises(FileRefused, match=r"3\.png cannot be read as an image"):
        assemble(images, tmp_path / "set", title="a table")
    images[4].path.unlink()
    with pytest.raises(NotThisLayout, match=r"1 of the images that the data set names are not there.*4\.png"):
        assemble(images, tmp_path / "set", title="a table")
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def test_gaze_that_misses_every_image_to_learn_from_is_refused(tmp_path: Path) -> None:
    images = LAYOUTS["csv"].read(plain(tmp_path / "data"))
    beside = FoundGaze("0.png", "r", on_clock(np.full((5, 2), 9000.0)), 800.0)
    with pytest.raises(NoGaze, match="No gaze lies on any image to learn from"):
        assemble(images, tmp_path / "set", title="a table", gaze=[beside])


def test_the_height_at_which_images_were_shown_is_asked_for_and_counts(tmp_path: Path) -> None:
    folder, logs = plain(tmp_path / "data"), tmp_path / "logs"
    for number in range(12):
        document = {
            "gaze": [[x, y + 100] for x, y in [[400, 800], *scanpath(number)]],
            "img": f"{number}.png",
        }
        write(logs / f"{number}.json", json.dumps(document))
    arguments = ["csv", str(folder), "--gaze", f"mcgip:{logs}", "--scheme", "moments"]
    refused = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "set")])
    assert isinstance(refused.exception, UserError)
    assert "reaches y = 900 px" in str(refused.exception)
    assert "--gaze-height" in str(refused.exception)
    made = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "set"), "--gaze-height", "1000"])
    assert made.exit_code == 0, made.output
    lowest_px = max(samples[:, 1].max() for samples in load_traces(tmp_path / "set" / "traces.npz").split())
    assert lowest_px == pytest.approx(900 * SIDE_PX / 1000)


def test_gaze_that_was_asked_for_and_is_not_there_is_refused(tmp_path: Path) -> None:
    images = LAYOUTS["csv"].read(plain(tmp_path / "data"))
    with pytest.raises(NoGaze):
        assemble(images, tmp_path / "set", title="a table", gaze=[])


@pytest.mark.parametrize("name", ["mcgip", "miceye", "heatmap", "parquet"])
def test_a_folder_of_gaze_that_does_not_count_makes_no_set(tmp_path: Path, name: str) -> None:
    folder, gaze, out = plain(tmp_path / "data"), tmp_path / "gaze", tmp_path / "set"
    uncounted_gaze(gaze, name)
    refused = CliRunner().invoke(app, ["csv", str(folder), "--gaze", f"{name}:{gaze}", "--out", str(out)])
    assert isinstance(refused.exception, NoGaze)
    assert f"{gaze} holds no gaze that counts" in str(refused.exception)
    assert "leave --gaze out" in str(refused.exception)
    assert not out.exists()


def uncounted_gaze(folder: Path, name: str) -> None:
    if name == "mcgip":
        write(folder / "0.json", '{"gaze": [], "img": "0.png"}')
    elif name == "miceye":
        write(folder / "Zwetschge2021-9-17-15-3.csv", "0.png;1;[];[];(-1, -1)")
    elif name == "heatmap":
        folder.mkdir()
        Image.fromarray(np.zeros((9, 9), np.uint8)).save(folder / "0.png")
    else:
        unusable_export(folder)


def unusable_export(folder: Path) -> None:
    """Two lines that do not count: of a poor reading, and of a stack that is not said to open at a frame."""
    header = "session,image,from_ns,to_ns,left_px,top_px,width_px,height_px,is_usable,frame"
    lines = [f"a,0.png,0,{10**12},0,0,100,100,no,", f"a,1.png,0,{10**12},0,0,100,100,yes,3"]
    write(folder / "shown.csv", "\n".join([header, *lines]))
    about = {"display": {"width_px": 100, "height_px": 100}, "reader_pseudonym": "r", "is_simulated": False}
    columns: dict[str, list[object]] = {"time_ns": [0, 10**9]}
    for side in ("left", "right", "both"):
        columns |= {f"{side}_x": [0.5, 0.5], f"{side}_y": [0.5, 0.5], f"{side}_valid": [True, True]}
    table = pa.table(columns).replace_schema_metadata({METADATA_KEY: json.dumps(about)})
    pq.write_table(table, folder / "gaze_a.parquet")


def test_only_the_ending_of_an_image_file_is_no_part_of_its_name(tmp_path: Path) -> None:
    images = [FoundImage(tmp_path / f"1.2.{number}.dcm", "a", {}) for number in (3, 4)]
    matched = match_gaze(images, [reading("1.2.4"), reading("films/1.2.3.PNG")])
    assert {index: found[0].image for index, found in matched.items()} == {1: "1.2.4", 0: "films/1.2.3.PNG"}


def test_a_reading_that_fits_two_images_is_refused(tmp_path: Path) -> None:
    images = [FoundImage(tmp_path / side / "1.png", "a", {}) for side in ("left", "right")]
    with pytest.raises(UserError, match=r"'1\.png' fits several images"):
        match_gaze(images, [reading("1.png")])


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (None, "has no file images.csv"),
        ("image,grade\na.png,1", "no column patient"),
        ("image,patient\na.png,", "line 2: names no image or no patient"),
        ("image,patient,split\na.png,1,later", "the split 'later' is none of train"),
    ],
)
def test_a_table_that_lacks_something_says_what(tmp_path: Path, table: str | None, sentence: str) -> None:
    if table:
        write(tmp_path / "images.csv", table)
    with pytest.raises(UserError, match=sentence):
        find_layout("csv").read(tmp_path)


def test_the_command_makes_a_set_and_says_what_is_wrong(tmp_path: Path) -> None:
    folder, out = plain(tmp_path / "data"), tmp_path / "set"
    logs = tmp_path / "logs"
    for number in range(13):
        document = {"gaze": scanpath(number), "img": f"{number}.png", "case": "0", "gt": 1}
        write(logs / f"{number}.json", json.dumps(document))
    result = CliRunner().invoke(
        app,
        ["csv", str(folder), "--out", str(out), "--gaze", f"mcgip:{logs}", "--scheme", "moments", "--json"],
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["images"], told["patients"], told["readings"]) == (12, 6, 8)
    assert told["readings_without_image"] == 1
    assert list(load_set(out).relations) == ["moments"]
    for arguments, sentence in [
        (["xray", str(folder)], "There is no layout 'xray'"),
        (["csv", str(tmp_path / "none")], "is no folder"),
        (["csv", str(folder), "--crops"], "csv marks no lesions"),
        (["csv", str(folder), "--gaze", "mcgip"], "is no FORMAT:FOLDER"),
        (["csv", str(folder), "--gaze", f"eyes:{logs}"], "There is no gaze format 'eyes'"),
    ]:
        refused = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "other")])
        assert isinstance(refused.exception, UserError)
        assert sentence in str(refused.exception)
