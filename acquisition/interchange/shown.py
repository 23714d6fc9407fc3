"""What the screen showed during readings, as a table beside the exported gaze: `shown.csv`.

The gaze of an export is gaze on the display and names no image. A line of the table says for which stretch
of time an image stood where: from `from_ns` to `to_ns` (exclusive, on the clock of `time_ns`), its corner at
`left_px`, `top_px` and its far corner `width_px`, `height_px` further, in px of the display; minus where it
was mirrored. Of it was seen what lies in its pane. Images are called as their files: an export is for the
house that has them. `is_usable` is no where a reading was not committed or lost so much gaze that the case
must be read again (`acquisition.gate`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from acquisition.domain import Image, Panel, Reading, ViewState
from acquisition.errors import BugError, StoreError
from acquisition.gate import committed_readings
from acquisition.store import Store

SHOWN = "shown.csv"


class Stretch(NamedTuple):
    """A line of the table; its fields are the columns."""

    session: str
    reading: str
    is_usable: str
    """`yes` or `no`."""
    image: str
    frame: int
    """Of the file, from 0."""
    opening_frame: int
    """The one that a set has for its picture."""
    opened_ns: int
    """When the reading opened."""
    from_ns: int
    to_ns: int
    left_px: float
    top_px: float
    width_px: float
    height_px: float
    pane_left_px: float
    pane_top_px: float
    pane_width_px: float
    pane_height_px: float


def export_shown(store: Store, out_dir: Path | str) -> Path:
    """Write `shown.csv` of all readings that ended; it appears only when it is complete.

    Raises `StoreError` where the folder cannot be written or a recording cannot be read.
    """
    path = Path(out_dir) / SHOWN
    unfinished = path.with_name(f"{SHOWN}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(Stretch._fields)
            writer.writerows(_stretches(store))
        unfinished.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path.parent} cannot be written ({error.strerror}): choose another --out"
        ) from error
    return path


def _stretches(store: Store) -> Iterator[Stretch]:
    images = {image.id: image for image in store.catalogue.images()}
    usable = {reading.id for reading in committed_readings(store.readings())[0]}
    for session in store.sessions():
        readings = {each.id: each for each in store.readings() if each.session_id == session.id}
        if not readings:
            continue
        for reading, panel, from_ns, to_ns in _shown(store.recording(session.id).view_states(), readings):
            image = images.get(panel.image_id)
            if image is not None:
                yield _stretch(reading, reading.id in usable, image, panel, from_ns, to_ns)


def _shown(
    views: list[ViewState], readings: Mapping[str, Reading]
) -> Iterator[tuple[Reading, Panel, int, int]]:
    """The panels of each reading that ended, and for how long each of them stood still."""
    ordered = sorted(views, key=lambda view: view.host_time_ns)
    since_ns: dict[tuple[str, Panel], int] = {}
    for view, following in pairwise([*ordered, None]):
        if view is None or (reading := readings.get(view.reading_id)) is None:
            continue
        closed_ns = reading.closed_host_time_ns
        if closed_ns is None:
            continue
        to_ns = closed_ns if following is None else min(following.host_time_ns, closed_ns)
        staying = _places(following)
        for place in _places(view):
            from_ns = since_ns.setdefault(place, max(view.host_time_ns, reading.opened_host_time_ns))
            if place in staying and to_ns < closed_ns:
                continue
            del since_ns[place]
            if from_ns < to_ns:
                yield reading, place[1], from_ns, to_ns


def _places(view: ViewState | None) -> list[tuple[str, Panel]]:
    """Where a reading's images are, however bright: dragging the window moves nothing."""
    if view is None:
        return []
    panels = [Panel(p.image_id, p.rect_px, p.screen_to_image, frame=p.frame) for p in view.panels]
    return [(view.reading_id, panel) for panel in dict.fromkeys(panels)]


def _stretch(
    reading: Reading, is_usable: bool, image: Image, panel: Panel, from_ns: int, to_ns: int
) -> Stretch:
    x_scale, x_shear, x_shift, y_shear, y_scale, y_shift = panel.screen_to_image
    if x_shear or y_shear:
        raise BugError("an image was painted at a slant, which a table of corners cannot tell")
    return Stretch(
        reading.session_id,
        reading.id,
        "yes" if is_usable else "no",
        PureWindowsPath(image.path).name,
        panel.frame,
        image.opening_frame,
        reading.opened_host_time_ns,
        from_ns,
        to_ns,
        -x_shift / x_scale,
        -y_shift / y_scale,
        image.width_px / x_scale,
        image.height_px / y_scale,
        *panel.rect_px,
    )
