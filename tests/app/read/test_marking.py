"""Marks, findings and the note, set in the Read room over fakes."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QListWidget, QPlainTextEdit, QPushButton, QToolButton
from read_room import CTRL, LEFT, NONE, Room

from acquisition.domain import Annotation, Laterality, MarkKind
from acquisition.shapes import bounds


def marks_of(room: Room) -> list[Annotation]:
    opened = room.desk.session.open_reading
    assert opened is not None
    return room.desk.catalogue.annotations(opened.reading.id)


def drag_on(room: Room, start: QPoint, end: QPoint) -> None:
    box = room.window.lightbox
    room.qtbot.mousePress(box, LEFT, NONE, start)
    for step in (1, 2, 3):
        room.qtbot.mouseMove(box, start + (end - start) * step / 3)
    room.qtbot.mouseRelease(box, LEFT, NONE, end)


def test_marks_are_labelled_chosen_deleted_and_brought_back(reading: Room) -> None:
    marks = reading.find(QListWidget, "marks")
    assert reading.find(QLabel, "noMarks").isVisible()
    reading.click("label_calcification")
    reading.key(Qt.Key.Key_R)
    reading.draw()
    assert marks.item(0).text() == "1  calcification  R CC"
    reading.click("label_distortion")
    assert marks.item(0).text() == "1  distortion  R CC"
    reading.key(Qt.Key.Key_Z, CTRL)
    assert marks.item(0).text() == "1  calcification  R CC"
    reading.key(Qt.Key.Key_Escape)
    reading.qtbot.mouseClick(reading.window.lightbox, LEFT, NONE, QPoint(20, 300))
    assert not reading.find(QToolButton, "deleteButton").isEnabled()
    reading.qtbot.mouseClick(reading.window.lightbox, LEFT, NONE, QPoint(320, 170))
    reading.key(Qt.Key.Key_Delete)
    assert marks.count() == 0
    reading.key(Qt.Key.Key_Z, CTRL)
    assert marks.count() == 1
    reading.key(Qt.Key.Key_Y, CTRL)
    assert marks.count() == 0


def test_keys_typed_into_the_note_are_words_and_the_note_is_kept(reading: Room) -> None:
    note = reading.find(QPlainTextEdit, "note")
    note.setFocus()
    reading.qtbot.keyClicks(note, "Dense, no pin")
    reading.key(Qt.Key.Key_Return)
    reading.qtbot.keyClicks(note, "?")
    assert note.toPlainText() == "Dense, no pin\n?"
    assert not reading.desk.session.is_paused
    opened = reading.desk.session.open_reading
    assert opened is not None
    reading.key(Qt.Key.Key_2, CTRL)
    reading.key(Qt.Key.Key_Return, CTRL)
    assert reading.case_id == "case_2"
    conclusion = reading.desk.catalogue.assessment(opened.reading.id)
    assert conclusion is not None
    assert conclusion.text == "Dense, no pin\n?"
    assert note.toPlainText() == ""


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (Qt.Key.Key_E, MarkKind.ELLIPSE),
        (Qt.Key.Key_R, MarkKind.RECTANGLE),
        (Qt.Key.Key_D, MarkKind.FREEHAND),
        (Qt.Key.Key_L, MarkKind.LENGTH),
    ],
)
def test_each_tool_draws_its_kind_and_one_is_in_hand_at_a_time(
    reading: Room, key: Qt.Key, kind: MarkKind
) -> None:
    reading.key(Qt.Key.Key_Y)
    reading.key(key)
    assert not reading.find(QToolButton, "polygonButton").isChecked()
    assert reading.find(QToolButton, f"{kind}Button").isChecked()
    box = reading.window.lightbox
    reading.qtbot.mousePress(box, LEFT, NONE, QPoint(250, 120))
    for at in (QPoint(330, 130), QPoint(310, 190), QPoint(270, 170)):
        reading.qtbot.mouseMove(box, at)
    reading.qtbot.mouseRelease(box, LEFT, NONE, QPoint(270, 170))
    [mark] = marks_of(reading)
    assert (mark.kind, mark.laterality) == (kind, Laterality.RIGHT)
    assert mark.label == ("" if kind is MarkKind.LENGTH else "mass")
    reading.key(key)
    assert box.tool is None


def test_a_polygon_ends_with_enter_which_does_not_commit_and_goes_back_with_backspace(reading: Room) -> None:
    reading.key(Qt.Key.Key_2, CTRL)
    reading.key(Qt.Key.Key_Y)
    for at in (QPoint(250, 120), QPoint(330, 130), QPoint(310, 190), QPoint(200, 200)):
        reading.qtbot.mouseClick(reading.window.lightbox, LEFT, NONE, at)
    reading.key(Qt.Key.Key_Backspace)
    assert marks_of(reading) == []
    reading.key(Qt.Key.Key_Return)
    [mark] = marks_of(reading)
    assert (mark.kind, len(mark.points_px)) == (MarkKind.POLYGON, 3)
    assert reading.case_id == "case_1"
    reading.key(Qt.Key.Key_Return)
    assert reading.case_id == "case_2"


def test_esc_drops_a_polygon_before_it_puts_the_tool_away(reading: Room) -> None:
    reading.key(Qt.Key.Key_Y)
    reading.qtbot.mouseClick(reading.window.lightbox, LEFT, NONE, QPoint(250, 120))
    reading.key(Qt.Key.Key_Escape)
    assert reading.window.lightbox.tool is MarkKind.POLYGON
    reading.key(Qt.Key.Key_Escape)
    assert reading.window.lightbox.tool is None
    assert marks_of(reading) == []


def test_a_mark_is_moved_by_its_line_and_bent_by_its_handle_while_elsewhere_the_hand_windows(
    reading: Room,
) -> None:
    reading.key(Qt.Key.Key_R)
    reading.draw()  # from (300, 150) to (340, 190)
    reading.key(Qt.Key.Key_Escape)
    [before] = marks_of(reading)
    drag_on(reading, QPoint(300, 180), QPoint(320, 180))
    [moved] = marks_of(reading)
    assert bounds(moved.points_px)[2:] == pytest.approx(bounds(before.points_px)[2:])
    assert bounds(moved.points_px)[0] != pytest.approx(bounds(before.points_px)[0], abs=1)
    drag_on(reading, QPoint(360, 190), QPoint(370, 210))
    [bent] = marks_of(reading)
    assert bounds(bent.points_px)[3] > bounds(moved.points_px)[3] + 1
    assert reading.window.lightbox.panes[0].look.window is None
    drag_on(reading, QPoint(340, 170), QPoint(350, 175))
    assert reading.window.lightbox.panes[0].look.window is not None
    for expected in (moved, before):
        reading.key(Qt.Key.Key_Z, CTRL)
        assert marks_of(reading) == [expected]


def test_what_the_panel_asks_is_stored_at_once_and_undone_step_by_step(reading: Room) -> None:
    assert not reading.find(QPushButton, "confidence7").isVisible(), "nothing is chosen"
    reading.key(Qt.Key.Key_R)
    reading.draw()
    menu = reading.find(QPushButton, "margin").menu()
    next(action for action in menu.actions() if action.text() == "spiculated").trigger()
    for action in reading.find(QPushButton, "associated").menu().actions()[:2]:
        action.trigger()
    reading.click("confidence7")
    reading.click("densityC")
    [mark] = marks_of(reading)
    assert mark.confidence == 7
    assert mark.descriptors == {
        "margin": ("spiculated",),
        "associated": ("skin retraction", "nipple retraction"),
    }
    assert reading.find(QListWidget, "marks").item(0).text() == "1  mass  R CC   7 of 9"
    opened = reading.desk.session.open_reading
    assert opened is not None
    assert opened.assessment.density == "C"
    reading.click("densityC")
    for _ in range(2):
        reading.key(Qt.Key.Key_Z, CTRL)
    assert not reading.find(QPushButton, "densityC").isChecked()
    reading.key(Qt.Key.Key_Z, CTRL)
    assert not reading.find(QPushButton, "confidence7").isChecked()
    assert reading.find(QPushButton, "margin").text() == "spiculated"


def test_a_finding_on_two_views_is_one(reading: Room) -> None:
    reading.key(Qt.Key.Key_R)
    drag_on(reading, QPoint(300, 150), QPoint(340, 190))
    reading.desk.clock.advance(1.0)
    assert not reading.find(QPushButton, "margin").menu().isEmpty()
    drag_on(reading, QPoint(300, 500), QPoint(340, 540))
    [action] = reading.find(QPushButton, "partner").menu().actions()
    assert action.text() == "1  mass  R CC"
    action.trigger()
    first, second = marks_of(reading)
    assert (first.partner_id, second.partner_id) == (second.id, first.id)
    rows = reading.find(QListWidget, "marks")
    assert [rows.item(row).text() for row in range(2)] == ["1  mass  R CC  =  2", "2  mass  R MLO  =  1"]


def test_undo_reaches_the_note(reading: Room) -> None:
    note = reading.find(QPlainTextEdit, "note")
    note.setFocus()
    reading.qtbot.keyClicks(note, "dense")
    reading.window.lightbox.setFocus()
    reading.key(Qt.Key.Key_3, CTRL)
    reading.key(Qt.Key.Key_Z, CTRL)
    reading.key(Qt.Key.Key_Z, CTRL)
    assert note.toPlainText() == ""
    reading.key(Qt.Key.Key_Y, CTRL)
    assert note.toPlainText() == "dense"
