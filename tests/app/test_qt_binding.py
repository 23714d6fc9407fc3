"""The binding to Qt keeps its books: see docs/decisions/0004."""

import sys

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

N_CALLS = 1000


def test_calls_that_return_nothing_do_not_use_up_none(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(N_CALLS):
        widget.update()
    assert sys.getrefcount(None) > before - N_CALLS / 2
