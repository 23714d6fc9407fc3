"""Gaze as TittaLSL sends it: eighteen channels an eye and the device's time, all doubles.

Labels, types and units are those of TittaLSL, so that what reads its streams reads ours. A source that does
not tell the eyes apart has eighteen channels of `both_eye`. Pure functions: no LSL is loaded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.sources.base import Channel


@dataclass(frozen=True, slots=True)
class SentChannel:
    """One channel as it is described, and the field of the gaze view that fills it."""

    label: str
    kind: str
    unit: str
    eye: str
    field: str
    is_constant: bool = False
    """Says whether the source has the field at all, and not its value."""


def sent_channels(channels: Sequence[Channel]) -> tuple[SentChannel, ...]:
    """What is sent of a source with these channels."""
    roles = {channel.role for channel in channels}
    has_sides = bool({"left_x", "right_x"} & roles)
    sides = ("left", "right") if has_sides or "both_x" not in roles else ("both",)
    device_time = SentChannel("device_time_stamp", "DeviceTimeStamp", "s", "both", "device_time_us")
    return (*(channel for side in sides for channel in _eye(side)), device_time)


def sent_values(
    gaze: NDArray[np.void], sent: Sequence[SentChannel], channels: Sequence[Channel]
) -> NDArray[np.float64]:
    """Gaze (n,) of `gaze_dtype(channels)` as rows (n, sent channels); NaN where the device has nothing."""
    roles = {channel.role for channel in channels}
    rows = np.empty((len(gaze), len(sent)))
    for number, channel in enumerate(sent):
        rows[:, number] = channel.field in roles if channel.is_constant else gaze[channel.field]
        if channel.field == "device_time_us":
            rows[:, number] *= 1e-6
    return rows


def _eye(side: str) -> list[SentChannel]:
    eye = f"{side}_eye"
    point, origin = f"gaze_point.{eye}", f"gaze_origin.{eye}"
    on_display, in_space = "position_on_display_area", "position_in_user_coordinates"

    def channel(label: str, kind: str, unit: str, field: str) -> SentChannel:
        return SentChannel(label, kind, unit, side, f"{side}_{field}")

    def flags(of: str, valid: str, field: str) -> list[SentChannel]:
        return [
            channel(f"valid.{of}", "ValidFlag", "bool", valid),
            SentChannel(
                f"available.{of}", "AvailableFlag", "bool", side, f"{side}_{field}", is_constant=True
            ),
        ]

    return [
        *(channel(f"{a}.{on_display}.{point}", f"Screen{a.upper()}", "normalized", a) for a in "xy"),
        *(
            channel(f"{a}.{in_space}.{point}", f"Intersection{a.upper()}", "mm", f"point_{a}_mm")
            for a in "xyz"
        ),
        *flags(point, "valid", "x"),
        channel(f"diameter.pupil.{eye}", "Diameter", "mm", "pupil_mm"),
        *flags(f"pupil.{eye}", "pupil_valid", "pupil_mm"),
        *(channel(f"{a}.{in_space}.{origin}", f"Pupil{a.upper()}", "mm", f"origin_{a}_mm") for a in "xyz"),
        *flags(origin, "origin_valid", "origin_x_mm"),
        channel(f"diameter.eye_openness.{eye}", "EyeLidDistance", "mm", "openness_mm"),
        *flags(f"eye_openness.{eye}", "openness_valid", "openness_mm"),
    ]
