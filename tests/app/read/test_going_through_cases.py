"""The way through the worklist, in the Read room over fakes."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QPushButton, QTableView
from read_room import CTRL, LEFT, NONE, SHIFT, Room

from acquisition.domain import ReadingState
from acquisition.reading_plan import ReadingPlan


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
