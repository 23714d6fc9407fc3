"""Colours that can be told apart, a style sheet without colours of its own, icons and fonts that ship."""

import re
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics
from PySide6.QtWidgets import QApplication

import app
from app import assets, theme
from app.read.commands import COMMANDS

LEAST_CONTRAST = 4.5


def luminance(name: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    colour = QColor(theme.COLOURS[name])
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("words", "ground"),
    [
        *product(
            ["text", "muted", "accent", "warning", "good", "left_eye", "right_eye"],
            ["background", "panel", "raised", "pane"],
        ),
        ("accent_bright", "accent_dim"),
        ("text", "accent_dim"),
        ("on_accent", "accent"),
    ],
)
def test_words_can_be_read_on_their_ground(words: str, ground: str) -> None:
    assert contrast(words, ground) >= LEAST_CONTRAST


def test_the_style_sheet_names_colours_and_has_none_of_its_own() -> None:
    template = assets.path("gazeroom.qss").read_text(encoding="utf-8")
    rules = re.sub(r"/\*.*?\*/", "", template, flags=re.DOTALL)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?=\s*[;,)])|rgba?\(|: *(white|black|red|gray)\b", rules)
    assert "$" not in theme.style_sheet()


def test_no_screen_has_a_colour_outside_the_theme() -> None:
    package = Path(app.__file__).parent
    for path in [
        path for folder in (".", "calibrate", "learn", "read") for path in (package / folder).glob("*.py")
    ]:
        if path.name != "theme.py":
            assert not re.search(r"[\"']#[0-9a-fA-F]{6}[\"']", path.read_text(encoding="utf-8")), path


def test_the_font_is_ours_and_its_figures_are_all_as_wide(dressed: QApplication) -> None:
    font = theme.font()
    assert QFontInfo(font).family() == theme.FONT_FAMILY
    metrics = QFontMetrics(font)
    assert len({metrics.horizontalAdvance(figure * 10) for figure in "0123456789"}) == 1
    assert QFontInfo(theme.font(weight=QFont.Weight.DemiBold)).weight() == QFont.Weight.DemiBold


def test_the_licence_of_the_font_ships_with_it() -> None:
    assert "SIL Open Font License" in assets.path("fonts", "OFL.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [command.icon for command in COMMANDS if command.icon])
def test_every_icon_is_drawn(name: str, dressed: QApplication) -> None:
    pixmap = theme.icon(name).pixmap(20, 20)
    image = pixmap.toImage()
    drawn = sum(
        image.pixelColor(x, y).alpha() > 0 for x in range(image.width()) for y in range(image.height())
    )
    assert drawn > 10
