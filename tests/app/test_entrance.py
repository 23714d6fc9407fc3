"""The window that is there before the store is: who reads is asked, and what is answered is not lost."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from films import write_films
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListWidget, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from acquisition.clock import RealClock
from acquisition.errors import StoreError, UserError
from acquisition.interchange.importing import import_paths
from acquisition.store import open_store
from app.choices import StorePlace, Tracker
from app.entrance import Entrance
from app.read.desktop import attached
from app.read.key_bindings import own_bindings
from app.read.screens import Part, Place, Remembered, save
from app.read.sitting import SourceChoice
from app.read.window import ReadWindow
from app.texts import Text, say
from app.workstation import build_workstation

Found = TypeVar("Found", bound=QWidget)
SILENT = SourceChoice("none", is_simulated=False)


@pytest.fixture
def entrance(qtbot: QtBot, dressed: QApplication, tmp_path: Path) -> Iterator[Entrance]:
    entrance = Entrance(SILENT)
    entrance.show(StorePlace(str(tmp_path / "store")))
    qtbot.waitExposed(entrance.window)
    yield entrance
    entrance.window.close()
    entrance.window.deleteLater()


def find(entrance: Entrance, kind: type[Found], name: str) -> Found:
    part = entrance.window.findChild(kind, name)
    assert isinstance(part, kind)
    return part


def listed(entrance: Entrance) -> list[str]:
    people = find(entrance, QListWidget, "readerList")
    return [people.item(row).text() for row in range(people.count())]


def start(entrance: Entrance, pseudonym: str = "R-07") -> None:
    """As somebody does who does not look at the list."""
    name = find(entrance, QLineEdit, "readerName")
    QTest.keyClicks(name, pseudonym)
    QTest.keyClick(name, Qt.Key.Key_Return)


def waits(entrance: Entrance) -> bool:
    return find(entrance, QPushButton, "startButton").text() == say(Text.OPENING_STORE)


def test_it_asks_who_reads_before_it_knows_anybody(entrance: Entrance) -> None:
    assert find(entrance, QWidget, "readerPage").isVisible()
    assert find(entrance, QLabel, "openingStore").isVisible()
    assert not find(entrance, QLabel, "noCases").isVisible(), "nobody knows yet"
    assert not find(entrance, QPushButton, "screensLink").isVisible(), "it would lead nowhere"


def test_the_readers_come_when_they_are_known_and_a_name_that_was_begun_stays(entrance: Entrance) -> None:
    QTest.keyClicks(find(entrance, QLineEdit, "readerName"), "R-")
    entrance.page.show_readers(["R-01", "R-02"], has_cases=True)
    assert listed(entrance) == ["R-01", "R-02"]
    assert not find(entrance, QLabel, "openingStore").isVisible()
    assert find(entrance, QLineEdit, "readerName").text() == "R-"


def test_who_starts_at_once_reads_when_the_rooms_are_there(
    qtbot: QtBot, entrance: Entrance, tmp_path: Path
) -> None:
    write_films(tmp_path / "films", ["one"])
    start(entrance)
    assert waits(entrance)
    with open_store(tmp_path / "store") as store:
        import_paths([tmp_path / "films"], store.catalogue, case_by="folder")
        place = StorePlace(str(tmp_path / "store"))
        window = build_workstation(store, place, Tracker("none"), RealClock(), entrance=entrance)
        assert window is entrance.window
        room = find(entrance, ReadWindow, "readRoom")
        qtbot.waitUntil(lambda: room.session.reader is not None, timeout=30_000)
        assert room.session.reader is not None
        assert room.session.reader.pseudonym == "R-07"
        assert room.session.open_reading is not None, "and is before a case"
        window.close()


def test_typing_goes_on_when_the_rooms_come(entrance: Entrance, tmp_path: Path) -> None:
    entrance.window.activateWindow()
    name = find(entrance, QLineEdit, "readerName")
    QTest.keyClicks(name, "R-7")
    name.setCursorPosition(2)
    with open_store(tmp_path / "store") as store:
        build_workstation(
            store, StorePlace(str(tmp_path / "store")), Tracker("none"), RealClock(), entrance=entrance
        )
        assert QApplication.focusWidget() is name
        QTest.keyClicks(name, "0")
        assert name.text() == "R-07"
        assert find(entrance, QPushButton, "screensLink").isVisible()
        entrance.window.close()


def test_a_start_that_was_held_is_not_carried_out_where_there_is_nothing_to_read(
    entrance: Entrance, qtbot: QtBot
) -> None:
    start(entrance)
    with qtbot.assertNotEmitted(entrance.page.started):
        entrance.page.show_readers([], has_cases=False)
        entrance.page.let_in()
    assert find(entrance, QLabel, "noCases").isVisible()
    assert find(entrance, QLineEdit, "readerName").text() == "R-07"
    assert find(entrance, QLineEdit, "readerName").isEnabled()


def test_a_start_that_was_held_is_not_carried_out_with_other_words_than_were_read(
    qtbot: QtBot, dressed: QApplication
) -> None:
    tracked = Entrance(SourceChoice("simulated", is_simulated=True))
    qtbot.addWidget(tracked.window)
    page = tracked.page
    name = page.findChild(QLineEdit, "readerName")
    assert isinstance(name, QLineEdit)
    QTest.keyClicks(name, "R-07")
    QTest.keyClick(name, Qt.Key.Key_Return)
    page.show_keys(own_bindings().bind("pause", "P", "F5"))
    with qtbot.assertNotEmitted(page.started):
        page.let_in()
    problem = page.findChild(QLabel, "startProblem")
    assert isinstance(problem, QLabel)
    assert problem.text() == say(Text.CONSENT_CHANGED)
    with qtbot.waitSignal(page.started) as begun:
        QTest.keyClick(name, Qt.Key.Key_Return)
    assert begun.args is not None
    assert "F5" in begun.args[1].words


def test_a_start_that_was_held_can_be_taken_back(entrance: Entrance, qtbot: QtBot) -> None:
    start(entrance)
    QTest.mouseClick(find(entrance, QPushButton, "cancelStart"), Qt.MouseButton.LeftButton)
    assert not waits(entrance)
    with qtbot.assertNotEmitted(entrance.page.started):
        entrance.page.let_in()


def test_the_other_room_says_that_it_comes(entrance: Entrance) -> None:
    QTest.mouseClick(find(entrance, QPushButton, "room1"), Qt.MouseButton.LeftButton)
    shown = [words.text() for words in entrance.window.findChildren(QLabel) if words.isVisible()]
    assert say(Text.OPENING_STORE) in shown
    entrance.lead_to([QWidget(), QLabel("Learn")])
    shown = [words.text() for words in entrance.window.findChildren(QLabel) if words.isVisible()]
    assert "Learn" in shown, "whoever went there stays there"


def test_it_answers_while_the_work_is_done_elsewhere(entrance: Entrance) -> None:
    answered = threading.Event()
    QTimer.singleShot(0, answered.set)

    def work() -> tuple[bool, int]:
        return answered.wait(30), threading.get_ident()

    has_answered, thread = entrance.wait_for(work)
    assert has_answered
    assert thread != threading.get_ident()


def test_what_goes_wrong_behind_it_is_raised(entrance: Entrance) -> None:
    def work() -> None:
        raise UserError("The store is of a newer version.")

    with pytest.raises(UserError, match="newer version"):
        entrance.wait_for(work)


def test_it_may_be_closed_meanwhile(entrance: Entrance) -> None:
    QTimer.singleShot(0, entrance.window.close)
    assert entrance.wait_for(lambda: 7) == 7
    assert entrance.is_left


def test_nothing_changes_under_a_finger_that_is_down(entrance: Entrance) -> None:
    button = find(entrance, QPushButton, "startButton")
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    is_up: list[bool] = []

    def let_go() -> None:
        is_up.append(True)
        QTest.mouseRelease(button, Qt.MouseButton.LeftButton)

    entrance.wait_for(lambda: QTimer.singleShot(0, entrance.window, let_go))
    assert is_up == [True]


def test_it_says_why_it_goes_no_further(entrance: Entrance) -> None:
    try:
        raise StoreError("The disk is full: free some space.") from OSError(28, "No space left on device")
    except StoreError as error:
        entrance.refuse(error)
    assert find(entrance, QLabel, "refusal").text() == "The disk is full: free some space."
    assert find(entrance, QPushButton, "refusalAsk").isVisible(), "details"
    assert not find(entrance, QPushButton, "room1").isVisible()
    close = find(entrance, QPushButton, "refusalClose")
    assert QApplication.focusWidget() is close
    QTest.keyClick(close, Qt.Key.Key_Space)
    assert entrance.is_left


def test_it_stands_where_it_stood_last(qtbot: QtBot, dressed: QApplication, tmp_path: Path) -> None:
    (screen,) = attached()
    save(
        tmp_path / "screens.json",
        (Remembered(frozenset([screen.key]), {Part.IMAGES: Place(screen.key, (0, 30, 960, 700))}),),
    )
    entrance = Entrance(SILENT)
    qtbot.addWidget(entrance.window)
    entrance.show(StorePlace("postgresql://somewhere/gazeroom", tmp_path / "recordings"))
    assert entrance.is_placed
    assert entrance.window.geometry().getRect() == (0, 30, 960, 700)


def test_a_store_that_names_its_files_when_it_is_open_has_no_place_yet(
    qtbot: QtBot, dressed: QApplication
) -> None:
    entrance = Entrance(SILENT)
    qtbot.addWidget(entrance.window)
    entrance.show(StorePlace("sqlite:////somewhere/catalogue.sqlite"))
    assert not entrance.is_placed
    assert entrance.window.isVisible()
