"""Our own Parquet export, `gaze_<session>.parquet`, with `shown.csv`, which `gazeroom export` writes beside.

The export is gaze on the display and names no image; the table says which image stood where, a line for
each stretch of time. Lines of one reading and image are one trace. Left out is what `learning.build` leaves
out: readings that are not usable, other frames of a stack than its opening one, and gaze after a mark that
was dropped by gaze.

Of the columns (acquisition/interchange/shown.py) a table made by hand needs `session, image, from_ns, to_ns,
left_px, top_px, width_px, height_px`: each line is then a reading, and the image is seen whole.
Source: acquisition/interchange/parquet.py and shown.py.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from acquisition.errors import FileRefused
from acquisition.geometry import binocular_point
from acquisition.interchange.parquet import METADATA_KEY
from acquisition.interchange.shown import SHOWN
from learning.datasets.found import need_table
from learning.datasets.gaze import FloatArray, FoundGaze

SOURCE = "our own"
TITLE = "a Parquet export with its table of images"
NEEDED = ("session", "image", "from_ns", "to_ns", "left_px", "top_px", "width_px", "height_px")
CORNERS = ("left_px", "top_px", "width_px", "height_px")
PANE = tuple(f"pane_{name}" for name in CORNERS)
SIDES = ("left", "right", "both")


class _Export(NamedTuple):
    """The gaze of one session."""

    time_ns: NDArray[np.int64]
    """(n,) that never fall."""
    xy_px: FloatArray
    """(n, 2) places on the display."""
    about: dict[str, Any]
    """What the export says of itself."""


def read(folder: Path) -> list[FoundGaze]:
    """A trace for each reading and image of `shown.csv`."""
    table = need_table(folder / SHOWN, TITLE, NEEDED)
    exports = {name: _open(folder / f"gaze_{name}.parquet") for name in {r["session"] for r in table.rows}}
    pieces: dict[tuple[str, str, str], list[FloatArray]] = {}
    for number, row in enumerate(table.rows):
        try:
            piece = _piece(row, exports[row["session"]])
        except ValueError as error:
            raise FileRefused(f"{table.path}, line {number + 2}: {error}.") from error
        if _counts(row):
            reading = row.get("reading") or f"line {number + 2}"
            pieces.setdefault((row["session"], reading, row["image"]), []).append(piece)
    return [
        FoundGaze(
            image,
            exports[session].about["reader_pseudonym"],
            np.concatenate(parts),
            None,
            exports[session].about["is_simulated"],
        )
        for (session, _, image), parts in pieces.items()
    ]


def _counts(row: dict[str, str]) -> bool:
    """Whether the gaze of a line is gaze on the picture, and good enough."""
    return row.get("is_usable") != "no" and row.get("frame") == row.get("opening_frame")


def _piece(row: dict[str, str], export: _Export) -> FloatArray:
    """(m, 3) x and y as shares of the image and t_s, while it stood where a line says.

    Raises `ValueError` where the line is wrong.
    """
    from_ns, to_ns, opened_ns = (_whole(row, name) for name in ("from_ns", "to_ns", "opened_ns"))
    place = [_number(row, name) for name in CORNERS]
    if 0 in place[2:]:
        raise ValueError("the image has no extent")
    first, end = np.searchsorted(export.time_ns, [from_ns, to_ns])
    xy_px, time_ns = export.xy_px[first:end], export.time_ns[first:end]
    if row.get(PANE[0]):
        left, top, width, height = (_number(row, name) for name in PANE)
        seen = ((xy_px >= (left, top)) & (xy_px < (left + width, top + height))).all(axis=1)
        xy_px, time_ns = xy_px[seen], time_ns[seen]
    shares = (xy_px - place[:2]) / place[2:]
    return np.column_stack([shares, (time_ns - opened_ns) * 1e-9])


def _whole(row: dict[str, str], name: str) -> int:
    # A reading that opened nobody knows when opened where its line begins.
    text = row.get(name) or row["from_ns"]
    if not text.lstrip("-").isdecimal():
        raise ValueError(f"{name} is no whole number")
    return int(text)


def _number(row: dict[str, str], name: str) -> float:
    try:
        number = float(row.get(name, ""))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} is no number")
    return number


def _open(path: Path) -> _Export:
    if not path.is_file():
        raise FileRefused(f"{path} is missing, which {SHOWN} names; export the session again.")
    try:
        table = pq.read_table(path)
        about: dict[str, Any] = json.loads((table.schema.metadata or {})[METADATA_KEY])
        display = (float(about["display"]["width_px"]), float(about["display"]["height_px"]))
        _ = str(about["reader_pseudonym"]), bool(about["is_simulated"])
        gaze = _structured(table)
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise FileRefused(f"{path} is no Parquet export of Gazeroom; export the session again.") from error
    order = np.argsort(gaze["time_ns"], kind="stable")
    return _Export(gaze["time_ns"][order].astype(np.int64), binocular_point(gaze)[order] * display, about)


def _structured(table: pa.Table) -> NDArray[np.void]:
    """What `binocular_point` asks for, without the gaze that marks steered."""
    names = [f"{side}_{part}" for side in SIDES for part in ("x", "y", "valid")]
    columns = {name: table[name].to_numpy() for name in ["time_ns", *names] if name in table.column_names}
    gaze = np.empty(table.num_rows, [(name, column.dtype) for name, column in columns.items()])
    for name, column in columns.items():
        gaze[name] = column
    if "gaze_assisted" in table.column_names:
        gaze = gaze[~table["gaze_assisted"].to_numpy().astype(bool)]
    return gaze
