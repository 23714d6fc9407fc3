"""What a Tobii tracker sends as channels: three streams joined into one.

Each gaze sample carries the eye openness of the same device time stamp and the newest user position before it
(the SDK gives positions no stamp). Openness comes in a stream of its own: gaze waits for it 20 ms of the
tracker's stream at most, then goes without, marked invalid; openness that found no gaze is left over, to be
kept as an event.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from acquisition.sources.base import Channel, sample_dtype
from acquisition.sources.tobii_host import layout

OPENNESS_WAIT_NS = 20_000_000
KEEP_OPENNESS_NS = 1_000_000_000
IDLE_NS = 100_000_000
"""When nothing at all came for so long, there is nothing to wait for."""

_DTYPES = {"q": "<i8", "f": "<f4", "B": "|u1"}
_FRAMES = {
    kind: np.dtype([(label, _DTYPES[code]) for label, code in layout(kind.encode())]) for kind in "GOP"
}
_UNITS = {"display_area": "normalized", "user_coordinate": "mm", "diameter": "mm", "openness_value": "mm"}
_ROLES = {
    "gaze_point_on_display_area": "",
    "gaze_point_in_user_coordinate_system": "point",
    "gaze_origin_in_user_coordinate_system": "origin",
    "gaze_point_validity": "valid",
    "pupil_diameter": "pupil_mm",
    "pupil_validity": "pupil_valid",
    "gaze_origin_validity": "origin_valid",
    "eye_openness_value": "openness_mm",
    "eye_validity": "openness_valid",
}
_LABEL = re.compile(r"(left|right)_(.+?)(?:_([xyz]))?")
Samples = NDArray[np.void]
Stamps = NDArray[np.int64]


def channels_of(kinds: str) -> tuple[Channel, ...]:
    """The channel table of a tracker that sends these kinds of frames, `G`, `O` or `P`."""
    labels = [pair for kind in "GOP" if kind in kinds for pair in _own(kind)]
    return tuple(Channel(label, _DTYPES[code], _unit(label), _role(label)) for label, code in labels)


def unpack(kind: str, payload: bytes) -> tuple[Stamps, Samples]:
    """Arrivals (n,) in ns of the host process and samples (n,) of one frame."""
    dtype = _FRAMES[kind]
    n = len(payload) // (8 + dtype.itemsize)
    return np.frombuffer(payload, np.int64, n), np.frombuffer(payload, dtype, n, 8 * n)


class Join:
    """Frames in, samples of `channels_of` out, in the order in which gaze arrived."""

    def __init__(self, kinds: str) -> None:
        """For a tracker that sends these kinds of frames."""
        self._kinds = kinds
        self._dtype = sample_dtype(channels_of(kinds))
        self._waiting = {kind: unpack(kind, b"") for kind in "GOP"}
        self._newest_ns = self._added_ns = 0
        self._leftover: list[Samples] = []

    def add(self, kind: str, payload: bytes, now_ns: int) -> None:
        """Take a frame."""
        arrivals_ns, samples = unpack(kind, payload)
        before_ns, before = self._waiting[kind]
        self._waiting[kind] = np.concatenate([before_ns, arrivals_ns]), _concatenated(before, samples)
        self._newest_ns, self._added_ns = max(self._newest_ns, int(arrivals_ns[-1])), now_ns

    def ready(self, now_ns: int, *, is_all: bool = False) -> tuple[Stamps, Samples]:
        """Arrivals (n,) and samples (n,) that need wait no longer, or all of them."""
        arrivals_ns, gaze = self._waiting["G"]
        found = self._openness_of(gaze)
        n = len(gaze) if is_all else self._settled(arrivals_ns, found, now_ns)
        self._waiting["G"] = arrivals_ns[n:], gaze[n:]
        arrivals_ns, gaze, found = arrivals_ns[:n], gaze[:n], found[:n]
        samples = np.empty(n, self._dtype)
        _as_bytes(samples)[:, : gaze.dtype.itemsize] = _as_bytes(gaze)
        if "O" in self._kinds:
            _take(samples, self._waiting["O"][1], found, "O")
            self._let_go(found)
        if "P" in self._kinds:
            positions_ns, positions = self._waiting["P"]
            newest = np.searchsorted(positions_ns, arrivals_ns, side="right") - 1
            _take(samples, positions, newest, "P")
            if n:
                used = max(int(newest[-1]), 0)
                self._waiting["P"] = positions_ns[used:], positions[used:]
        return arrivals_ns, samples

    def leftover(self) -> Samples:
        """Openness (n,) that had no gaze within a second, once."""
        leftover, self._leftover = self._leftover, []
        return _concatenated(unpack("O", b"")[1], *leftover)

    def _openness_of(self, gaze: Samples) -> NDArray[np.intp]:
        """Where the openness of each sample waits, -1 where it does not."""
        stamps = self._waiting["O"][1]["device_time_stamp"]
        if not len(stamps):
            return np.full(len(gaze), -1)
        order = np.argsort(stamps, kind="stable")
        place = np.minimum(np.searchsorted(stamps[order], gaze["device_time_stamp"]), len(stamps) - 1)
        return np.where(stamps[order][place] == gaze["device_time_stamp"], order[place], -1)

    def _settled(self, arrivals_ns: Stamps, found: NDArray[np.intp], now_ns: int) -> int:
        """How many samples, from the first, need not wait."""
        if "O" not in self._kinds or now_ns - self._added_ns > IDLE_NS:
            return len(arrivals_ns)
        waits = (found < 0) & (arrivals_ns > self._newest_ns - OPENNESS_WAIT_NS)
        return int(np.argmax(waits)) if waits.any() else len(waits)

    def _let_go(self, found: NDArray[np.intp]) -> None:
        """Forget the openness that was found, and leave over what is too old to be."""
        arrivals_ns, openness = self._waiting["O"]
        kept = np.ones(len(openness), dtype=np.bool_)
        kept[found[found >= 0]] = False
        old = kept & (arrivals_ns < self._newest_ns - KEEP_OPENNESS_NS)
        if old.any():
            self._leftover.append(openness[old])
        kept &= ~old
        self._waiting["O"] = arrivals_ns[kept], openness[kept]


def _concatenated(*parts: Samples) -> Samples:
    """Parts of one dtype as one, without numpy's long look at every field of it."""
    return np.concatenate([_as_bytes(part) for part in parts]).view(parts[0].dtype).reshape(-1)


