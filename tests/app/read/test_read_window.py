"""The Read room, driven as a reader drives it, over fakes."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QTableView,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from reading_fakes import (
    DISPLAY,
    FOUR_VIEWS,
    SILENT,
    SIMULATED,
    Darkroom,
    Desk,
    FakeCatalogue,
    a_desk,
    an_image,
)

from acquisition.domain import Annotation, Display, Laterality, MarkKind, ReadingState
from acquisition.errors import SourceError, StoreError
from acquisition.reading_plan import ReadingPlan
from acquisition.recorder import RecorderState, RecorderStatus
from acquisition.shapes import bounds
from app.calibrate.flow import CalibrationFlow
from app.read.consent import Consent
from app.read.key_bindings import own_bindings
from app.read.lightbox import LightBox
from app.read.loading import ImageLoader
from app.read.reader_page import ReaderPage
from app.read.sitting import Sitting, SourceChoice
from app.read.window import ReadWindow
from app.theme import colour
from app.window import MainWindow

Found = TypeVar("Found", bound=QWidget)

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


@dataclass
class Room:
    """The window, what stands behind it, and the hands in front of it."""

    window: ReadWindow
    desk: Desk
    darkroom: Darkroom
    qtbot: QtBot

    def words(self, name: str) -> str:
        return self.find(QLabel, name).text()

    def find(self, kind: type[Found], name: str) -> Found:
        found = self.window.findChild(kind, name)
        assert isinstance(found, kind), name
        return found

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        focused = QApplication.focusWidget()
        assert focused is not None
        self.qtbot.keyClick(focused, key, modifier)

    def click(self, name: str, kind: type[QWidget] = QPushButton) -> None:
        self.qtbot.mouseClick(self.find(kind, name), LEFT)

    def sit_down(self, pseudonym: str = "R-07") -> None:
        self.qtbot.keyClicks(self.find(QLineEdit, "readerName"), pseudonym)
        self.click("startButton")
        self.qtbot.waitUntil(lambda: self.desk.session.reader is not None)

    def see_case(self) -> None:
        self.qtbot.waitUntil(lambda: self.window.is_case_shown)

    def draw(self) -> None:
        box, start, by = self.window.lightbox, QPoint(300, 150), QPoint(40, 40)
        self.qtbot.mousePress(box, LEFT, NONE, start)
        self.qtbot.mouseMove(box, start + by)
        self.qtbot.mouseRelease(box, LEFT, NONE, start + by)

    @property
    def case_id(self) -> str:
        opened = self.desk.session.open_reading
        return opened.case.id if opened else ""


def room_of(
    tmp_path: Path, qtbot: QtBot, n_cases: int = 3, source: SourceChoice = SIMULATED
) -> Iterator[Room]:
    darkroom, catalogue = Darkroom(tmp_path), FakeCatalogue()
    for number in range(1, n_cases + 1):
        case_id = f"case_{number}"
        catalogue.add(case_id, [darkroom.develop(an_image(name, case_id)) for name in FOUR_VIEWS])
    desk = a_desk(catalogue, source)
    calibration = CalibrationFlow(desk.session, desk.clock, asks=False)
    window = ReadWindow(
        desk.session,
        ImageLoader(darkroom.read),
        LightBox(desk.clock),
        lambda _: DISPLAY,
        calibration,
        lambda _: desk.screen,
    )
    qtbot.addWidget(window)
    window.resize(1280, 756)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    yield Room(window, desk, darkroom, qtbot)
    window.close()


@pytest.fixture
def empty_room(tmp_path: Path, qtbot: QtBot, dressed: QApplication) -> Iterator[Room]:
    yield from room_of(tmp_path, qtbot, n_cases=0)


@pytest.fixture
def silent_room(tmp_path: Path, qtbot: QtBot, dressed: QApplication) -> Iterator[Room]:
    yield from room_of(tmp_path, qtbot, source=SILENT)


@pytest.fixture
def room(tmp_path: Path, qtbot: QtBot, dressed: QApplication) -> Iterator[Room]:
    yield from room_of(tmp_path, qtbot)


@pytest.fixture
def long_room(tmp_path: Path, qtbot: QtBot, dressed: QApplication) -> Iterator[Room]:
    yield from room_of(tmp_path, qtbot, n_cases=4)


@pytest.fixture
def reading(room: Room) -> Room:
    room.sit_down()
    room.see_case()
    return room


def test_an_empty_store_says_how_to_bring_images_in(empty_room: Room) -> None:
    empty_room.qtbot.keyClicks(empty_room.find(QLineEdit, "readerName"), "R-07")
    assert not empty_room.find(QPushButton, "startButton").isEnabled()
    assert "gazeroom import" in empty_room.words("noCases")
    assert empty_room.find(QLabel, "noCases").isVisible()


def test_the_consent_names_the_kind_of_source_and_none_of_its_settings(qtbot: QtBot) -> None:
    page = ReaderPage(SourceChoice("replay:/home/r/R-07.sqlite", is_simulated=False))
    qtbot.addWidget(page)
    page.show_keys(own_bindings())
    assert "(source: replay)" in page.consent.words


def test_the_consent_says_what_is_stored_and_start_gives_it(room: Room) -> None:
    assert "stores where you look" in room.words("consent")
    assert "simulated" in room.words("consent")
    assert not room.find(QPushButton, "startButton").isEnabled()
    assert room.desk.catalogue.session_list == []
    room.sit_down()
    assert len(room.desk.catalogue.session_list) == 1


def test_without_a_source_the_page_and_the_light_say_so(silent_room: Room) -> None:
    assert "No gaze is recorded" in silent_room.words("consent")
    silent_room.sit_down()
    assert silent_room.words("gazeWord") == "gaze not recorded"
    assert silent_room.find(QLabel, "light").property("light") == "off"


def test_a_known_reader_is_picked_from_the_list(reading: Room) -> None:
    reading.click("endSession")
    readers = reading.find(QListWidget, "readerList")
    assert readers.isVisible()
    reading.find(QLineEdit, "readerName").clear()
    at = readers.visualItemRect(readers.item(0)).center()
    reading.qtbot.mouseClick(readers.viewport(), LEFT, NONE, at)
    assert reading.find(QLineEdit, "readerName").text() == "R-07"


def test_a_source_that_does_not_open_is_told_on_the_page(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise SourceError("No stream of gaze was found: start the tracker's LSL outlet.")

    monkeypatch.setattr(room.desk.session, "prepare", refuse)
    room.qtbot.keyClicks(room.find(QLineEdit, "readerName"), "R-07")
    room.click("startButton")
    room.qtbot.waitUntil(room.find(QLabel, "startProblem").isVisible)
    assert "start the tracker" in room.words("startProblem")
    assert room.find(QPushButton, "startButton").isEnabled()


def slow_source(room: Room, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The source opens when the event is set."""
    go_on, prepare = threading.Event(), room.desk.session.prepare

    def slowly(pseudonym: str, display: Display, consent: Consent) -> Sitting:
        go_on.wait(10)
        return prepare(pseudonym, display, consent)

    monkeypatch.setattr(room.desk.session, "prepare", slowly)
    return go_on


