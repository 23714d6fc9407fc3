"""The gaze view: samples as sent, seen as fields of our own.

A channel fills the field that its role names, times its scale. `time_ns` is the moment of capture on
the host clock, from the fit over the recording's clock pairs; without pairs, or where a sample has
no stamp of its source, it is the moment of arrival. Nothing here is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import fit_offset
from acquisition.errors import StoreError
from acquisition.sources.base import Channel, ClockPair
from acquisition.store.recording_file import ChunkRow
from acquisition.store.recording_reader import RawGaze

_POSITION = ("x", "y")
_PUPIL = ("pupil_mm",)
_ORIGIN = ("origin_x_mm", "origin_y_mm", "origin_z_mm")
_POINT = ("point_x_mm", "point_y_mm", "point_z_mm")
_OPENNESS = ("openness_mm",)
_VALIDITY = {
    "valid": _POSITION,
    "pupil_valid": _PUPIL,
    "origin_valid": _ORIGIN,
    "openness_valid": _OPENNESS,
}
"""A flag and the fields that it speaks of."""
_PER_SIDE = (
    *_POSITION,
    "valid",
    *_PUPIL,
    "pupil_valid",
    *_ORIGIN,
    "origin_valid",
    *_POINT,
    *_OPENNESS,
    "openness_valid",
)
_TIMES = (("time_ns", "<i8"), ("host_time_ns", "<i8"), ("device_time_us", "<f8"), ("source_time_s", "<f8"))


def gaze_dtype(channels: Sequence[Channel]) -> np.dtype[np.void]:
    """Times, then left and right; also `both_...` where a channel says so, for streams without sides."""
    has_both = any(channel.role.startswith("both_") for channel in channels)
    sides = ("left", "right", "both") if has_both else ("left", "right")
    fields = [(f"{side}_{name}", "?" if name in _VALIDITY else "<f8") for side in sides for name in _PER_SIDE]
    return np.dtype([*_TIMES, *fields])


def gaze_of(raw: RawGaze, pairs: Sequence[ClockPair]) -> NDArray[np.void]:
    """Raw samples (n,) → gaze (n,) of `gaze_dtype`; what the device has not is NaN or False.

    Raises `StoreError` where a channel has a role that is no field.
    """
    gaze = np.zeros(len(raw.samples), gaze_dtype(raw.channels))
    for name, kind in gaze.dtype.fields.items() if gaze.dtype.fields else ():
        if kind[0] == np.float64:
            gaze[name] = np.nan
    filled = [_fill(gaze, raw, channel) for channel in raw.channels if channel.role]
    gaze["source_time_s"] = raw.source_time_s
    gaze["host_time_ns"] = raw.host_time_ns
    gaze["time_ns"] = capture_ns(raw.source_time_s, raw.host_time_ns, pairs)
    _derive_validity(gaze, filled)
    return gaze


def capture_ns(
    source_time_s: NDArray[np.float64], host_time_ns: NDArray[np.int64], pairs: Sequence[ClockPair]
) -> NDArray[np.int64]:
    """When samples were captured, on the host clock; arrival where that is unknown. All (n,)."""
    if not pairs:
        return host_time_ns
    stamped = np.isfinite(source_time_s)
    time_ns = host_time_ns.copy()
    time_ns[stamped] = fit_offset(pairs).to_host_ns(source_time_s[stamped])
    return time_ns


def chunks_between(rows: Sequence[ChunkRow], pairs: Sequence[ClockPair], start_ns: int, end_ns: int) -> range:
    """Numbers of the chunks among which all captures in [start, end) are."""
    host_min, host_max = (
        np.array([getattr(row, name) for row in rows], np.int64)
        for name in ("host_time_min_ns", "host_time_max_ns")
    )
    source_min, source_max = (
        np.array([getattr(row, name) for row in rows], np.float64)  # None becomes NaN
        for name in ("source_time_min_s", "source_time_max_s")
    )
    # A chunk may mix samples with and without a stamp, so arrival counts as well.
    first = np.minimum(host_min, capture_ns(source_min, host_min, pairs))
    last = np.maximum(host_max, capture_ns(source_max, host_max, pairs))
    within = np.flatnonzero((first < end_ns) & (last >= start_ns))
    return range(rows[within[0]].seq, rows[within[-1]].seq + 1) if len(within) else range(0)


def _fill(gaze: NDArray[np.void], raw: RawGaze, channel: Channel) -> str:
    if gaze.dtype.fields is None or channel.role not in gaze.dtype.fields:
        raise StoreError(f"Channel {channel.label} has the role {channel.role}, which is no field of gaze")
    values: NDArray[Any] = raw.samples[channel.label]
    if gaze.dtype[channel.role] == np.bool_:
        # NaN is true to numpy; a flag that is not a number says nothing good.
        gaze[channel.role] = (values != 0) & (values == values)
    else:
        gaze[channel.role] = values if channel.scale == 1.0 else values * np.float64(channel.scale)
    return channel.role


def _derive_validity(gaze: NDArray[np.void], filled: Sequence[str]) -> None:
    # A stream without a flag means: what is finite is valid.
    for side in ("left", "right", "both"):
        for flag, fields in _VALIDITY.items():
            name = f"{side}_{flag}"
            if name in (gaze.dtype.names or ()) and name not in filled:
                gaze[name] = np.logical_and.reduce([np.isfinite(gaze[f"{side}_{field}"]) for field in fields])
