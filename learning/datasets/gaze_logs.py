"""Gaze as a list of points of an image: MicEye's logs, and the JSON files that McGIP made of them.

**MicEye** writes one log a sitting, `<volunteer><year>-<month>-<day>-<hour>-<minute>.csv`, a line an image
without a header: `image;class;[[x, y], ...];[boxes];(x, y)`. Points are px of the image as it was shown,
with (0, 0) at its top left; a look beside the image was moved to its rim. Source: MicEye,
https://github.com/JamesQFreeman/MicEye, docs/docs/data_collection.md. How high images are shown is a
setting, "image height": 800 in the `config.json` that comes with it (its page has an example with 900).
A log does not tell it.

**McGIP** keeps one file an image: {"gaze": [[x, y], ...], "img": name, "case": ..., "gt": ...}, on a canvas
of 800 px. Source: Zhao et al. 2024, https://github.com/zhaozh10/McGIP, downstream/utils/gazeUtils.py.

Neither has times. Points are taken to be evenly spaced, 60 to a second: schemes that ask only for order or
share of time do not depend on it; durations in seconds (multimatch) are of that clock.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import numpy as np

from acquisition.errors import FileRefused
from learning.datasets.found import is_point
from learning.datasets.gaze import FloatArray, FoundGaze

MICEYE_SOURCE = "https://github.com/JamesQFreeman/MicEye (docs/docs/data_collection.md)"
MCGIP_SOURCE = "https://github.com/zhaozh10/McGIP (downstream/utils/gazeUtils.py)"
MICEYE_HEIGHT_PX = 800.0
MCGIP_HEIGHT_PX = 800.0
CLOCK_HZ = 60.0
LONGEST_TOLD = 40

_SITTING = re.compile(r"(.*?)\d{4}-\d{1,2}-\d{1,2}-\d{1,2}-\d{1,2}")


def read_miceye(folder: Path) -> list[FoundGaze]:
    """Every line of every log in a folder; images that were not looked at are left out."""
    readings = []
    for path in files_of(folder, "*.csv", "MicEye log"):
        sitting = _SITTING.fullmatch(path.stem)
        reader = sitting[1] if sitting else path.stem
        for number, line in enumerate(_text(path).splitlines(), start=1):
            if not line.strip():
                continue
            fields = line.split(";")
            if len(fields) < 3:
                raise FileRefused(f"{path}, line {number}: is no line of MicEye (image;class;[[x, y], ...]).")
            points = _points(_literal(fields[2], path, number), f"{path}, line {number}")
            if len(points):
                readings.append(FoundGaze(fields[0], reader, on_clock(points), MICEYE_HEIGHT_PX))
    return readings


def read_mcgip(folder: Path) -> list[FoundGaze]:
    """Every JSON file of a folder; one reader, since the files name none."""
    readings = []
    for path in files_of(folder, "*.json", "McGIP gaze"):
        try:
            document = json.loads(_text(path))
            image, points = str(document["img"]), document["gaze"]
        except (ValueError, TypeError, KeyError) as error:
            raise FileRefused(f"{path}: is no gaze of McGIP, which has the keys gaze and img.") from error
        xy = _points(points, str(path))
        if len(xy):
            readings.append(FoundGaze(image, "reader", on_clock(xy), MCGIP_HEIGHT_PX))
    return readings


def files_of(folder: Path, pattern: str, what: str) -> list[Path]:
    """The files of a folder and those below it. Raises `FileRefused` where there is none."""
    paths = sorted(folder.rglob(pattern))
    if not paths:
        raise FileRefused(f"{folder}: holds no {what} ({pattern}); check the folder.")
    return paths


def on_clock(xy: FloatArray) -> FloatArray:
    """(n, 3) points, evenly spaced in time."""
    return np.column_stack([xy, np.arange(len(xy)) / CLOCK_HZ])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FileRefused(f"{path}: cannot be read as text; check the folder.") from error


def _literal(text: str, path: Path, line: int) -> object:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise FileRefused(f"{path}, line {line}: its points are no list [[x, y], ...].") from error


def _points(points: object, place: str) -> FloatArray:
    """(n, 2); n is 0 for an empty list. Raises `FileRefused` unless every point is two numbers."""
    if not isinstance(points, list | tuple):
        raise FileRefused(f"{place}: its points are no list [[x, y], ...].")
    for number, point in enumerate(points, start=1):
        if not is_point(point):
            raise FileRefused(
                f"{place}: its points are no list [[x, y], ...]: point {number} is {_short(point)} and not "
                "two numbers; leave out what else there is."
            )
    return np.array(points, np.float64).reshape(-1, 2)


def _short(point: object) -> str:
    told = repr(point)
    return told if len(told) <= LONGEST_TOLD else f"{told[:LONGEST_TOLD]}..."