def test_a_start_that_takes_long_can_be_cancelled_and_its_recorder_is_stopped(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = slow_source(room, monkeypatch)
    room.qtbot.keyClicks(room.find(QLineEdit, "readerName"), "R-07")
    room.click("startButton")
    assert not room.find(QPushButton, "startButton").isEnabled()
    room.click("cancelStart")
    assert room.find(QPushButton, "startButton").isEnabled()
    go_on.set()
    room.qtbot.waitUntil(lambda: room.desk.recorder.turns == ["stop"])
    assert room.desk.session.reader is None


def test_closing_while_the_source_opens_stops_its_recorder(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = slow_source(room, monkeypatch)
    room.qtbot.keyClicks(room.find(QLineEdit, "readerName"), "R-07")
    room.click("startButton")
    threading.Timer(0.02, go_on.set).start()
    room.window.close()
    assert room.desk.recorder.turns == ["stop"]
    assert room.desk.session.reader is None


def test_the_first_unread_case_opens_and_the_worklist_shows_it(reading: Room) -> None:
    assert reading.case_id == "case_1"
    worklist = reading.find(QTableView, "worklist")
    assert [index.row() for index in worklist.selectionModel().selectedRows()] == [0]
    texts = [worklist.model().index(0, column).data() for column in range(4)]
    assert texts == ["001", "–", "new", ""]
    assert reading.words("readerLabel") == "Reader R-07"
    assert reading.desk.recorder.views()[-1].panels[0].image_id == "case_1 R CC"


def test_titles_that_may_tell_the_truth_are_nowhere_on_the_screen(reading: Room) -> None:
    assert all("title of" not in label.text() for label in reading.window.findChildren(QLabel))


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


def test_n_goes_on_and_back_and_a_draft_comes_back(reading: Room) -> None:
    reading.key(Qt.Key.Key_N, SHIFT)
    assert reading.case_id == "case_1", "there is nothing before the first"
    reading.key(Qt.Key.Key_R)
    reading.draw()
    reading.key(Qt.Key.Key_3, CTRL)
    reading.key(Qt.Key.Key_N)
    assert reading.case_id == "case_2"
    reading.key(Qt.Key.Key_N, SHIFT)
    assert reading.case_id == "case_1"
    assert reading.find(QPushButton, "birads3").isChecked()
    assert reading.find(QListWidget, "marks").count() == 1


def test_a_click_in_the_worklist_opens_a_case_and_enter_there_does_not_commit(reading: Room) -> None:
    worklist = reading.find(QTableView, "worklist")
    row = worklist.visualRect(worklist.model().index(2, 0)).center()
    reading.qtbot.mouseClick(worklist.viewport(), LEFT, NONE, row)
    assert reading.case_id == "case_3"
    reading.key(Qt.Key.Key_2, CTRL)
    worklist.setFocus()
    worklist.selectRow(0)
    reading.key(Qt.Key.Key_Return)
    assert reading.case_id == "case_1"
    assert all(r.state is not ReadingState.COMMITTED for r in reading.desk.catalogue.readings())


def test_a_click_on_the_open_case_leaves_it_open(reading: Room) -> None:
    worklist = reading.find(QTableView, "worklist")
    row = worklist.visualRect(worklist.model().index(0, 0)).center()
    reading.qtbot.mouseClick(worklist.viewport(), LEFT, NONE, row)
    assert len(reading.desk.catalogue.readings()) == 1
    assert QApplication.focusWidget() is reading.window.lightbox


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


def test_the_light_has_a_steady_word_and_no_number(reading: Room) -> None:
    look = reading.window._look_at_recorder
    assert reading.words("gazeWord") == "storing gaze – good"
    assert reading.find(QLabel, "light").property("light") == "storing"
    reading.desk.recorder.now = replace(reading.desk.recorder.now, validity=0.4)
    look()
    assert reading.words("gazeWord") == "storing gaze – poor"
    reading.desk.recorder.now = RecorderStatus(
        RecorderState.FAILED, message="The tracker was unplugged: plug it in.", is_stored=False
    )
    look()
    assert reading.words("gazeWord") == "gaze not stored: The tracker was unplugged: plug it in."
    assert reading.find(QLabel, "light").property("light") == "failed"


def test_simulated_gaze_is_marked_on_both_pages(room: Room) -> None:
    chips = [label for label in room.window.findChildren(QLabel) if label.text() == "Simulated source"]
    assert [chip.isVisible() for chip in chips].count(True) == 1
    room.sit_down()
    assert room.find(QLabel, "simulatedSource").isVisible()


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_the_operator_sees_numbers_in_a_window_of_their_own(reading: Room) -> None:
    panel = reading.find(QWidget, "operatorPanel")
    assert not panel.isVisible()
    reading.key(Qt.Key.Key_F9)
    assert panel.isVisible()
    assert panel.isWindow()
    assert reading.words("operatorSource") == "Simulated source"
    assert reading.words("operatorState") == "storing gaze"
    panel.close()
    assert not reading.window._actions["operator"].isChecked()


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


def test_ending_the_session_seals_it_and_asks_for_the_next_reader(reading: Room) -> None:
    reading.click("endSession")
    reading.qtbot.waitUntil(lambda: reading.desk.recorder.turns == ["stop"])
    assert reading.find(QWidget, "readerPage").isVisible()
    assert reading.desk.session.reader is None
    [reading_row] = reading.desk.catalogue.readings()
    assert reading_row.state is ReadingState.INTERRUPTED


def test_closing_the_window_seals_the_recording(reading: Room) -> None:
    reading.window.close()
    assert reading.desk.recorder.turns == ["stop"]
    reading.window.close()
    assert reading.desk.recorder.turns == ["stop"]


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


def state_of(room: Room, row: int) -> str:
    return str(room.find(QTableView, "worklist").model().index(row, 2).data())


def conclude(room: Room, loss: float = 0.03, longest_gap_s: float = 0.2) -> None:
    room.desk.recorder.loss, room.desk.recorder.longest_gap_s = loss, longest_gap_s
    room.key(Qt.Key.Key_1, CTRL)
    room.key(Qt.Key.Key_Return)


def test_a_case_with_too_little_gaze_is_told_quietly_and_offered_again(reading: Room) -> None:
    conclude(reading, loss=0.17)
    assert reading.case_id == "case_2"
    assert state_of(reading, 0) == "re-read: 17 % lost"
    assert reading.words("gazeNotice").startswith("Case 001: 17 % of the gaze was lost. It will be offered")
    assert reading.find(QLabel, "gazeNotice").isVisible()
    assert reading.words("doneLabel") == "0 of 3 read, 1 to read again"
    conclude(reading)
    assert not reading.find(QLabel, "gazeNotice").isVisible()
    conclude(reading, longest_gap_s=3.4)
    assert state_of(reading, 2) == "re-read: 3.4 s gap"
    assert reading.case_id == "case_1"
    assert reading.find(QListWidget, "marks").count() == 0
    conclude(reading)
    assert state_of(reading, 0) == "done"
    conclude(reading, loss=0.2)
    assert reading.case_id == ""
    assert reading.words("stageTitle") == "Every case was read once."
    assert reading.words("stageNext").startswith("1 lost too much gaze.")


def test_a_warning_is_told_but_the_case_is_done(reading: Room) -> None:
    conclude(reading, loss=0.11)
    assert state_of(reading, 0) == "done"
    assert reading.words("gazeNotice") == "Case 001: 11 % of the gaze was lost."
    worklist = reading.find(QTableView, "worklist").model()
    assert worklist.index(0, 3).data() == "11.0 %"
    colours = [worklist.index(row, 3).data(Qt.ItemDataRole.ForegroundRole) for row in (0, 1)]
    assert colours == [colour("warning"), None]


def test_a_changed_display_ends_the_recording_keeps_the_draft_and_says_so(reading: Room) -> None:
    reading.key(Qt.Key.Key_R)
    reading.draw()
    reading.desk.screen = replace(DISPLAY, width_px=1280, height_px=1024)
    reading.window._watch.look()
    assert reading.find(QWidget, "readerPage").isVisible()
    assert reading.words("startProblem").startswith(
        "The display changed: 1280 x 1024 px, it was 1920 x 1080 px."
    )
    [event] = reading.desk.recorder.events("display_changed")
    assert event.detail["was"]["width_px"] == 1920
    assert event.detail["is"]["width_px"] == 1280
    reading.qtbot.waitUntil(lambda: reading.desk.recorder.turns == ["pause", "stop"])
    [left] = reading.desk.catalogue.readings()
    assert left.state is ReadingState.INTERRUPTED
    assert len(reading.desk.catalogue.annotations(left.id)) == 1
    assert reading.find(QLabel, "startProblem").isVisible()
    reading.click("startButton")
    reading.qtbot.waitUntil(lambda: reading.desk.session.reader is not None)
    assert not reading.find(QLabel, "startProblem").isVisible()
    assert reading.find(QListWidget, "marks").count() == 1, "the draft is there again"


def test_a_display_that_changes_while_the_source_opens_stops_that(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = slow_source(room, monkeypatch)
    room.qtbot.keyClicks(room.find(QLineEdit, "readerName"), "R-07")
    room.click("startButton")
    room.desk.screen = replace(DISPLAY, scale=2.0)
    room.window._watch.look()
    assert room.words("startProblem").startswith("The display changed: scale 200 %, it was 100 %.")
    go_on.set()
    room.qtbot.waitUntil(lambda: room.desk.recorder.turns == ["stop"])
    assert room.desk.session.reader is None


def test_whoever_sits_there_sees_that_gaze_is_stored_on_every_page(reading: Room) -> None:
    light = reading.find(QWidget, "storageLight")
    assert not light.isVisible(), "the bar says it"
    reading.key(Qt.Key.Key_Question)
    assert light.isVisible()
    assert reading.words("storageWord") == "storing gaze"
    assert reading.window.rect().contains(light.geometry())
    reading.window.resize(1000, 700)
    assert reading.window.rect().contains(light.geometry())
    reading.key(Qt.Key.Key_Escape)
    assert not light.isVisible()


def test_the_light_stays_on_until_the_recording_is_sealed(
    reading: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(reading.desk.recorder, "stop", lambda: go_on.wait(10))
    reading.click("endSession")
    light = reading.find(QWidget, "storageLight")
    assert light.isVisible()
    assert reading.words("storageWord") == "sealing the recording"
    go_on.set()
    reading.qtbot.waitUntil(lambda: not light.isVisible())


def test_no_light_without_gaze(silent_room: Room) -> None:
    silent_room.sit_down()
    silent_room.key(Qt.Key.Key_Question)
    assert not silent_room.find(QWidget, "storageLight").isVisible()


def test_the_light_is_seen_in_another_room_too(reading: Room) -> None:
    main = MainWindow([("Read", reading.window), ("Learn", QWidget())])
    reading.qtbot.addWidget(main)
    main.show()
    reading.qtbot.waitExposed(main)
    light = main.findChild(QWidget, "storageLight")
    assert isinstance(light, QWidget)
    assert not light.isVisible()
    main.show_room(1)
    assert light.isVisible()
    assert main.rect().contains(light.geometry())
    main.show_room(0)
    assert not light.isVisible()
    main.close()
    assert reading.desk.recorder.turns == ["stop"]
    reading.window.setParent(None)


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


def test_a_case_is_found_by_its_number_and_no_key_of_the_search_means_anything_else(reading: Room) -> None:
    reading.key(Qt.Key.Key_4, CTRL)  # Enter would commit now
    reading.key(Qt.Key.Key_F, CTRL)
    search = reading.find(QLineEdit, "worklistSearch")
    assert QApplication.focusWidget() is search
    reading.qtbot.keyClicks(search, "new 3")
    assert reading.find(QTableView, "worklist").model().rowCount() == 1
    reading.key(Qt.Key.Key_Return)
    assert reading.case_id == "case_3"
    states = [entry.state for entry in reading.desk.catalogue.readings()]
    assert states == [ReadingState.INTERRUPTED, ReadingState.OPEN]
    assert QApplication.focusWidget() is reading.window.lightbox


def test_esc_clears_the_search_before_it_leaves_anything(reading: Room) -> None:
    reading.key(Qt.Key.Key_F, CTRL)
    search = reading.find(QLineEdit, "worklistSearch")
    reading.qtbot.keyClicks(search, "pxn")
    assert reading.case_id == "case_1"
    assert not reading.desk.session.is_paused
    reading.key(Qt.Key.Key_Escape)
    assert search.text() == ""
    assert reading.find(QTableView, "worklist").model().rowCount() == 3


def test_the_search_comes_with_the_hidden_panel(reading: Room) -> None:
    reading.key(Qt.Key.Key_F2)
    assert not reading.find(QLineEdit, "worklistSearch").isVisible()
    reading.key(Qt.Key.Key_F, CTRL)
    assert reading.find(QLineEdit, "worklistSearch").hasFocus()


def test_a_sitting_goes_on_with_the_case_left(reading: Room) -> None:
    reading.key(Qt.Key.Key_N)
    reading.qtbot.waitUntil(lambda: reading.case_id == "case_2")
    reading.click("endSession")
    reading.find(QLineEdit, "readerName").clear()
    reading.sit_down()
    reading.qtbot.waitUntil(lambda: reading.case_id == "case_2")


def test_a_case_that_rests_after_its_commit_does_not_open(room: Room) -> None:
    room.desk.catalogue.plan = ReadingPlan(n_readings=2, washout_days=28)
    room.sit_down()
    room.see_case()
    room.key(Qt.Key.Key_4, CTRL)
    room.key(Qt.Key.Key_Return)
    room.qtbot.waitUntil(lambda: room.case_id == "case_2")
    table = room.find(QTableView, "worklist")
    assert str(table.model().index(0, 2).data()).startswith("from 20")
    table.clicked.emit(table.model().index(0, 0))
    assert room.case_id == "case_2"
    assert "Case 001 is for a second reading" in room.words("gazeNotice")
    room.key(Qt.Key.Key_N, SHIFT)
    assert room.case_id == "case_2"
    for _ in range(2):
        room.key(Qt.Key.Key_4, CTRL)
        room.key(Qt.Key.Key_Return)
    assert room.case_id == ""
    due = room.desk.session.worklist[0].due_on
    assert (
        room.words("stageNext")
        == f"The next second reading is due on {due}. End the session and come back then."
    )


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


def test_while_the_source_opens_the_focus_is_on_cancel_and_then_back_on_the_name(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = slow_source(room, monkeypatch)
    room.qtbot.keyClicks(room.find(QLineEdit, "readerName"), "R-07")
    room.key(Qt.Key.Key_Return)
    assert room.find(QPushButton, "cancelStart").hasFocus()
    room.key(Qt.Key.Key_Space)
    assert room.find(QLineEdit, "readerName").hasFocus()
    go_on.set()
    room.qtbot.waitUntil(lambda: room.desk.recorder.turns == ["stop"])
