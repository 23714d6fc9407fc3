"""The Read room over fakes, at several moments."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from read_room import Room, room_of
from reading_fakes import SILENT


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