def _as_bytes(samples: Samples) -> NDArray[np.uint8]:
    """(n, bytes of a sample): both layouts are packed, and begin alike."""
    return np.ascontiguousarray(samples).view(np.uint8).reshape(len(samples), samples.dtype.itemsize)


def _take(samples: Samples, values: Samples, place: NDArray[np.intp], kind: str) -> None:
    """Fill the columns of one stream from these places; -1 stands for nothing, which is not valid."""
    for label, code in _own(kind):
        samples[label] = np.nan if code == "f" else 0
        samples[label][place >= 0] = values[label][place[place >= 0]]


def _own(kind: str) -> list[tuple[str, str]]:
    """(label, code) of what a kind adds to a sample: the stamps are those of gaze."""
    return [(label, code) for label, code in layout(kind.encode()) if kind == "G" or code != "q"]


def _role(label: str) -> str:
    if label == "device_time_stamp":
        return "device_time_us"
    match = _LABEL.fullmatch(label)
    if match is None or match[2] not in _ROLES:
        return ""
    side, role, axis = match[1], _ROLES[match[2]], match[3]
    if not axis:
        return f"{side}_{role}"
    return f"{side}_{role}_{axis}_mm" if role else f"{side}_{axis}"


def _unit(label: str) -> str:
    if label.endswith("time_stamp"):
        return "us"
    return next((unit for part, unit in _UNITS.items() if part in label), "")
