"""What the channels of an LSL gaze stream mean, in whichever dialect it describes itself.

The vocabulary is that of the XDF wiki's *Gaze Meta-Data*. Producers differ: TittaLSL names everything but
its last channel, App-TobiiPro calls the fraction of the display `screencoords`, Pupil's relay writes
`metatype` for `type`. Pure functions: no LSL is loaded here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

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
_FRACTIONS = frozenset({"", "normalized", "normalised", "norm", "screencoords", "fraction", "ratio"})
_PIXELS = frozenset({"pixels", "pixel", "px"})
_X_OR_Y = re.compile(r"(?:^|[^a-z])([xy])(?:$|[^a-z])")


def describe_channels(
    descriptions: Sequence[Description], dtype: str, display: Display, *, stream_name: str = ""
) -> tuple[Channel, ...]:
    """The channel table of a stream whose samples are all of one `dtype`.

    Labels are made unique, as fields of a sample must be; of channels that claim one role the first has it.
    """
    is_titta = stream_name.startswith("Tobii_") and len(descriptions) == 37
    channels: list[Channel] = []
    for number, text in enumerate(descriptions, start=1):
        if is_titta and number == 37 and not text.label:
            role, scale = "device_time_us", 1e6
        else:
            role, scale = _meaning(text, display)
        if any(role == channel.role for channel in channels):
            role, scale = "", 1.0
        label = _unique(text.label or f"channel_{number}", channels)
        channels.append(Channel(label, dtype, text.unit, role, scale if role else 1.0))
    return tuple(channels)


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
        return _position(side, axis, unit, display)
    if kind == "validflag":
        named = [field for name, field in _FLAGS.items() if name in text.label.lower()]
        return (f"{side}_{named[0]}", 1.0) if named else ("", 1.0)
    if kind == "pupilsize" or (not kind and "pupil" in text.label.lower()):
        return f"{side}_pupil_mm", 1.0
    if kind in _FIELDS_MM and unit in _MM:
        return f"{side}_{_FIELDS_MM[kind]}", _MM[unit] * (2.0 if kind == "radius" else 1.0)
    return "", 1.0


def _position(side: str, axis: str, unit: str, display: Display) -> tuple[str, float]:
    if unit in _FRACTIONS:
        return f"{side}_{axis}", 1.0
    if unit in _PIXELS:
        return f"{side}_{axis}", 1.0 / (display.width_px if axis == "x" else display.height_px)
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
