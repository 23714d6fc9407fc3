"""What a reader of a layout finds in a folder, and how it says what it does not find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from acquisition.errors import UserError
from acquisition.interchange.tables import Table, read_table
from learning.files import Part

BoxPx = tuple[float, float, float, float]
"""(x, y, width, height)."""
FARTHEST_PX = 1e9


class NotThisLayout(UserError):
    """A folder is not what it is taken for; the message names what was looked for, and where."""


@dataclass(frozen=True)
class FoundImage:
    """One image that a set may hold."""

    path: Path
    """DICOM, or a picture that Pillow reads."""
    patient: str
    labels: Mapping[str, str]
    part: Part | None = None
    """As published; None where the layout has no split."""
    crop_px: BoxPx | None = None
    """What of the image is meant; None for the whole view, whose breast or exposed part is then measured."""
    names: tuple[str, ...] = ()
    """What gaze files call it, besides the name of its file."""


@dataclass(frozen=True)
class Layout:
    """One published way to lay out a data set."""

    title: str
    source: str
    """Where the layout is described in public."""
    read: Callable[[Path], list[FoundImage]]
    """Whole images of a folder. Raises `NotThisLayout`."""
    read_crops: Callable[[Path], list[FoundImage]] | None = None
    """Lesions instead of whole images, where the layout marks them."""


def need_file(path: Path, title: str) -> Path:
    """The file. Raises `NotThisLayout` where it is missing."""
    if not path.is_file():
        raise NotThisLayout(f"{path.parent} is not {title} as published: it has no file {path.name}.")
    return path


def need_folder(path: Path, title: str) -> Path:
    """The folder. Raises `NotThisLayout` where it is missing."""
    if not path.is_dir():
        raise NotThisLayout(f"{path.parent} is not {title} as published: it has no folder {path.name}.")
    return path


def need_table(path: Path, title: str, columns: Iterable[str], delimiter: str = ",") -> Table:
    """A CSV file that has these columns.

    Raises:
        NotThisLayout: the file or a column is missing.
        UserError: it is no CSV file.
    """
    table = read_table(need_file(path, title), delimiter)
    if missing := [column for column in columns if column not in table.columns]:
        raise NotThisLayout(f"{path} is not that of {title}: it has no column {', '.join(missing)}.")
    return table


def some(images: list[FoundImage], folder: Path, what: str) -> list[FoundImage]:
    """The images. Raises `NotThisLayout` where there is none."""
    if not images:
        raise NotThisLayout(f"{folder} holds no {what}; check that it was unpacked whole.")
    return images


def is_point(value: object) -> bool:
    """Whether something that was read is [x, y]: two numbers, no more and no fewer."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return False
    # No coordinate is as far, and neither NaN nor infinity is nearer.
    return all(type(each) in (int, float) and abs(each) < FARTHEST_PX for each in value)


def box_around(points_px: Iterable[tuple[float, float]]) -> BoxPx:
    """The upright box around points (x, y)."""
    xs, ys = zip(*points_px, strict=True)
    return (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
