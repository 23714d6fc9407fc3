"""What the channels of an LSL gaze stream mean, in whichever dialect it describes itself.

The vocabulary is that of the XDF wiki's *Gaze Meta-Data*. Producers differ: TittaLSL names everything but
its last channel, App-TobiiPro calls the fraction of the display `screencoords`, Pupil's relay writes
`metatype` for `type`. Pure functions: no LSL is loaded here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from acquisition.domain import Display
from acquisition.sources.base import Channel


@dataclass(frozen=True, slots=True)
class Description:
    """What a stream says of one channel; empty where it says nothing."""

    label: str = ""
    kind: str = ""
    """`type`, or `metatype`."""
    unit: str = ""
    eye: str = ""


_POSITIONS = {"screenx": "x", "screeny": "y"}
_FIELDS_MM = {
    **{f"intersection{axis}": f"point_{axis}_mm" for axis in "xyz"},
    **{f"pupil{axis}": f"origin_{axis}_mm" for axis in "xyz"},
    **{f"position{axis}": f"origin_{axis}_mm" for axis in "xyz"},
    "diameter": "pupil_mm",
    "pupildiameter": "pupil_mm",
    "radius": "pupil_mm",
    "eyeliddistance": "openness_mm",
}
_FLAGS = {
    "gaze_point": "valid",
    "pupil": "pupil_valid",
    "gaze_origin": "origin_valid",
    "eye_openness": "openness_valid",
}
_MM = {"mm": 1.0, "millimeters": 1.0, "millimetres": 1.0, "cm": 10.0, "m": 1000.0, "meters": 1000.0, "": 1.0}
_FRACTIONS = ("normalized", "normalised", "norm", "screencoords", "fraction", "ratio", "")
_PIXELS = ("pixels", "pixel", "px")
_MICROSECONDS = {"us": 1.0, "ms": 1e3, "s": 1e6, "": 1.0}
_X_OR_Y = re.compile(r"(?:^|[^a-z])([xy])(?:$|[^a-z])")

ROLES = (
    *(
        f"{side}_{field}"
        for side in ("left", "right", "both")
        for field in dict.fromkeys((*_POSITIONS.values(), *_FLAGS.values(), *_FIELDS_MM.values()))
    ),
    "device_time_us",
)
"""The fields of the gaze view that a channel can fill."""


def describe_channels(
    descriptions: Sequence[Description], dtype: str, display: Display, *, stream_name: str = ""
) -> tuple[Channel, ...]:
    """The channel table of a stream whose samples are all of one `dtype`.

    Labels are made unique, as fields of a sample must be; of channels that claim one role the first has it.
    """
    is_titta = stream_name.startswith("Tobii_") and len(descriptions) == 37
    channels: list[Channel] = []
    for plain, text in zip(plain_channels(descriptions, dtype), descriptions, strict=True):
        if is_titta and len(channels) == 36 and not text.label:
            role, scale = "device_time_us", 1e6
        else:
            role, scale = _meaning(text, display)
        if not role or any(role == channel.role for channel in channels):
            role, scale = "", 1.0
        channels.append(replace(plain, role=role, scale=scale))
    return tuple(channels)


def plain_channels(descriptions: Sequence[Description], dtype: str) -> tuple[Channel, ...]:
    """The channels of a stream with unique labels and no role; where it says no label, `channel_7`."""
    channels: list[Channel] = []
    for number, text in enumerate(descriptions, start=1):
        channels.append(Channel(_unique(text.label or f"channel_{number}", channels), dtype, text.unit))
    return tuple(channels)


def unit_scales(role: str, display: Display) -> Mapping[str, float]:
    """The units from which a role can be filled, and the factor of each to the role's own."""
    if role.endswith("_mm"):
        return _MM
    if role.endswith(("_x", "_y")):
        px = 1.0 / (display.width_px if role.endswith("_x") else display.height_px)
        return {**dict.fromkeys(_FRACTIONS, 1.0), **dict.fromkeys(_PIXELS, px)}
    return _MICROSECONDS if role == "device_time_us" else {"": 1.0, "bool": 1.0}


def has_gaze(channels: Sequence[Channel]) -> bool:
    """Whether x and y on the display are among the channels, for either eye or for both."""
    roles = {channel.role for channel in channels}
    return any({f"{side}_x", f"{side}_y"} <= roles for side in ("left", "right", "both"))


def _meaning(text: Description, display: Display) -> tuple[str, float]:
    """(role, scale) of a channel; no role where it is unknown or in a unit that is."""
    side, kind, unit = _side(text), text.kind.lower(), text.unit.lower()
    axis = _POSITIONS.get(kind)
    if axis is None and not kind:
        # Without a type the label must do: left_x, "gaze y", x
        match = _X_OR_Y.search(text.label.lower())
        axis = match.group(1) if match else None
    if axis is not None:
        scales = unit_scales(f"{side}_{axis}", display)
        return (f"{side}_{axis}", scales[unit]) if unit in scales else ("", 1.0)
    if kind == "validflag":
        named = [field for name, field in _FLAGS.items() if name in text.label.lower()]
        return (f"{side}_{named[0]}", 1.0) if named else ("", 1.0)
    if kind == "pupilsize" or (not kind and "pupil" in text.label.lower()):
        return f"{side}_pupil_mm", 1.0
    if kind in _FIELDS_MM and unit in _MM:
        return f"{side}_{_FIELDS_MM[kind]}", _MM[unit] * (2.0 if kind == "radius" else 1.0)
    return "", 1.0


def _side(text: Description) -> str:
    said = text.eye.lower()
    if said in ("left", "right", "both"):
        return said
    words = re.split(r"[^a-z]+", text.label.lower())
    return next((side for side in ("left", "right") if side in words), "both")


def _unique(label: str, before: Sequence[Channel]) -> str:
    taken = {channel.label for channel in before}
    name, number = label, 2
    while name in taken:
        name, number = f"{label}#{number}", number + 1
    return name
