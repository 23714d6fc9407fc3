"""Which breast, which view, and whether the pixels must be mirrored: what the hanging of a case needs.

Headers disagree about where they say this, so each answer is the first that is found in an order of trust,
and says where it was found. Right breasts hang on the left half with the chest wall at the right edge of
the image, left breasts the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from acquisition.domain import Laterality
from acquisition.exposure import Side

T = TypeVar("T", covariant=True)

VIEW_OF_CODE = {
    "399162004": "CC", "R-10242": "CC",
    "399368009": "MLO", "R-10226": "MLO",
    "399260004": "ML", "R-10224": "ML",
    "399352003": "LM", "R-10228": "LM",
    "399099002": "LMO", "R-10230": "LMO",
    "399192008": "XCCL", "R-1024A": "XCCL",
    "399101009": "XCCM", "R-1024B": "XCCM",
    "399196006": "FB", "R-10244": "FB",
    "399188001": "SIO", "R-102D0": "SIO",
    "441555000": "ISO", "R-40AAA": "ISO",
}  # fmt: skip
"""Codes of CID 4014 (View for Mammography): SNOMED CT and the older SNOMED RT."""

BREAST_VIEWS = frozenset(VIEW_OF_CODE.values())

_VIEWS = "|".join(sorted(BREAST_VIEWS, key=len, reverse=True))
_TEXT_VIEW = re.compile(rf"(?<![A-Z])(?:R|L|RIGHT|LEFT)?[\W_]*({_VIEWS})(?![A-Z])")
_TEXT_SIDE = re.compile(rf"(?<![A-Z])(?:(RIGHT|LEFT)(?![A-Z])|(R|L)[\W_]*(?:{_VIEWS})(?![A-Z]))")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """An answer and the attribute that gave it; an empty `where` means that nobody did."""

    value: T
    where: str = ""


@dataclass(frozen=True, slots=True)
class HangingHeader:
    """What a header may say about side and view; empty where it does not."""

    view_codes: tuple[str, ...] = ()
    view_position: str = ""
    orientation: tuple[str, ...] = ()
    """PatientOrientation: the directions of rows and of columns, or whatever was put there instead."""
    image_laterality: str = ""
    laterality: str = ""
    frame_laterality: str = ""
    texts: tuple[str, ...] = ()
    """Free text that may name side and view, most trusted first."""


def find_view(header: HangingHeader, is_breast: bool) -> Found[str]:
    """The view in upper case (CC, MLO, ...); empty where nothing names one. Text counts for breasts only."""
    for code in header.view_codes:
        if code in VIEW_OF_CODE:
            return Found(VIEW_OF_CODE[code], "ViewCodeSequence")
    if header.view_position.strip():
        return Found(header.view_position.strip().upper(), "ViewPosition")
    for word in header.orientation:
        if word.strip().upper() in BREAST_VIEWS:
            return Found(word.strip().upper(), "PatientOrientation")
    return _first_match(_TEXT_VIEW, header.texts) if is_breast else Found("")


def find_laterality(header: HangingHeader, is_breast: bool) -> Found[Laterality]:
    """The side of the body; UNKNOWN where nothing names one. Text counts for breasts only."""
    attributes = {
        "ImageLaterality": header.image_laterality,
        "Laterality": header.laterality,
        "FrameLaterality": header.frame_laterality,
    }
    for where, value in attributes.items():
        if value.strip().upper() in {"R", "L", "B"}:
            return Found(Laterality(value.strip().upper()), where)
    if not is_breast:
        return Found(Laterality.UNKNOWN)
    text = _first_match(_TEXT_SIDE, (*header.orientation, *header.texts))
    return Found(Laterality(text.value[:1]), text.where)


def chest_wall_by_orientation(orientation: tuple[str, ...]) -> Side | None:
    """Where PatientOrientation puts the chest wall: rows run towards it where they run posterior."""
    row = orientation[0].strip().upper() if len(orientation) == 2 else ""
    return {"P": Side.RIGHT, "A": Side.LEFT}.get(row[:1])


def must_flip(laterality: Laterality, by_orientation: Side | None, by_pixels: Side | None) -> bool:
    """True where the image must be mirrored left-right to hang; the pixels overrule the header."""
    chest_wall = by_pixels or by_orientation
    wanted = {Laterality.RIGHT: Side.RIGHT, Laterality.LEFT: Side.LEFT}.get(laterality)
    return chest_wall is not None and wanted is not None and chest_wall is not wanted


def _first_match(pattern: re.Pattern[str], texts: Iterable[str]) -> Found[str]:
    for text in texts:
        if match := pattern.search(text.upper()):
            return Found(next(group for group in match.groups() if group), "text")
    return Found("")
