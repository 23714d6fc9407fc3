import errno
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from acquisition.dicom import read_image
from acquisition.errors import UserError
from acquisition.store import Store, open_store
from acquisition.traces import reading_traces
from learning.build import app, build_set
from learning.files import SetManifest, load_relation, load_set, load_traces
from learning.graph import Recipe, relate_store
from learning.graph import app as graph_app
from learning.making import Pseudonyms, part_patients
from tests.learning.stores import READER_NAME, SIZE_PX, phantoms, read_cases, stack

N_PATIENTS = 5
N_READ = 6
"""Cases, two a patient: the last two patients stay unread."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("store")
    with open_store(folder / "store") as opened:
        phantoms(opened, folder / "films", N_PATIENTS)
        read_cases(opened, N_READ)
        read_cases(opened, N_READ + 1, session_id="ses_second", commit_last=False)
        yield opened


@pytest.fixture(scope="module")
def built(store: Store, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SetManifest]:
    out = tmp_path_factory.mktemp("built") / "set"
    assert build_set(store, out) == 2 * N_READ
    return out, load_set(out)


def test_a_set_holds_what_was_read_and_what_can_be_judged(built: tuple[Path, SetManifest]) -> None:
    folder, manifest = built
    assert len(manifest.entries) == 2 * N_PATIENTS
    assert len(manifest.of_part("pretrain")) == N_READ
    assert {entry.labels["pathology"] for entry in manifest.entries} == {"benign", "malignant"}
    assert manifest.gaze_is_simulated
    assert all(entry.is_simulated for entry in manifest.entries)
    patients = {part: {e.patient for e in manifest.of_part(part)} for part in ("pretrain", "evaluate")}
    assert not patients["pretrain"] & patients["evaluate"]
    assert len(load_relation(folder / manifest.relations["tima"]).ids) == N_READ
    assert manifest.lineage.n_readings == 2 * N_READ


def test_pixels_went_through_the_display_pipeline(store: Store, built: tuple[Path, SetManifest]) -> None:
    folder, manifest = built
    names = Pseudonyms(store.catalogue.pseudonym_key())
    entries = {entry.id: entry for entry in manifest.entries}
    for image in store.catalogue.images():
        entry = entries[names.of("image", image.id)]
        with Image.open(folder / entry.file) as picture:
            assert picture.mode == "L"
            np.testing.assert_array_equal(np.asarray(picture), read_image(Path(image.path)).display())
        assert entry.box_px == image.box_px


def test_gaze_is_that_of_the_committed_readings_of_the_pretrain_part(
    store: Store, built: tuple[Path, SetManifest]
) -> None:
    folder, manifest = built
    traces = load_traces(folder / "traces.npz")
    names = Pseudonyms(store.catalogue.pseudonym_key())
    expected = {
        (names.of("image", trace.image_id), trace.samples.tobytes())
        for reading in store.readings()
        if reading.state == "committed"
        for trace in reading_traces(store, reading.id)
    }
    got = {
        (str(name), samples.tobytes()) for name, samples in zip(traces.image_ids, traces.split(), strict=True)
    }
    assert got == expected
    assert {name for name, _ in got} == {entry.id for entry in manifest.of_part("pretrain")}
    assert (traces.canvas_px == SIZE_PX).all()


def test_gaze_on_other_frames_of_a_stack_is_left_out_and_counted(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        stack(store, tmp_path / "films", n_frames=5)
        read_cases(store, 1, shown=[{"frame": frame} for frame in (0, 2, 4)])
        build_set(store, tmp_path / "set")
        [image], [reading] = store.catalogue.images(), store.readings()
        [trace] = reading_traces(store, reading.id)
        picture = read_image(Path(image.path), frame=2).display()
    manifest, traces = load_set(tmp_path / "set"), load_traces(tmp_path / "set" / "traces.npz")
    with Image.open(tmp_path / "set" / manifest.entries[0].file) as stored:
        np.testing.assert_array_equal(np.asarray(stored), picture)
    is_shown = trace.frames == 2
    assert 0 < is_shown.sum() < len(is_shown)
    np.testing.assert_array_equal(traces.samples, trace.samples[is_shown])
    assert manifest.lineage.n_samples_on_other_frames == (~is_shown).sum()


def test_a_stack_whose_picture_nobody_looked_at_has_no_gaze(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        stack(store, tmp_path / "films", n_frames=3)
        read_cases(store, 1)
        with pytest.raises(UserError, match="no committed reading with gaze on an image"):
            build_set(store, tmp_path / "set")


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a set as it is, and once more as it is inside."""
    for path in sorted(folder.rglob("*")):
        yield path.name, path.name.encode()
        if path.is_dir():
            continue
        raw = path.read_bytes()
        yield path.name, raw
        if path.suffix == ".npz":
            with zipfile.ZipFile(io.BytesIO(raw)) as members:
                for member in members.namelist():
                    # Text arrays are UTF-32; without the zero bytes they read as text.
                    inside = members.read(member)
                    yield f"{path.name}/{member}", inside
                    yield f"{path.name}/{member}", inside.replace(b"\0", b"")
        if path.suffix == ".png":
            with Image.open(io.BytesIO(raw)) as picture:
                yield f"{path.name}/text", repr(picture.info).encode()
                yield f"{path.name}/pixels", picture.tobytes()


