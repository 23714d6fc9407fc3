"""G: a mark where the reader looks, or one sentence."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QListWidget
from pytestqt.qtbot import QtBot
from reading_fakes import DISPLAY, FakeCatalogue, an_image
from small_room import SmallRoom, small_room

from acquisition.assisted import GAZE_MARK
from acquisition.domain import MarkKind, Panel, ViewState
from acquisition.reading_plan import ReadingPlan
from acquisition.store.gaze import gaze_dtype
from app.read.gaze_marking import LOOK_NS, NoPlace, Place, look_begins_ns, place_of

IMAGE = an_image()
VIEW = ViewState(1_000, (Panel(IMAGE.id, (100.0, 0.0, 800.0, 900.0), (2.0, 0, -200.0, 0, 2.0, 0), frame=7),))
IMAGES = {IMAGE.id: IMAGE}


def look(*points_px: tuple[float, float]) -> NDArray[np.void]:
    """One valid sample a point, of the left eye; NaN where the eyes were not seen."""
    gaze = np.zeros(len(points_px), gaze_dtype(()))
    x, y = np.array(points_px, dtype=float).reshape(-1, 2).T
    gaze["left_x"], gaze["left_y"] = x / DISPLAY.width_px, y / DISPLAY.height_px
    gaze["left_valid"] = np.isfinite(x)
    return gaze


def test_the_median_of_the_look_is_placed_on_the_image_and_its_frame() -> None:
    points = [(300.0, 200.0), (302.0, 204.0), (301.0, 203.0), (900.0, 5.0), (301.0, 1.0)]
    found = place_of(look(*points), DISPLAY, VIEW, IMAGES)
    assert found == Place(IMAGE.id, 7, (pytest.approx(402.0), pytest.approx(400.0)))


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([], NoPlace.UNSEEN),
        ([(np.nan, np.nan)] * 20, NoPlace.UNSEEN),
        ([(300.0, 200.0)] * 2 + [(np.nan, np.nan)] * 9, NoPlace.UNSEEN),
        ([(1500.0, 200.0)] * 9, NoPlace.BESIDE),
        ([(99.0, 200.0)] * 9, NoPlace.BESIDE),
        ([(500.0, 200.0)] * 9, NoPlace.BESIDE),
    ],
    ids=[
        "nothing",
        "blind",
        "too little",
        "beside the panes",
        "left of the pane",
        "in the pane, not on the image",
    ],
)
def test_what_is_no_look_at_an_image_is_no_place(points: list[tuple[float, float]], why: NoPlace) -> None:
    assert place_of(look(*points), DISPLAY, VIEW, IMAGES) is why


def test_a_look_began_with_the_picture_at_the_earliest() -> None:
    assert look_begins_ns(5 * LOOK_NS, replace(VIEW, host_time_ns=7)) == 4 * LOOK_NS
    assert look_begins_ns(5 * LOOK_NS, replace(VIEW, host_time_ns=5 * LOOK_NS - 9)) == 5 * LOOK_NS - 9


@pytest.fixture
def room(tmp_path: Path, qtbot: QtBot, dressed: QApplication) -> Iterator[SmallRoom]:
    catalogue = FakeCatalogue(plan=ReadingPlan(has_gaze_marks=True))
    with small_room(tmp_path, qtbot, [an_image("R CC"), an_image("L CC")], catalogue) as opened:
        yield opened


def look_at(room: SmallRoom, panel: Panel, across: float, down: float) -> None:
    """The eyes rest on a point of a pane, given as fractions of it."""
    x, y, width, height = panel.rect_px
    at = x + across * width, y + down * height
    room.desk.recorder.look = lambda start_ns, end_ns: look(*[at] * round((end_ns - start_ns) / 8e6))
    room.desk.clock.advance(1.0)


def test_g_drops_a_flagged_point_that_can_be_undone(room: SmallRoom) -> None:
    panel = room.panels[0]
    look_at(room, panel, 0.8, 0.4)
    room.key(Qt.Key.Key_G)
    [mark] = room.marks
    assert (mark.kind, mark.image_id, mark.is_gaze_assisted) == (MarkKind.POINT, panel.image_id, True)
    a, b, c, d, e, f = panel.screen_to_image
    x, y = panel.rect_px[0] + 0.8 * panel.rect_px[2], panel.rect_px[1] + 0.4 * panel.rect_px[3]
    assert mark.points_px == ((pytest.approx(a * x + b * y + c), pytest.approx(d * x + e * y + f)),)
    assert list(room.desk.catalogue.marks.values()) == [mark]
    [event] = room.desk.recorder.events(GAZE_MARK)
    assert (event.host_time_ns, event.detail["mark_id"]) == (mark.host_time_ns, mark.id)
    shown = room.window.findChild(QListWidget, "marks")
    assert isinstance(shown, QListWidget)
    assert "by gaze" in shown.item(0).text()
    assert not room.problem
    room.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert room.marks == ()
    assert len(room.desk.recorder.events(GAZE_MARK)) == 1, "the gaze stays flagged"


def test_g_beside_the_images_or_with_closed_eyes_is_one_sentence(room: SmallRoom) -> None:
    look_at(room, room.panels[0], 0.8, -2.0)
    room.key(Qt.Key.Key_G)
    assert "looked at no image" in room.problem
    room.desk.recorder.look = lambda _start_ns, _end_ns: look()
    room.key(Qt.Key.Key_G)
    assert "not seen" in room.problem
    assert room.marks == ()
    assert not room.desk.recorder.events(GAZE_MARK)
    look_at(room, room.panels[0], 0.8, 0.4)
    room.key(Qt.Key.Key_G)
    assert len(room.marks) == 1
    assert not room.problem


def test_without_leave_of_the_study_g_says_so(tmp_path: Path, qtbot: QtBot, dressed: QApplication) -> None:
    with small_room(tmp_path, qtbot, [an_image()]) as room:
        look_at(room, room.panels[0], 0.8, 0.4)
        room.key(Qt.Key.Key_G)
        assert "no marks by gaze" in room.problem
        assert room.marks == ()
        assert not room.desk.recorder.events(GAZE_MARK)


def test_the_sentence_names_the_tools_of_the_profile(
    tmp_path: Path, qtbot: QtBot, dressed: QApplication
) -> None:
    with small_room(tmp_path, qtbot, [an_image()]) as room:
        room.window.keys.bind(room.window.keys.profile("weasis"))
        room.key(Qt.Key.Key_G)
        assert room.problem.endswith("draw with E, R, Y or F.")


def test_the_sentence_names_the_key_that_was_bound(room: SmallRoom) -> None:
    keys = room.window.keys
    keys.bind(keys.profile("weasis").bind("gazeMark", "G", "F6"))
    room.desk.recorder.look = lambda _start_ns, _end_ns: look()
    room.key(Qt.Key.Key_F6)
    assert room.problem.endswith("then press F6 again.")
    look_at(room, room.panels[0], 0.8, -2.0)
    room.key(Qt.Key.Key_F6)
    assert "looked at no image" in room.problem
    assert room.problem.endswith("then press F6 again.")
