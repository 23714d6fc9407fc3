"""The options that every command spells the same, and how their words are read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from acquisition.domain import Display
from acquisition.errors import UserError

DEFAULT_STORE = str(platformdirs.user_data_path("gazeroom", appauthor=False) / "store")
MM_PER_PX_AT_96_DPI = 25.4 / 96

StoreOption = Annotated[
    str, typer.Option("--store", metavar="URL_OR_DIR", help="The store: a folder, or a database URL.")
]
RecordingsOption = Annotated[
    Path | None,
    typer.Option("--recordings", metavar="DIR", help="With a database URL: the folder of the recordings."),
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="NAME[:WHICH]",
        help="tobii, lsl, simulated, replay or none; behind a colon which one, as `gazeroom sources` says.",
    ),
]
RateOption = Annotated[
    float | None,
    typer.Option("--rate", metavar="HZ", help="Samples a second, where it can be chosen; else the most."),
]
DisplayOption = Annotated[
    str | None,
    typer.Option(
        "--display",
        metavar="WxH[@WxHmm][@DISTANCEmm]",
        help="The screen under the tracker in px and in mm, and its distance from the eyes.",
    ),
]
ChannelsOption = Annotated[
    Path | None,
    typer.Option(
        "--channels",
        metavar="FILE",
        help="What the channels of an LSL stream mean, where the stream does not say it.",
    ),
]
LslOutOption = Annotated[
    bool, typer.Option("--lsl-out", help="Send gaze and markers over LSL as well, while they are recorded.")
]

_NUMBER = r"(\d+(?:\.\d+)?)"
_DISPLAY = re.compile(rf"(\d+)x(\d+)(?:@{_NUMBER}x{_NUMBER}(?:mm)?)?(?:@{_NUMBER}mm)?")
DISTANCES_MM = (200.0, 2000.0)
"""From which a screen is read."""


def parse_display(words: str) -> Display:
    """`1920x1080@527x296mm@650mm` as a display and the distance that it is read from.

    Without millimetres 96 dots an inch are taken, without a distance 650 mm.

    Raises:
        UserError: the words are not of that form, or of no screen.
    """
    match = _DISPLAY.fullmatch(words.strip())
    if match is None:
        raise UserError(f"--display {words}: write it as WIDTHxHEIGHT or 1920x1080@527x296mm@650mm.")
    width_px, height_px = int(match[1]), int(match[2])
    width_mm = float(match[3] or width_px * MM_PER_PX_AT_96_DPI)
    height_mm = float(match[4] or height_px * MM_PER_PX_AT_96_DPI)
    if min(width_px, height_px, width_mm, height_mm) <= 0:
        raise UserError(f"--display {words}: a screen has a width and a height.")
    display = Display(width_px, height_px, width_mm, height_mm)
    if match[5] is None:
        return display
    least, most = DISTANCES_MM
    if not least <= float(match[5]) <= most:
        raise UserError(f"--display {words}: a screen is read from {least:g} to {most:g} mm away.")
    return replace(display, distance_mm=float(match[5]))
