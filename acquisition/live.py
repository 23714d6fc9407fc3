"""What is known of gaze while it is being recorded: its time, how good it is, where it has gaps.

Nothing of this is stored but the gaps; the store derives the same from the samples as sent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import ClockFit, fit_offset
from acquisition.domain import Gap, GapCause
from acquisition.geometry import binocular_point, is_finite
from acquisition.quality import find_gaps
from acquisition.sources.base import Batch, ClockPair, SourceInfo
from acquisition.store.gaze import gaze_dtype, gaze_of
from acquisition.store.recording_reader import RawGaze

RECENT_S = 5.0


class NewestGaze(NamedTuple):
    """The last samples: capture times (n,) and fractions of the display (n, 2), NaN without an eye."""

    time_ns: NDArray[np.int64]
    xy_fraction: NDArray[np.float64]


class Tally(NamedTuple):
    """Samples of a stretch, the fraction of those owed that are not usable, and its longest gap.

    None where unknown; a pause is no gap.
    """

    n_samples: int
    loss: float | None
    longest_gap_s: float | None = None


class _Count(NamedTuple):
    """Everything up to a capture time."""

    time_ns: int
    n_samples: int
    n_usable: int


class LiveGaze:
    """Follows one recording. Fed by the recorder's thread; `newest` and `tally` may be called by any."""

    def __init__(self, info: SourceInfo, opened_ns: int) -> None:
        """Follow a source that was opened at this host time."""
        self._info = info
        self._pairs: list[ClockPair] = []
        self._fit: ClockFit | None = None
        self._recent: tuple[NewestGaze, ...] = ()
        self._recent_gaze: tuple[NDArray[np.void], ...] = ()
        self._counts = [_Count(opened_ns, 0, 0)]
        self._open_pieces: list[NewestGaze] = []
        self._silent_since_ns = opened_ns if info.channels else None
        self._known: list[Gap] = []

    @property
    def has_gaze(self) -> bool:
        """Whether the source has gaze at all."""
        return bool(self._info.channels)

    def capture_ns(self, batch: Batch) -> NDArray[np.int64]:
        """When the samples of a batch (n,) were taken, as far as the clock pairs up to now can tell."""
        if batch.clock_pairs:
            self._pairs.extend(batch.clock_pairs)
            self._fit = fit_offset(self._pairs)
        return batch.host_time_ns if self._fit is None else self._fit.to_host_ns(batch.source_time_s)

    def add(self, batch: Batch, time_ns: NDArray[np.int64]) -> None:
        """Take in the samples of a batch and their capture times (n,)."""
        if len(time_ns) == 0 or not self._info.channels:
            return
        raw = RawGaze(self._info.channels, batch.samples, batch.source_time_s, batch.host_time_ns)
        gaze = gaze_of(raw, ())
        gaze["time_ns"] = time_ns
        piece = NewestGaze(time_ns, binocular_point(gaze))
        self._open_pieces.append(piece)
        begin_ns = int(time_ns[-1]) - round(RECENT_S * 1e9)
        self._recent = (*(old for old in self._recent if old.time_ns[-1] >= begin_ns), piece)
        self._recent_gaze = (
            *(old for old in self._recent_gaze if old["time_ns"][-1] >= begin_ns),
            gaze,
        )
        before = self._counts[-1]
        n_usable = before.n_usable + int(is_finite(piece.xy_fraction).sum())
        self._counts.append(_Count(int(time_ns[-1]), before.n_samples + len(time_ns), n_usable))

    def newest(self, seconds: float) -> NewestGaze:
        """The samples of the last seconds before the newest, at most `RECENT_S`."""
        gaze = _joined(self._recent)
        wanted = gaze.time_ns >= gaze.time_ns[-1:].max(initial=0) - round(seconds * 1e9)
        return NewestGaze(gaze.time_ns[wanted], gaze.xy_fraction[wanted])

    def between(self, start_ns: int, end_ns: int) -> NDArray[np.void]:
        """Gaze (n,) as from `Store.gaze`, captured in [start, end); none older than `RECENT_S`."""
        nothing = np.zeros(0, gaze_dtype(self._info.channels))
        gaze = np.concatenate((nothing, *self._recent_gaze))
        return gaze[(gaze["time_ns"] >= start_ns) & (gaze["time_ns"] < end_ns)]

    def tally(self, start_ns: int, end_ns: int) -> Tally:
        """Count between two host times, to the nearest piece; a stretch not yet recorded is not owed."""
        counts = list(self._counts)
        pauses = [gap for gap in self._known if gap.cause is GapCause.PAUSE]
        times_ns = np.array([count.time_ns for count in counts])
        first, last = (
            max(int(np.searchsorted(times_ns, t, side="right")) - 1, 0) for t in (start_ns, end_ns)
        )
        n_samples = counts[last].n_samples - counts[first].n_samples
        n_usable = counts[last].n_usable - counts[first].n_usable
        start_ns, end_ns = counts[first].time_ns, counts[last].time_ns
        paused_ns = sum(max(0, min(g.end_ns, end_ns) - max(g.start_ns, start_ns)) for g in pauses)
        owed = (end_ns - start_ns - paused_ns) * 1e-9 * self._info.nominal_rate_hz or float(n_samples)
        return Tally(n_samples, float(np.clip(1.0 - n_usable / owed, 0.0, 1.0)) if owed > 0 else None)

    def recent_quality(self) -> tuple[float | None, float]:
        """Share of usable samples (None without samples) and samples a second, over the last `RECENT_S`."""
        gaze = self.newest(RECENT_S)
        if len(gaze.time_ns) < 2:
            return None, 0.0
        span_s = float(gaze.time_ns[-1] - gaze.time_ns[0]) * 1e-9
        rate_hz = (len(gaze.time_ns) - 1) / span_s if span_s > 0 else 0.0
        return float(is_finite(gaze.xy_fraction).mean()), rate_hz

    def last_ns(self) -> int:
        """When the newest sample was taken."""
        return self._counts[-1].time_ns

    def explain(self, gap: Gap) -> None:
        """A gap known from an event: nothing else is found in it."""
        self._known.append(gap)

    def settled_gaps(self) -> list[Gap]:
        """The gaps that have ended since the last call."""
        tail = _joined(tuple(self._open_pieces))
        usable = np.flatnonzero(
            is_finite(tail.xy_fraction) & (np.abs(tail.xy_fraction - 0.5) <= 0.5).all(axis=1)
        )
        if len(usable) == 0:
            return []
        last = int(usable[-1])
        gaps = self._gaps(NewestGaze(tail.time_ns[: last + 1], tail.xy_fraction[: last + 1]), None)
        self._open_pieces = [NewestGaze(tail.time_ns[last:], tail.xy_fraction[last:])]
        self._silent_since_ns = None
        return gaps

    def last_gaps(self, until_ns: int) -> list[Gap]:
        """The gaps that had not ended when the recording did."""
        return self._gaps(_joined(tuple(self._open_pieces)), until_ns) if self.has_gaze else []

    def _gaps(self, gaze: NewestGaze, until_ns: int | None) -> list[Gap]:
        rate_hz = self._info.nominal_rate_hz
        since_ns = self._silent_since_ns
        return find_gaps(*gaze, rate_hz, explained=self._known, since_ns=since_ns, until_ns=until_ns)


def _joined(pieces: tuple[NewestGaze, ...]) -> NewestGaze:
    nothing = NewestGaze(np.zeros(0, dtype=np.int64), np.zeros((0, 2)))
    times, points = zip(nothing, *pieces, strict=True)
    return NewestGaze(np.concatenate(times), np.concatenate(points))
