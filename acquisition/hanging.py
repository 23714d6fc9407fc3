"""What an image shows and which way it lies: what the hanging of a case needs to know of each file.

Headers disagree about where they say this, so each answer is the first that is found in an order of trust,
and says where it was found: codes, then ViewPosition, then PatientOrientation, then text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from acquisition.domain import Laterality
from acquisition.exposure import Side
from acquisition.view_codes import BREAST_VIEWS, MODIFIER_OF_CODE, SIDE_OF_CODE, VIEW_OF_CODE, VIEW_OF_WORD

T = TypeVar("T", covariant=True)

TEXT = "text"
"""Where an answer comes from that was read out of a description or a file name."""

PAIRED_PARTS = (
    "BREAST", "SHOULDER", "ARM", "HUMERUS", "ELBOW", "FOREARM", "WRIST", "HAND", "FINGER", "THUMB", "HIP",
    "FEMUR", "LEG", "KNEE", "PATELLA", "ANKLE", "FOOT", "TOE", "EXTREMITY", "CLAVICLE", "SCAPULA",
)  # fmt: skip
"""Parts of which a text may say that it is the right one: of a chest, `left lateral` is no side."""

_LIES_FLAT = frozenset({"CC", "XCCL", "XCCM", "FB"})
"""Views from above or below: their columns run across the body."""

_VIEWS = "|".join(sorted(BREAST_VIEWS, key=len, reverse=True))
_TEXT_VIEW = re.compile(rf"(?<![A-Z])(?:R|L|RIGHT|LEFT)?[\W_]*({_VIEWS})(?![A-Z])")
_TEXT_SIDE = re.compile(rf"(?<![A-Z])(?:(RIGHT|LEFT)(?![A-Z])|(R|L)[\W_]*(?:{_VIEWS})(?![A-Z]))")
_TEXT_PROJECTION = re.compile(r"(?<![A-Z])(PA|AP|LATERAL|LAT|OBLIQUE|OBL)(?![A-Z])")
_TEXT_PART_SIDE = re.compile(
    rf"(?<![A-Z])(?:(RIGHT|LEFT)(?![A-Z])|(R|L)[\W_]+(?:{'|'.join(PAIRED_PARTS)})"
    rf"|(?:{'|'.join(PAIRED_PARTS)})[\W_]+(R|L)(?![A-Z]))"
)


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """An answer and the attribute that gave it; an empty `where` means that nobody did."""

    value: T
    where: str = ""


@dataclass(frozen=True, slots=True)
class HangingHeader:
    """What a header may say about side and view; empty where it does not."""

    view_codes: tuple[str, ...] = ()
    modifier_codes: tuple[str, ...] = ()
    view_position: str = ""
    orientation: tuple[str, ...] = ()
    """PatientOrientation: the directions of rows and of columns, or whatever was put there instead."""
    image_laterality: str = ""
    laterality: str = ""
    frame_laterality: str = ""
    region_side_codes: tuple[str, ...] = ()
    """Codes that modify the anatomic region."""
    body_part: str = ""
    texts: tuple[str, ...] = ()
    """Free text that may name side and view, most trusted first."""


def find_view(header: HangingHeader, is_breast: bool) -> Found[str]:
    """The view in upper case (CC, MLO, PA, LAT, ...); empty where nothing names one."""
    for code in header.view_codes:
        if code in VIEW_OF_CODE:
            return Found(VIEW_OF_CODE[code], "ViewCodeSequence")
    if position := header.view_position.strip().upper():
        return Found(_abbreviated(position), "ViewPosition")
    for word in header.orientation:
        if word.strip().upper() in BREAST_VIEWS:
            return Found(word.strip().upper(), "PatientOrientation")
    if view := _view_by_orientation(header.orientation, is_breast):
        return Found(view, "PatientOrientation")
    text = _first_match(_TEXT_VIEW if is_breast else _TEXT_PROJECTION, header.texts)
    return Found(_abbreviated(text.value), text.where)


def find_modifiers(header: HangingHeader) -> tuple[str, ...]:
    """What was special about the view, abbreviated: M magnification, S spot compression, ID implant, ..."""
    return tuple(MODIFIER_OF_CODE[code] for code in header.modifier_codes if code in MODIFIER_OF_CODE)


def find_laterality(header: HangingHeader, is_breast: bool) -> Found[Laterality]:
    """The side of the body; UNKNOWN where nothing names one. Text counts for parts that come in pairs."""
    region = next((SIDE_OF_CODE[code] for code in header.region_side_codes if code in SIDE_OF_CODE), "")
    attributes = {
        "ImageLaterality": header.image_laterality,
        "Laterality": header.laterality,
        "FrameLaterality": header.frame_laterality,
        "AnatomicRegionSequence": region,
    }
    for where, value in attributes.items():
        if value.strip().upper() in {"R", "L", "B"}:
            return Found(Laterality(value.strip().upper()), where)
    if is_breast:
        text = _first_match(_TEXT_SIDE, (*header.orientation, *header.texts))
    elif any(part in header.body_part for part in PAIRED_PARTS):
        text = _first_match(_TEXT_PART_SIDE, header.texts)
    else:
        text = Found("")
    return Found(Laterality(text.value[:1]), text.where)


def chest_wall_by_orientation(orientation: tuple[str, ...]) -> Side | None:
    """Where PatientOrientation puts the chest wall: rows run towards it where they run posterior."""
    row, _ = _directions(orientation)
    return {"P": Side.RIGHT, "A": Side.LEFT}.get(row[:1])


def must_flip(laterality: Laterality, by_orientation: Side | None, by_pixels: Side | None) -> bool:
    """True where the image must be mirrored left-right to hang; the pixels overrule the header."""
    chest_wall = by_pixels or by_orientation
    wanted = {Laterality.RIGHT: Side.RIGHT, Laterality.LEFT: Side.LEFT}.get(laterality)
    return chest_wall is not None and wanted is not None and chest_wall is not wanted


def is_upside_down(laterality: Laterality, view: str, orientation: tuple[str, ...]) -> bool:
    """True where a breast must be mirrored top-bottom to hang: feet down, or its outer side up."""
    _, column = _directions(orientation)
    if "F" in column or "H" in column:
        return "H" in column
    return view in _LIES_FLAT and column[:1] != "" and column[:1] == laterality


def _directions(orientation: tuple[str, ...]) -> tuple[str, str]:
    """Where rows and columns run to, as letters of PS3.3 C.7.6.1.1.1; empty for anything else."""
    words = [word.strip().upper() for word in orientation]
    if len(words) != 2 or not all(word and set(word) <= set("APRLHF") for word in words):
        return "", ""
    return words[0], words[1]


def _view_by_orientation(orientation: tuple[str, ...], is_breast: bool) -> str:
    """What the directions leave no doubt about; frontal views may be taken from either side."""
    row, column = _directions(orientation)
    if row[:1] not in {"A", "P"}:
        return ""
    is_along_body, is_across = bool(set(column) & set("FH")), bool(set(column) & set("RL"))
    if not is_breast:
        return "LAT" if is_along_body and not is_across else ""
    if is_along_body:
        return "MLO" if is_across else "ML"
    return "CC" if is_across else ""


def _abbreviated(view: str) -> str:
    return VIEW_OF_WORD.get(re.sub(r"[\W_]", "", view), view)


def _first_match(pattern: re.Pattern[str], texts: Iterable[str]) -> Found[str]:
    for text in texts:
        if match := pattern.search(text.upper()):
            return Found(next(group for group in match.groups() if group), TEXT)
    return Found("")
