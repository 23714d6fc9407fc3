"""The options that every command spells the same, and how their words are read."""

from __future__ import annotations

import re
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
SourceOption = Annotated[str, typer.Option("--source", metavar="NAME", help="simulated, lsl or none.")]
RateOption = Annotated[
    float | None,
    typer.Option("--rate", metavar="HZ", help="Samples a second, where it can be chosen; else the most."),
]
DisplayOption = Annotated[
    str | None,
    typer.Option("--display", metavar="WxH[@WxHmm]", help="The screen under the tracker, in px and in mm."),
]
ChannelsOption = Annotated[
    Path | None,
    typer.Option(
        "--channels",
        metavar="FILE",
        help="What the channels of an LSL stream mean, where the stream does not say it.",
    ),
]

_DISPLAY = re.compile(r"(\d+)x(\d+)(?:@(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(?:mm)?)?")


def parse_display(words: str) -> Display:
    """`1920x1080@527x296mm` as a display; without millimetres 96 dots an inch are taken.

    Raises UserError where the words are not of that form.
    """
    match = _DISPLAY.fullmatch(words.strip())
    if match is None:
        raise UserError(f"--display {words}: write it as WIDTHxHEIGHT or 1920x1080@527x296mm.")
    width_px, height_px = int(match[1]), int(match[2])
    width_mm = float(match[3]) if match[3] else width_px * MM_PER_PX_AT_96_DPI
    height_mm = float(match[4]) if match[4] else height_px * MM_PER_PX_AT_96_DPI
    return Display(width_px, height_px, width_mm, height_mm)
