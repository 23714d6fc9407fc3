"""Which window stands on which screen, remembered for every set of screens. Pure; knows no Qt.

A part goes back to where it was the last time that these very screens were attached; with screens that were
never seen together, to where it was last, as far as that screen is there; else to its usual place.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

log = logging.getLogger(__name__)

Rect = tuple[int, int, int, int]
"""x, y, width, height in px of the desktop."""

MOST_REMEMBERED = 20
"""Sets of screens; the one that was used longest ago is forgotten first."""


class Part(StrEnum):
    """What can stand on a screen of its own."""

    IMAGES = "images"
    PANEL = "panel"
    """Worklist and findings."""
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Screen:
    """One attached screen."""

    key: str
    """Its name, maker, serial number and size: what it is known by."""
    name: str
    box: Rect
    usable: Rect
    """Without bars of the desktop."""
    size_px: tuple[int, int]
    """Of its pixels; where the desktop is scaled, more than those of its box."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window stands."""

    screen: str
    """The key of a screen; empty for the panel beside the images."""
    box: Rect | None = None
    """From the corner of its screen; None is the window's own size in the middle."""
    is_filling: bool = False
    """Whether it takes all that is usable of its screen, whatever its box."""


BESIDE = Place("")
"""The panel is part of the window with the images."""

Places = Mapping[Part, Place]


@dataclass(frozen=True, slots=True)
class Remembered:
    """Where the windows were with one set of screens."""

    screens: frozenset[str]
    places: Places


Memory = tuple[Remembered, ...]
"""Used longest ago first."""


def places(memory: Memory, screens: Sequence[Screen]) -> dict[Part, Place]:
    """Where each part belongs on these screens, the main one first."""
    attached = {screen.key for screen in screens}
    newest = [memo for memo in reversed(memory) if memo.screens == attached] + list(reversed(memory))
    chosen = usual(screens)
    for part in Part:
        possible = attached | {BESIDE.screen} if part is Part.PANEL else attached
        before = (memo.places[part] for memo in newest if part in memo.places)
        chosen[part] = next((place for place in before if place.screen in possible), chosen[part])
    return _settled(chosen)


def usual(screens: Sequence[Screen]) -> dict[Part, Place]:
    """Images and panel on the main screen, the operator on another one where there is any."""
    main = screens[0].key
    other = screens[1].key if len(screens) > 1 else main
    return {
        Part.IMAGES: _first_place(Part.IMAGES, main),
        Part.PANEL: BESIDE,
        Part.OPERATOR: _first_place(Part.OPERATOR, other),
    }


def moved(now: Places, part: Part, screen: str) -> dict[Part, Place]:
    """The places after one part went to another screen; the panel beside the images where that is empty."""
    return _settled({**now, part: _first_place(part, screen)})


def _first_place(part: Part, screen: str) -> Place:
    return Place(screen, is_filling=part is Part.IMAGES) if screen else BESIDE


def _settled(wanted: Places) -> dict[Part, Place]:
    """No panel in front of the images: on their screen it is beside them."""
    found = dict(wanted)
    if found[Part.PANEL].screen == found[Part.IMAGES].screen:
        found[Part.PANEL] = BESIDE
    return found


def on_desktop(place: Place, screen: Screen, own_size: tuple[int, int]) -> Rect:
    """Where on the desktop a window stands, moved and shrunk into what is usable of its screen."""
    if place.is_filling:
        return screen.usable
    left, top, most_wide, most_high = screen.usable
    middle = left + (most_wide - own_size[0]) // 2, top + (most_high - own_size[1]) // 2
    x, y, width, height = place.box or (middle[0] - screen.box[0], middle[1] - screen.box[1], *own_size)
    width, height = min(width, most_wide), min(height, most_high)
    x = min(max(screen.box[0] + x, left), left + most_wide - width)
    y = min(max(screen.box[1] + y, top), top + most_high - height)
    return x, y, width, height


def from_desktop(box: Rect, screen: Screen, *, is_filling: bool) -> Place:
    """The place of a window that stands there."""
    x, y, width, height = box
    return Place(screen.key, (x - screen.box[0], y - screen.box[1], width, height), is_filling)


def remember(memory: Memory, screens: Sequence[Screen], now: Places) -> Memory:
    """With these screens the windows are there now."""
    attached = frozenset(screen.key for screen in screens)
    others = [memo for memo in memory if memo.screens != attached]
    return (*others, Remembered(attached, dict(now)))[-MOST_REMEMBERED:]


def load(file: Path) -> Memory:
    """What was remembered; nothing where the file is missing or was written by somebody else."""
    try:
        return tuple(_remembered(entry) for entry in json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("%s: windows go to their usual screens, for it cannot be read (%s)", file.name, error)
        return ()


def save(file: Path, memory: Memory) -> None:
    """Whole or not at all; where it cannot be written, the windows are forgotten and nothing else."""
    entries = [
        {"screens": sorted(memo.screens), "places": {part: asdict(at) for part, at in memo.places.items()}}
        for memo in memory
    ]
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.write_text(json.dumps(entries, indent=1), encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        log.warning("%s: where windows stand is not remembered (%s)", file.name, error.strerror)


def _remembered(entry: Mapping[str, Mapping[str, Mapping[str, object]]]) -> Remembered:
    found = {Part(part): _place(at) for part, at in entry["places"].items()}
    return Remembered(frozenset(map(str, entry["screens"])), found)


def _place(entry: Mapping[str, object]) -> Place:
    box = entry["box"]
    if box is None:
        return Place(str(entry["screen"]), None, bool(entry["is_filling"]))
    if not isinstance(box, list):
        raise TypeError("a box has to be a list")
    x, y, width, height = map(int, box)
    return Place(str(entry["screen"]), (x, y, width, height), bool(entry["is_filling"]))
