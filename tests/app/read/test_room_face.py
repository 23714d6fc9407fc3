"""The face of the Read room: focus that is seen, Tab in reading order, words that fit."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from faces import against_reading_order, clipped, focus_chain, hands_off, settle, weak_focus
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QScrollArea, QToolButton, QWidget
from pytestqt.qtbot import QtBot
from reading_fakes import FOUR_VIEWS, an_image
from small_room import SmallRoom, small_room

from acquisition.domain import MarkKind
from app.read.keeping import Kept
from app.read.light import Light
from app.texts import Text

SIZES = {"1280x800": (1280, 756), "1920x1080 at 150 %": (1280, 676), "1920x1080": (1920, 1036)}
"""What a header leaves of the screen, in px of the desktop."""
LEAST_PX = (960, 616)
"""What it leaves of the smallest window."""


@pytest.fixture
def room(tmp_path: Path, qtbot: QtBot, dressed: QApplication) -> Iterator[SmallRoom]:
    with small_room(tmp_path, qtbot, [an_image(name) for name in FOUR_VIEWS]) as room:
        hands_off(room.window)
        yield room


def read(room: SmallRoom) -> None:
    """A case as it opens."""


def mark(room: SmallRoom) -> None:
    """Two marks, the second one chosen: as many questions as a finding has."""
    for x in (300, 600):
        room.window.lightbox.take_tool(MarkKind.ELLIPSE)
        QTest.mousePress(room.window.lightbox, Qt.MouseButton.LeftButton, pos=QPoint(x, 150))
        QTest.mouseMove(room.window.lightbox, QPoint(x + 50, 190))
        QTest.mouseRelease(room.window.lightbox, Qt.MouseButton.LeftButton, pos=QPoint(x + 50, 190))


def fail_to_commit(room: SmallRoom) -> None:
    mark(room)
    room.window._actions["commit"].trigger()


def pause(room: SmallRoom) -> None:
    room.window._actions["pause"].trigger()


def ask_for_keys(room: SmallRoom) -> None:
    room.window._actions["keys"].trigger()


def ask_for_a_taken_key(room: SmallRoom) -> None:
    ask_for_keys(room)
    cap = room.window.findChild(QPushButton, "key_invert")
    assert isinstance(cap, QPushButton)
    QTest.mouseClick(cap, Qt.MouseButton.LeftButton)
    QTest.keyClick(cap, Qt.Key.Key_M)


def ask_for_screens(room: SmallRoom) -> None:
    room.window._actions["screens"].trigger()


def find_nothing(room: SmallRoom) -> None:
    search = room.window.findChild(QLineEdit, "worklistSearch")
    assert isinstance(search, QLineEdit)
    search.setText("nothing like this")


def get_up(room: SmallRoom) -> None:
    room.window._side.worklist.end_asked.emit()


def fail_to_start(room: SmallRoom) -> None:
    get_up(room)
    room.window._reader_page.show_problem("No stream of gaze was found: start the tracker's LSL outlet.")


def wait_for_the_source(room: SmallRoom) -> None:
    get_up(room)
    room.window._reader_page.show_busy(True)


SCREENS = (
    read,
    mark,
    fail_to_commit,
    pause,
    ask_for_keys,
    ask_for_a_taken_key,
    ask_for_screens,
    find_nothing,
    get_up,
    fail_to_start,
    wait_for_the_source,
)
every_screen = pytest.mark.parametrize("go_to", SCREENS, ids=lambda go_to: go_to.__name__)


@every_screen
def test_the_focus_is_seen_wherever_tab_goes(room: SmallRoom, go_to: Callable[[SmallRoom], None]) -> None:
    go_to(room)
    settle()
    assert weak_focus(room.window) == []


@every_screen
def test_tab_goes_in_reading_order(room: SmallRoom, go_to: Callable[[SmallRoom], None]) -> None:
    go_to(room)
    settle()
    chain = focus_chain(room.window)
    for area in room.window.findChildren(QScrollArea):
        area.verticalScrollBar().setValue(0)
    regions = (room.window.lightbox.parentWidget(), room.window._side, room.window._bar)
    parts = [[w for w in chain if region is not None and region.isAncestorOf(w)] for region in regions]
    if any(parts):
        assert [widget for part in parts for widget in part] == from_first(chain, parts)
    for part in parts if any(parts) else [from_top(chain, room.window)]:
        assert against_reading_order(part, room.window) == []


def from_first(chain: list[QWidget], parts: list[list[QWidget]]) -> list[QWidget]:
    """The chain, which is a circle, from the first part on."""
    first = next(part[0] for part in parts if part)
    start = chain.index(first)
    return chain[start:] + chain[:start]


def from_top(chain: list[QWidget], window: QWidget) -> list[QWidget]:
    start = min(range(len(chain)), key=lambda i: chain[i].mapTo(window, QPoint(0, 0)).toTuple()[::-1])
    return chain[start:] + chain[:start]


@every_screen
@pytest.mark.parametrize("size_px", SIZES.values(), ids=SIZES)
def test_nothing_is_clipped(
    room: SmallRoom, go_to: Callable[[SmallRoom], None], size_px: tuple[int, int]
) -> None:
    room.window.resize(*size_px)
    go_to(room)
    settle()
    assert clipped(room.window) == []


@pytest.mark.parametrize("size_px", SIZES.values(), ids=SIZES)
def test_nothing_is_clipped_one_moment_after_a_mark(room: SmallRoom, size_px: tuple[int, int]) -> None:
    """No event passes between the hand that lets go, or the store that has it, and the look."""
    room.window.resize(*size_px)
    settle()
    findings = room.window._side.findings
    mark(room)
    assert clipped(room.window) == []
    for kept in (Kept(n_waiting=1), Kept(), Kept(n_waiting=1, problem="The disk is full: free some space.")):
        findings.show_kept(kept)
        assert clipped(room.window) == []


def test_an_image_that_is_read_has_no_frame(room: SmallRoom) -> None:
    assert QApplication.focusWidget() is room.window.lightbox
    assert room.window.findChildren(QWidget, "focusRing") == []
    assert isinstance(room.window.findChild(QLabel, "readerLabel"), QLabel)


def test_in_a_narrow_window_the_last_tools_are_behind_a_button_and_all_questions_can_be_scrolled_to(
    room: SmallRoom,
) -> None:
    room.window.resize(*LEAST_PX)
    mark(room)
    settle()
    assert room.window.size().toTuple() == LEAST_PX
    assert clipped(room.window) == []
    more = room.window.findChild(QToolButton, "qt_toolbar_ext_button")
    assert isinstance(more, QToolButton)
    assert more.isVisible()
    assert weak_focus(room.window) == []


def test_the_reason_of_a_failure_does_not_widen_the_window(room: SmallRoom) -> None:
    reason = "the disk is full and nothing more can be stored there until somebody makes room " * 3
    room.window._bar.show_light(Light(Text.RECORDING_FAILED, dot="failed", tone="failed"), reason)
    word = room.window.findChild(QLabel, "gazeWord")
    assert isinstance(word, QLabel)
    assert reason in word.toolTip()
    assert word.text().endswith("…")
    assert room.window.minimumSizeHint().width() <= 960
