"""The one catalogue of texts."""

import string

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication

from app.texts import CONTEXT, Text, say


class Mirror(QTranslator):
    """Translates every text of ours into capitals, and leaves the names of values alone."""

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, source_text: str, *_: object) -> str:
        if context != CONTEXT:
            return ""
        parts = string.Formatter().parse(source_text)
        return "".join(
            literal.upper() + (f"{{{name}:{spec}}}" if name else "") for literal, name, spec, _ in parts
        )


@pytest.mark.parametrize("text", list(Text))
def test_every_text_takes_its_values(text: Text) -> None:
    names = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    values = dict.fromkeys(names, 7.0)
    assert "{" not in say(text, **values)


def test_a_translation_is_used_from_when_it_is_installed(qapp: QApplication) -> None:
    mirror = Mirror()
    QCoreApplication.installTranslator(mirror)
    try:
        assert say(Text.DONE_OF, done=1, total=2) == "1 OF 2 READ"
    finally:
        QCoreApplication.removeTranslator(mirror)
    assert say(Text.DONE_OF, done=1, total=2) == "1 of 2 read"
