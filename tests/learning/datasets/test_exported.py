from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from acquisition.errors import FileRefused, UserError
from acquisition.interchange.parquet import export_parquet
from acquisition.interchange.shown import export_shown
from acquisition.interchange.tables import read_table
from acquisition.store import open_store
from learning.datasets.gaze import on_image
from learning.datasets.gaze_formats import find_format
from learning.graph import committed_gaze
from tests.learning.datasets.look_alikes import write
from tests.learning.stores import SIZE_PX, phantoms, read_cases, stack

HEADER = "session,image,from_ns,to_ns,left_px,top_px,width_px,height_px"
SCALE = SIZE_PX / 600
MIRRORED = (-SCALE, 0.0, 800 * SCALE, 0.0, SCALE, -100 * SCALE)
ZOOMED = (SCALE / 2, 0.0, -150 * SCALE / 2, 0.0, SCALE / 2, -300 * SCALE / 2)

Samples = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Samples]]:
    """An export of films and a stack, and the traces that a set of the same store would have."""
    folder = tmp_path_factory.mktemp("export")
    with open_store(folder / "store") as store:
        phantoms(store, folder / "films", 2)
        stack(store, folder / "more", n_frames=3)
        shown = [{}, {"window_width": 9.0}, {"screen_to_image": MIRRORED}, {"screen_to_image": ZOOMED}]
        read_cases(store, 2, shown=[*shown, {"rect_px": (300.0, 200.0, 300.0, 300.0)}])
        frames = [{"frame": frame} for frame in (0, 1, 2, 1)]
        read_cases(store, 5, session_id="ses_stack", shown=frames)
        read_cases(store, 2, session_id="ses_poor", loss=0.5)
        export_parquet(store, folder / "out")
        export_shown(store, folder / "out")
        return folder / "out", [trace.samples for trace in committed_gaze(store).traces]


def test_an_export_gives_the_traces_that_a_set_has(export: tuple[Path, list[Samples]]) -> None:
    folder, traces = export
    found = find_format("parquet").read(folder)
    placed = [on_image(each, (SIZE_PX, SIZE_PX), (0.0, 0.0, SIZE_PX, SIZE_PX)) for each in found]
    assert {(each.reader, each.is_simulated, each.is_ordered) for each in found} == {
        ("reader-ottilie", True, True)
    }
    assert "stack.dcm" in {each.image for each in found}
    assert len(placed) == len(traces)
    for ours, theirs in zip(sorted(placed, key=len), sorted(traces, key=len), strict=True):
        assert len(ours) > 30
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_table_has_a_line_for_each_stretch_in_which_nothing_moved(
    export: tuple[Path, list[Samples]],
) -> None:
    rows = read_table(export[0] / "shown.csv").rows
    first = [row for row in rows if row["session"] == "ses_first"]
    assert len(first) == 2 * 4, "a window that is dragged moves nothing"
    for row, following in pairwise(first):
        assert row["reading"] != following["reading"] or row["to_ns"] == following["from_ns"]
    assert [float(row["width_px"]) for row in first[:4]] == pytest.approx([600, -600, 1200, 600])
    assert [row["frame"] for row in rows if row["image"] == "stack.dcm"] == ["0", "1", "2", "1"]
    assert {row["opening_frame"] for row in rows if row["image"] == "stack.dcm"} == {"1"}
    assert {row["is_usable"] for row in rows if row["session"] == "ses_poor"} == {"no"}


def test_a_table_by_hand_has_a_reading_a_line(tmp_path: Path, export: tuple[Path, list[Samples]]) -> None:
    (path,) = export[0].glob("gaze_ses_first.parquet")
    (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = [row for row in read_table(export[0] / "shown.csv").rows if row["session"] == "ses_first"][:2]
    names = HEADER.split(",")
    write(tmp_path / "shown.csv", "\n".join([HEADER, *(",".join(row[n] for n in names) for row in rows)]))
    by_hand = find_format("parquet").read(tmp_path)
    assert len(by_hand) == 2
    assert all(0 <= each.samples[0, 2] < 0.1 for each in by_hand)


def test_gaze_that_a_mark_steered_is_left_out(tmp_path: Path, export: tuple[Path, object]) -> None:
    path = export[0] / "gaze_ses_first.parquet"
    table = pq.read_table(path)
    flags = np.arange(table.num_rows) % 2 == 0
    pq.write_table(table.append_column("gaze_assisted", [flags]), tmp_path / path.name)
    lines = (export[0] / "shown.csv").read_text(encoding="utf-8").splitlines()
    write(tmp_path / "shown.csv", "\n".join([lines[0], *(line for line in lines if "ses_first" in line)]))
    kept = find_format("parquet").read(tmp_path)
    whole = find_format("parquet").read(export[0])[: len(kept)]
    for one, other in zip(kept, whole, strict=True):
        assert 0.4 < len(one.samples) / len(other.samples) < 0.6


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "has no rows"),
        ("ses_none,a,0,1,0,0,9,9", r"gaze_ses_none\.parquet is missing, which shown\.csv names"),
        ("ses_first,a,soon,1,0,0,9,9", "line 2: from_ns is no whole number"),
        ("ses_first,a,0,1,left,0,9,9", "line 2: left_px is no number"),
        ("ses_first,a,0,1,nan,0,9,9", "line 2: left_px is no number"),
        ("ses_first,a,0,1,0,0,0,9", "line 2: the image has no extent"),
    ],
)
def test_a_table_that_is_wrong_is_refused(
    tmp_path: Path, export: tuple[Path, object], line: str, sentence: str
) -> None:
    for path in export[0].glob("*.parquet"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    write(tmp_path / "shown.csv", f"{HEADER}\n{line}")
    with pytest.raises(UserError, match=sentence):
        find_format("parquet").read(tmp_path)


def test_a_folder_without_table_or_with_foreign_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no file shown\.csv"):
        find_format("parquet").read(tmp_path)
    write(tmp_path / "gaze_a.parquet", "no Parquet")
    write(tmp_path / "shown.csv", f"{HEADER}\na,film,0,1,0,0,9,9")
    with pytest.raises(FileRefused, match=r"gaze_a\.parquet is no Parquet export of Gazeroom"):
        find_format("parquet").read(tmp_path)
