"""The screen that is read from, and that it stays the same."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from acquisition.domain import Display
from app.read.display_watch import DisplayWatch, change_sentence, differences, screen_display

SCREEN = Display(2560, 2048, 527.0, 422.0, 650.0, 1.0, "DP-1")
CHANGES = [
    ({"name": "HDMI-2"}, "the window is on HDMI-2, it was on DP-1"),
    ({"name": ""}, "the window is on Display, it was on DP-1"),
    ({"width_px": 1280, "height_px": 1024}, "1280 x 1024 px, it was 2560 x 2048 px"),
    ({"width_mm": 400.0, "height_mm": 300.0}, "400 x 300 mm, it was 527 x 422 mm"),
    ({"scale": 1.5}, "scale 150 %, it was 100 %"),
]


@pytest.mark.parametrize(("change", "clause"), CHANGES)
def test_every_change_is_named(change: dict[str, object], clause: str) -> None:
    now = replace(SCREEN, **change)  # type: ignore[arg-type]
    assert differences(SCREEN, now) == [clause]
    sentence = change_sentence(SCREEN, now)
    assert sentence.startswith(f"The display changed: {clause}. ")
    assert sentence.endswith("Then start again, and calibrate.")


@given(st.sets(st.sampled_from(range(len(CHANGES))), max_size=5), st.floats(300, 900))
def test_changes_are_all_told_and_the_distance_is_none(chosen: set[int], distance_mm: float) -> None:
    change = {key: value for i in sorted(chosen) for key, value in CHANGES[i][0].items()}
    now = replace(SCREEN, distance_mm=distance_mm, **change)  # type: ignore[arg-type]
    assert len(differences(SCREEN, now)) == len({frozenset(CHANGES[i][0]) for i in chosen})
    assert bool(change_sentence(SCREEN, now)) == bool(chosen)


class Desk:
    """A widget on a screen that a test may change."""

    def __init__(self, qtbot: QtBot) -> None:
        self.widget = QWidget()
        qtbot.addWidget(self.widget)
        self.widget.show()
        qtbot.waitExposed(self.widget)
        self.screen = SCREEN
        self.watch = DisplayWatch(self.widget, lambda _: self.screen)
        self.heard: list[tuple[Display, Display]] = []
        self.watch.changed.connect(lambda was, now: self.heard.append((was, now)))


def test_a_change_is_told_once_when_qt_says_that_something_happened(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    screen, application = desk.widget.screen(), QGuiApplication.instance()
    assert isinstance(application, QGuiApplication)
    desk.watch.start()
    screen.geometryChanged.emit(screen.geometry())
    assert desk.heard == [], "nothing is another"
    desk.screen = replace(SCREEN, scale=2.0)
    screen.logicalDotsPerInchChanged.emit(192.0)
    screen.geometryChanged.emit(screen.geometry())
    assert desk.heard == [(SCREEN, desk.screen)]


def test_a_window_on_another_screen_and_a_screen_taken_away_are_noticed(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    application = QGuiApplication.instance()
    assert isinstance(application, QGuiApplication)
    for signal in (desk.widget.windowHandle().screenChanged, application.screenRemoved):
        desk.screen = SCREEN
        desk.watch.start()
        desk.screen = replace(SCREEN, name="HDMI-2")
        signal.emit(desk.widget.screen())
    assert [now.name for _, now in desk.heard] == ["HDMI-2", "HDMI-2"]


def test_nobody_is_told_once_the_watch_is_over(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.watch.start()
    desk.watch.stop()
    desk.screen = replace(SCREEN, scale=2.0)
    desk.watch.look()
    assert desk.heard == []


def test_the_screen_of_a_widget_has_size_scale_and_name(qtbot: QtBot, dressed: QApplication) -> None:
    desk = Desk(qtbot)
    found, screen = screen_display(desk.widget), desk.widget.screen()
    assert found.scale == screen.devicePixelRatio()
    assert found.name == screen.name()
    assert found.width_px == round(screen.size().width() * found.scale)
    assert min(found.width_mm, found.height_mm) > 0
