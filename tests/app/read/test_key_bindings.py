"""Keys as a reader wants them."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.read.actions import make_actions
from app.read.commands import COMMANDS
from app.read.key_bindings import KeysError, bound_commands
from app.read.keys_page import KeysPage


def written(folder: Path, words: str) -> Path:
    file = folder / "keys.toml"
    file.write_text(words, encoding="utf-8")
    return file


def test_without_a_file_the_keys_are_those_of_the_table(tmp_path: Path) -> None:
    assert bound_commands(tmp_path / "keys.toml") == COMMANDS


def test_the_keys_of_the_table_are_each_bound_once(tmp_path: Path) -> None:
    assert bound_commands(written(tmp_path, "[keys]\n")) == COMMANDS


def test_another_key_is_what_the_action_takes_and_the_page_shows(tmp_path: Path, qtbot: QtBot) -> None:
    commands = bound_commands(written(tmp_path, '[keys]\ninvert = ["Ctrl+I", "F5"]\nfit = ["I"]\n'))
    room, desk = QWidget(), QWidget()
    qtbot.addWidget(room)
    qtbot.addWidget(desk)
    actions = make_actions(room, desk, commands)
    assert [keys.toString() for keys in actions["invert"].shortcuts()] == ["Ctrl+I", "F5"]
    assert [keys.toString() for keys in actions["fit"].shortcuts()] == ["I"]
    page = KeysPage(commands)
    qtbot.addWidget(page)
    shown = [label.text() for label in page.findChildren(QLabel)]
    assert "Ctrl+I / F5" in shown


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("keys", "cannot be read as TOML"),
        ("", "a table"),
        ("[keys]\n[more]", "nothing else"),
        ('[keys]\nfly = ["F"]', "no command fly"),
        ('[keys]\ninvert = "I"', "invert is bound to no list"),
        ('[keys]\ninvert = ["NoSuchKey"]', "invert is bound to no list"),
        ("[keys]\ninvert = []", "invert is bound to no list"),
        ('[keys]\ninvert = ["M"]', "M is bound twice"),
        ('[keys]\ninvert = ["ctrl+3"]', r"Ctrl\+3 is bound twice"),
    ],
)
def test_what_binds_no_keys_is_told_in_a_sentence(tmp_path: Path, words: str, problem: str) -> None:
    with pytest.raises(KeysError, match=f"^keys.toml: .*{problem}.*mend or remove the file"):
        bound_commands(written(tmp_path, words))
