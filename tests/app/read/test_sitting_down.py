"""How a reader sits down and gets up again, in the Read room over fakes."""

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from read_room import LEFT, NONE, Room
from reading_fakes import DISPLAY

from acquisition.domain import Display, ReadingState
from acquisition.errors import SourceError
from app.read.consent import Consent
from app.read.key_bindings import own_bindings
from app.read.reader_page import ReaderPage
from app.read.sitting import Sitting, SourceChoice


def slow_source(room: Room, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The source opens when the event is set."""
    go_on, prepare = threading.Event(), room.desk.session.prepare

    def slowly(pseudonym: str, display: Display, consent: Consent) -> Sitting:
        go_on.wait(10)
        return prepare(pseudonym, display, consent)

    monkeypatch.setattr(room.desk.session, "prepare", slowly)
    return go_on


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
    room.press_start()
    room.qtbot.waitUntil(room.find(QLabel, "startProblem").isVisible)
    assert "start the tracker" in room.words("startProblem")
    assert room.find(QPushButton, "startButton").isEnabled()


def test_a_start_that_takes_long_can_be_cancelled_and_its_recorder_is_stopped(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = slow_source(room, monkeypatch)
    room.press_start()
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
    room.press_start()
    threading.Timer(0.02, go_on.set).start()
    room.window.close()
    assert room.desk.recorder.turns == ["stop"]
    assert room.desk.session.reader is None


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


def test_a_display_that_changes_while_the_source_opens_stops_that(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = slow_source(room, monkeypatch)
    room.press_start()
    room.desk.screen = replace(DISPLAY, scale=2.0)
    room.window._watch.look()
    assert room.words("startProblem").startswith("The display changed: scale 200 %, it was 100 %.")
    go_on.set()
    room.qtbot.waitUntil(lambda: room.desk.recorder.turns == ["stop"])
    assert room.desk.session.reader is None


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
