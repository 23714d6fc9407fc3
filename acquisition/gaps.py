"""The ledger of the gaps of gaze: where there is none to use, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Gap, GapCause
from acquisition.geometry import is_finite

MIN_GAP_S = 0.075
"""Shorter losses are noise that the I-VT filter bridges too (see `acquisition.events`)."""
MAX_BLINK_S = 0.5
"""Spontaneous blinks last 0.1 to 0.4 s (Schiffman 2001); eyes gone for longer were not blinking."""
MIN_STALL_S = 0.1
"""Silence shorter than this, or than three samples, is jitter of the source."""


def find_gaps(
    time_ns: NDArray[np.int64],
    xy_fraction: NDArray[np.float64],
    nominal_rate_hz: float,
    *,
    explained: Sequence[Gap] = (),
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> list[Gap]:
    """The stretches without usable gaze, in order, and why.

    Silence of the source is a stall; samples without an eye are a blink or, when they last, a lost face;
    samples mostly beside the display are a look off the screen. A source that skips samples instead of
    marking them invalid cannot blink: its blinks show as stalls. Why a source was silent on purpose is
    not in its samples: such gaps are given as `explained`, are not returned, and nothing is found in them.

    Args:
        time_ns: (n,) capture times, ascending
        xy_fraction: (n, 2) fractions of the display, NaN without an eye (`geometry.binocular_point`)
        nominal_rate_hz: 0 where the source is irregular
        explained: gaps known from events: disconnect, overflow, pause
        since_ns: the beginning of the recording, for silence before the first sample
        until_ns: the end of the recording, for silence that nothing ended
    """
    period_ns = 1e9 / nominal_rate_hz if nominal_rate_hz else 0.0
    ends_ns = [[] if end_ns is None else [end_ns] for end_ns in (since_ns, until_ns)]
    # Where the source's time ran back, it was not silent until it had caught up.
    heard_ns = np.maximum.accumulate(np.concatenate((ends_ns[0], time_ns, ends_ns[1])).astype(np.int64))
    found = _stalls(heard_ns, max(MIN_STALL_S * 1e9, 3 * period_ns), round(period_ns))
    bounds_ns = np.array([gap.start_ns for gap in (*found, *explained)], dtype=np.int64)
    found += _unusable(time_ns, xy_fraction, round(period_ns), np.sort(bounds_ns))
    for known in explained:
        found = [piece for gap in found for piece in _without(gap, known)]
    return sorted(found, key=lambda gap: gap.start_ns)


def _stalls(heard_ns: NDArray[np.int64], least_ns: float, period_ns: int) -> list[Gap]:
    """Stretches in which the source sent nothing; each starts when the next sample was due."""
    before = np.flatnonzero(np.diff(heard_ns) > least_ns)
    return [Gap(int(heard_ns[i]) + period_ns, int(heard_ns[i + 1]), GapCause.STALL) for i in before]


def _unusable(
    time_ns: NDArray[np.int64], xy: NDArray[np.float64], period_ns: int, bounds_ns: NDArray[np.int64]
) -> list[Gap]:
    """Runs of samples without an eye or beside the display; no run crosses one of the bounds."""
    if len(time_ns) == 0:
        return []
    seen = is_finite(xy)
    with np.errstate(invalid="ignore"):
        on_screen = seen & (np.abs(xy[:, 0] - 0.5) <= 0.5) & (np.abs(xy[:, 1] - 0.5) <= 0.5)
    bad = ~on_screen
    crosses = np.diff(np.searchsorted(bounds_ns, time_ns, side="right")) > 0
    starts = np.flatnonzero(bad & np.append(True, ~bad[:-1] | crosses))
    stops = np.flatnonzero(bad & np.append(~bad[1:] | crosses, True)) + 1
    gaps = []
    for start, stop in zip(starts, stops, strict=True):
        start_ns, end_ns = int(time_ns[start]), int(time_ns[stop - 1]) + period_ns
        if end_ns - start_ns < MIN_GAP_S * 1e9:
            continue
        if seen[start:stop].mean() > 0.5:
            cause = GapCause.OFF_SCREEN
        else:
            cause = GapCause.BLINK if end_ns - start_ns <= MAX_BLINK_S * 1e9 else GapCause.LOST_FACE
        gaps.append(Gap(start_ns, end_ns, cause))
    return gaps


def _without(gap: Gap, known: Gap) -> list[Gap]:
    """What of the gap lies before and after a known one and is long enough to be a gap of its own."""
    if known.end_ns <= gap.start_ns or gap.end_ns <= known.start_ns:
        return [gap]
    pieces = (
        Gap(gap.start_ns, known.start_ns, gap.cause),
        Gap(known.end_ns, gap.end_ns, gap.cause),
    )
    return [piece for piece in pieces if piece.end_ns - piece.start_ns >= MIN_STALL_S * 1e9]