def identifying_values(store: Store) -> set[str]:
    catalogue = store.catalogue
    words: set[str] = {READER_NAME, "Ottilie", "Zwetschge", "PHANTOM"}
    for image in catalogue.images():
        words |= {image.id, image.path, Path(image.path).name, Path(image.path).stem, image.sha256}
        words |= {image.sop_instance_uid, image.study_instance_uid, str(Path(image.path).parent)}
    for case in catalogue.cases():
        words |= {case.id, case.title, case.patient_key}
    for reader in catalogue.readers():
        words |= {reader.id, reader.name, reader.pseudonym}
    for session in store.sessions():
        words |= {session.id, session.opened_utc, session.opened_utc[:10], session.sha256}
    words |= {reading.id for reading in store.readings()}
    words |= {label.origin for label in catalogue.labels()}
    return {word for word in words if len(word) >= 4}


def test_a_set_is_safe_to_send(store: Store, built: tuple[Path, SetManifest]) -> None:
    words = identifying_values(store)
    assert len(words) > 8 * N_PATIENTS
    for name, content in contents(built[0]):
        found = [word for word in words if word.encode() in content]
        assert not found, f"{name} holds {found}"


def test_the_scan_would_find_a_name(store: Store, built: tuple[Path, SetManifest], tmp_path: Path) -> None:
    (tmp_path / "leak.npz").touch()
    np.savez_compressed(tmp_path / "leak.npz", ids=np.array([store.catalogue.images()[0].id]))
    found = [
        word for word in identifying_values(store) for _, text in contents(tmp_path) if word.encode() in text
    ]
    assert store.catalogue.images()[0].id in found


def test_the_same_store_gives_the_same_pseudonyms_and_another_key_others(
    store: Store, built: tuple[Path, SetManifest], tmp_path: Path
) -> None:
    build_set(store, tmp_path / "again")
    assert load_set(tmp_path / "again").entries == built[1].entries
    assert Pseudonyms(b"a").of("image", "x") != Pseudonyms(b"b").of("image", "x")
    assert Pseudonyms(b"a").of("image", "x") != Pseudonyms(b"a").of("patient", "x")


class Cancelled(Exception):
    pass


def test_a_stopped_build_leaves_nothing(store: Store, tmp_path: Path) -> None:
    def cancel(done: float, message: str) -> None:
        if message.startswith("image 3"):
            raise Cancelled

    with pytest.raises(Cancelled):
        build_set(store, tmp_path / "set", progress=cancel)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_nothing_and_a_sentence(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(UserError, match=r"The disk of .*set is full; nothing there was damaged"):
        build_set(store, tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(store: Store, built: tuple[Path, SetManifest]) -> None:
    with pytest.raises(UserError, match="is there already"):
        build_set(store, built[0])


def test_only_the_labels_asked_for_go_along(store: Store, tmp_path: Path) -> None:
    build_set(store, tmp_path / "set", labels=("lesion_radius_px",))
    assert {name for entry in load_set(tmp_path / "set").entries for name in entry.labels} == {
        "lesion_radius_px"
    }


def test_a_store_without_readings_gets_a_sentence(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as empty, pytest.raises(UserError, match="read a case first"):
        build_set(empty, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_patients_are_parted_with_unread_ones_first() -> None:
    patient_of = {f"i{i}": f"p{i}" for i in range(10)}
    read = {f"i{i}" for i in range(8)}
    parts = part_patients(patient_of, labelled=set(patient_of), read=read, share=0.3)
    assert [p for p, part in parts.items() if part == "evaluate"] == ["p0", "p8", "p9"]
    greedy = part_patients(patient_of, labelled=set(patient_of), read=set(patient_of), share=0.9)
    assert sum(part == "pretrain" for part in greedy.values()) == 5
    unlabelled = part_patients(patient_of, labelled=set(), read=read, share=0.3)
    assert set(unlabelled.values()) == {"pretrain"}


def test_a_graph_straight_from_the_store_equals_that_of_the_set(
    store: Store, built: tuple[Path, SetManifest], tmp_path: Path
) -> None:
    names = Pseudonyms(store.catalogue.pseudonym_key())
    of_store = relate_store(store, tmp_path / "graph.npz", Recipe())
    of_set = load_relation(built[0] / "relations" / "tima.npz")
    renamed = {
        frozenset(names.of("image", str(of_store.ids[i])) for i in edge): value
        for *edge, value in zip(of_store.rows, of_store.columns, of_store.values, strict=True)
    }
    for row, column, value in zip(of_set.rows, of_set.columns, of_set.values, strict=True):
        assert renamed[frozenset((str(of_set.ids[row]), str(of_set.ids[column])))] == pytest.approx(
            value, abs=1e-6
        )


def test_commands_on_a_store(store: Store, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--store", str(tmp_path / "nowhere"), "--out", str(tmp_path / "set")])
    assert "is no store" in str(done.exception)
    done = CliRunner().invoke(graph_app, [str(tmp_path)])
    assert "neither a set" in str(done.exception)
    done = CliRunner().invoke(graph_app, [])
    assert "Say whose gaze" in str(done.exception)


def test_readings_that_must_be_repeated_are_left_out_and_counted(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as opened:
        phantoms(opened, tmp_path / "films", N_PATIENTS)
        read_cases(opened, N_READ)
        read_cases(opened, N_READ, session_id="ses_poor", loss=0.3)
        assert build_set(opened, tmp_path / "set") == N_READ
    again = tmp_path / "again"
    result = CliRunner().invoke(app, ["--store", str(tmp_path / "store"), "--out", str(again), "--json"])
    assert json.loads(result.stdout) == {
        "set": str(again),
        "readings": N_READ,
        "left_out": N_READ,
        "samples_on_other_frames": 0,
    }
    assert load_set(tmp_path / "set").lineage.n_readings == N_READ
