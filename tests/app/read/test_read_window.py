"""The Read room, driven as a reader drives it, over fakes."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QWidget,
)
from read_room import CTRL, SHIFT, Room
from reading_fakes import FOUR_VIEWS

from acquisition.domain import ReadingState
from acquisition.errors import StoreError


def test_a_case_is_marked_assessed_committed_and_the_next_one_opens(reading: Room) -> None:
    first = reading.desk.session.open_reading
    assert first is not None
    reading.key(Qt.Key.Key_R)
    reading.draw()
    reading.key(Qt.Key.Key_4, CTRL)
    assert reading.find(QPushButton, "birads4").isChecked()
    reading.key(Qt.Key.Key_Return)
    assert reading.case_id == "case_2"
    assert reading.desk.catalogue.reading_by_id[first.reading.id].state is ReadingState.COMMITTED
    [mark] = reading.desk.catalogue.annotations(first.reading.id)
    assert (mark.image_id, mark.label) == ("case_1 R CC", "mass")
    assert not reading.find(QToolButton, "rectangleButton").isChecked(), "marking ends with the case"
    reading.see_case()
    assert reading.desk.recorder.views()[-1].panels[0].image_id == "case_2 R CC"


def test_enter_without_a_category_asks_in_the_panel_even_when_it_was_hidden(reading: Room) -> None:
    reading.key(Qt.Key.Key_F2)
    assert not reading.find(QWidget, "sidePanel").isVisible()
    reading.key(Qt.Key.Key_Return)
    assert reading.case_id == "case_1"
    assert reading.find(QLabel, "findingsProblem").isVisible()
    assert "BI-RADS" in reading.words("findingsProblem")
    reading.click("birads2")
    assert not reading.find(QLabel, "findingsProblem").isVisible()
    reading.click("commitButton")
    assert reading.case_id == "case_2"


def test_the_last_commit_says_that_everything_is_read(reading: Room) -> None:
    for _ in range(3):
        reading.key(Qt.Key.Key_1, CTRL)
        reading.key(Qt.Key.Key_Enter)
    assert reading.case_id == ""
    assert reading.words("stageTitle") == "All cases are read."
    assert reading.words("doneLabel") == "3 of 3 read"
    assert reading.desk.recorder.views()[-1].panels == ()
    assert not reading.find(QPushButton, "commitButton").isEnabled()


def test_a_pause_covers_the_images_and_a_key_brings_them_back(reading: Room) -> None:
    reading.key(Qt.Key.Key_P)
    assert reading.desk.recorder.turns == ["pause"]
    assert reading.words("stageTitle") == "Paused"
    assert reading.words("gazeWord") == "paused – gaze not stored"
    assert reading.desk.recorder.views()[-1].panels == ()
    assert reading.find(QToolButton, "pauseButton").toolTip() == "Resume recording  (P)"
    reading.key(Qt.Key.Key_P)
    assert reading.desk.recorder.turns == ["pause", "resume"]
    reading.qtbot.waitUntil(lambda: len(reading.desk.recorder.views()[-1].panels) == 4)


def test_the_keys_page_names_every_key_and_covers_the_case(reading: Room) -> None:
    reading.key(Qt.Key.Key_Question)
    page = reading.find(QWidget, "keysPage")
    assert page.isVisible()
    shown = " ".join(button.text() for button in page.findChildren(QPushButton))
    for key in ("Shift+N", "Ctrl+Z", "Home", "F2", "F9", "Ctrl+0", "Esc", "double click"):
        assert key in shown
    assert reading.desk.recorder.views()[-1].panels == ()
    reading.key(Qt.Key.Key_Escape)
    assert not page.isVisible()
    reading.key(Qt.Key.Key_I)
    reading.window.lightbox.repaint()
    assert reading.desk.recorder.views()[-1].panels[0].is_inverted


def test_k_moves_all_images_together_until_it_is_pressed_again(reading: Room) -> None:
    box = reading.window.lightbox
    for n_zooms in (1, 2):
        reading.key(Qt.Key.Key_K)
        reading.key(Qt.Key.Key_Home)
        reading.qtbot.mouseMove(box, QPoint(380 - n_zooms, 160))
        reading.key(Qt.Key.Key_X)
        assert len({pane.pose.placement.zoom for pane in box.panes}) == n_zooms


def test_full_stop_and_comma_go_through_the_layouts_of_the_case(reading: Room) -> None:
    assert reading.words("stage") == "layout 1 of 7"
    assert not reading.find(QToolButton, "previousStageButton").isEnabled()
    reading.key(Qt.Key.Key_Period)
    assert len(reading.window.lightbox.panes) == 2
    assert reading.words("stage") == "layout 2 of 7"
    for _ in range(9):
        reading.key(Qt.Key.Key_Period)
    assert not reading.find(QToolButton, "nextStageButton").isEnabled()
    reading.key(Qt.Key.Key_Comma)
    assert reading.words("stage") == "layout 6 of 7"
    reading.key(Qt.Key.Key_N)
    reading.qtbot.waitUntil(lambda: reading.words("stage") == "layout 1 of 7")
    assert len(reading.window.lightbox.panes) == 4


def test_image_keys_reach_the_light_box(reading: Room) -> None:
    box = reading.window.lightbox
    fitted = box.panes[0].pose.placement
    reading.qtbot.mouseMove(box, QPoint(400, 150))
    under = fitted.to_image(400, 150)
    reading.key(Qt.Key.Key_X)
    assert box.panes[0].pose.placement.zoom == 1.0
    assert box.panes[0].pose.placement.to_image(400, 150) == pytest.approx(under, abs=1)
    reading.key(Qt.Key.Key_Home)
    reading.qtbot.mouseMove(box, QPoint(20, 150))
    middle = box.panes[0].middle_px
    reading.key(Qt.Key.Key_X)
    assert box.panes[0].middle_px == pytest.approx(middle, abs=1), "beside the image there is nothing to see"
    reading.key(Qt.Key.Key_I)
    reading.key(Qt.Key.Key_Home)
    assert box.panes[0].pose.placement == fitted
    assert not box.panes[0].look.is_inverted
    box.toggle_alone("case_1 L CC")
    reading.key(Qt.Key.Key_Escape)
    assert len(box.panes) == 4


def test_a_file_that_is_gone_says_so_in_its_pane_while_the_others_are_read(room: Room) -> None:
    Path(room.desk.catalogue.image_list[0].path).unlink()
    room.sit_down()
    room.see_case()
    panes = {pane.image.id: pane for pane in room.window.lightbox.panes}
    assert "not where it was imported from" in panes["case_1 R CC"].look.refusal
    assert panes["case_1 L CC"].look.loaded is not None


def test_the_next_two_unread_cases_are_decoded_ahead_and_others_are_let_go(long_room: Room) -> None:
    def is_decoded(case_id: str) -> bool:
        return all(long_room.window._loader.image(f"{case_id} {name}") for name in FOUR_VIEWS)

    long_room.sit_down()
    long_room.qtbot.waitUntil(lambda: is_decoded("case_2") and is_decoded("case_3"))
    assert not is_decoded("case_4")
    long_room.window.open_case("case_4")
    long_room.qtbot.waitUntil(lambda: is_decoded("case_4"))
    assert not is_decoded("case_3"), "after the last line the first ones are next"


def test_the_window_stays_alive_while_images_decode(room: Room) -> None:
    go_on = threading.Event()
    room.darkroom.hold = lambda: go_on.wait(10)
    room.sit_down()
    room.key(Qt.Key.Key_2, CTRL)
    assert room.find(QPushButton, "birads2").isChecked()
    assert not room.window.is_case_shown
    go_on.set()
    room.see_case()


def test_a_store_that_refuses_is_told_plainly_and_the_mark_is_not_shown(reading: Room) -> None:
    reading.desk.catalogue.refusal = StoreError("The disk is full: make room and mark again.")
    reading.key(Qt.Key.Key_R)
    reading.draw()
    assert reading.words("findingsProblem") == "The disk is full: make room and mark again."
    assert reading.find(QListWidget, "marks").count() == 0
    reading.desk.catalogue.refusal = None
    reading.draw()
    assert reading.find(QListWidget, "marks").count() == 1
    assert not reading.find(QLabel, "findingsProblem").isVisible()


def test_a_case_that_cannot_be_opened_leaves_an_empty_room_and_a_sentence(reading: Room) -> None:
    reading.desk.catalogue.refusal = StoreError("The database is gone: start it.")
    reading.key(Qt.Key.Key_N)
    assert reading.words("findingsProblem") == "The database is gone: start it."
    reading.desk.catalogue.refusal = None
    reading.key(Qt.Key.Key_N)
    assert reading.case_id == "case_2"
    reading.see_case()


@pytest.mark.parametrize("size", [(1280, 756), (1920, 1036), (2048, 2516), (960, 596)])
def test_nothing_overlaps_or_is_cut_at_any_size(reading: Room, size: tuple[int, int]) -> None:
    reading.window.resize(*size)
    reading.find(QLabel, "findingsProblem").setText("A sentence that is as long as two lines of the panel.")
    reading.find(QLabel, "findingsProblem").show()
    QApplication.processEvents()
    panel = reading.find(QWidget, "findingsPanel")
    children = [
        child
        for child in panel.findChildren(QWidget)
        if child.isVisible() and isinstance(child, (QPushButton, QPlainTextEdit, QLabel, QListWidget))
    ]
    places = [(child, child.rect().translated(child.mapTo(panel, QPoint(0, 0)))) for child in children]
    for child, place in places:
        assert panel.rect().contains(place), child.objectName()
        if isinstance(child, QPushButton):
            assert child.width() >= child.minimumSizeHint().width(), child.text()
    for i, (one, place) in enumerate(places):
        for other, other_place in places[i + 1 :]:
            assert not place.intersects(other_place), (one.objectName(), other.objectName())


def test_true_size_is_told_where_it_cannot_be(reading: Room) -> None:
    reading.key(Qt.Key.Key_X, SHIFT)
    assert "how large" in reading.words("findingsProblem")


def test_the_magnifier_and_the_overlays_are_switches(reading: Room) -> None:
    box = reading.window.lightbox
    reading.key(Qt.Key.Key_M)
    reading.qtbot.mouseMove(box, QPoint(300, 150))
    reading.qtbot.waitUntil(lambda: len(reading.desk.recorder.views()[-1].panels) == 5)
    larger, *panes = reading.desk.recorder.views()[-1].panels
    assert larger.image_id == panes[0].image_id
    assert larger.screen_to_image[0] == pytest.approx(panes[0].screen_to_image[0] / 2)
    reading.key(Qt.Key.Key_M)
    reading.key(Qt.Key.Key_O)
    reading.qtbot.waitUntil(lambda: len(reading.desk.recorder.views()[-1].panels) == 4)
    reading.qtbot.waitUntil(lambda: reading.desk.recorder.views()[-1].panels[0].has_overlays)
    reading.key(Qt.Key.Key_N)
    reading.qtbot.waitUntil(lambda: reading.case_id == "case_2" and reading.window.is_case_shown)
    assert reading.desk.recorder.views()[-1].panels[0].has_overlays, "also in the next case"


def test_wherever_a_key_is_named_it_is_the_one_that_holds(room: Room) -> None:
    room.sit_down()
    room.see_case()
    keys = room.window.keys
    bound = keys.bindings
    for name, old, new in (
        ("pause", "P", "F7"),
        ("polygon", "Y", "Ctrl+G"),
        ("freehand", "D", "F"),
        ("birads4", "Ctrl+4", "F4"),
        ("commit", "Return", "F12"),
    ):
        bound = bound.bind(name, old, new)
    keys.bind(bound)
    assert "with F7" in room.words("consent")
    assert "E, R, Ctrl+G or F, then draw" in room.words("noMarks")
    assert room.find(QPushButton, "birads4").toolTip() == "BI-RADS category 4  (F4)"
    assert room.find(QPushButton, "commitButton").toolTip().endswith("(F12)")
    assert room.find(QToolButton, "polygonButton").toolTip().endswith("(Ctrl+G)")
    room.key(Qt.Key.Key_P)
    assert not room.desk.session.is_paused
    room.key(Qt.Key.Key_F7)
    assert "Press F7 to go on" in room.words("stageNext")
    assert room.find(QToolButton, "pauseButton").toolTip() == "Resume recording  (F7)"
