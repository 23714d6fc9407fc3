"""What is known of gaze while it is being recorded: its time, how good it is, where it has gaps.

Nothing of this is stored but the gaps; the store derives the same from the samples as sent.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import ClockFit, SourceClock, source_clock
from acquisition.domain import Gap, GapCause
from acquisition.gaps import find_gaps
from acquisition.geometry import binocular_point, is_finite
from acquisition.ledger import GapLedger, longest_gap_s
from acquisition.sources.base import Batch, ClockPair, SourceInfo
from acquisition.store.gaze import GazeView

RECENT_S = 5.0
SILENT_S = 0.1
"""A source that sent nothing for so long is silent, and what it then owes is lost."""
COUNT_EVERY_NS = 100_000_000


class NewestGaze(NamedTuple):
    """The last samples: capture times (n,) and fractions of the display (n, 2), NaN without an eye."""

    time_ns: NDArray[np.int64]
    xy_fraction: NDArray[np.float64]


class RecentGaze(NamedTuple):
    """The gaze of the last seconds, and the stretch of host time over which it was owed."""

    gaze: NDArray[np.void]
    """(n,) as from `Store.gaze`."""
    start_ns: int
    end_ns: int
    rate_hz: float
    """What is owed; 0 where the source is irregular."""


class Tally(NamedTuple):
    """Samples of a stretch, the fraction of those owed that are not usable, and its longest gap.

    None where unknown; a pause is no gap, nor is a look beside the display (`acquisition.ledger`).
    """

    n_samples: int
    loss: float | None
    longest_gap_s: float | None = None


class _Count(NamedTuple):
    """Everything up to a capture time."""

    time_ns: int
    n_samples: int
    n_usable: int


class _Piece(NamedTuple):
    """Samples that came together: gaze (n,) and points (n, 2)."""

    gaze: NDArray[np.void]
    xy_fraction: NDArray[np.float64]
    n_usable: int
    last_ns: int


class LiveGaze:
    """Follows one recording. Fed by the recorder's thread; what only looks may be called by any."""

    def __init__(self, info: SourceInfo, opened_ns: int) -> None:
        """Follow a source that was opened at this host time."""
        self._info, self._view = info, GazeView(info.channels)
        self._pairs: list[ClockPair] = []
        self._source_clock = SourceClock()
        self._recent: deque[_Piece] = deque()
        self._counts = [_Count(opened_ns, 0, 0)]
        self._open_pieces: list[NewestGaze] = []
        self._can_settle = False
        self._silent_since_ns = opened_ns if info.channels else None
        self._known: list[Gap] = []
        self._found: list[Gap] = []
        self._owed_since_ns = opened_ns
        self._paused_since_ns: int | None = None
        self.ledger = GapLedger()
        """The gaps so far."""

    @property
    def has_gaze(self) -> bool:
        """Whether the source has gaze at all."""
        return bool(self._info.channels)

    def capture_ns(self, batch: Batch) -> NDArray[np.int64]:
        """When the samples of a batch (n,) were taken, as far as the clock pairs up to now can tell."""
        if batch.clock_pairs:
            self._pairs.extend(batch.clock_pairs)
            self._source_clock = source_clock(self._pairs)
        return self._source_clock.capture_ns(batch.source_time_s, batch.host_time_ns)

    def add(self, batch: Batch, time_ns: NDArray[np.int64]) -> None:
        """Take in the samples of a batch and their capture times (n,)."""
        if len(time_ns) == 0 or not self._info.channels:
            return
        gaze = np.empty(len(time_ns), self._view.dtype)
        self._view.fill(gaze, batch.samples, batch.source_time_s, batch.host_time_ns, time_ns)
        xy_fraction = binocular_point(gaze)
        piece = _Piece(gaze, xy_fraction, int(is_finite(xy_fraction).sum()), int(time_ns[-1]))
        self._open_pieces.append(NewestGaze(time_ns, piece.xy_fraction))
        self._can_settle |= bool(_is_on_screen(piece.xy_fraction).any())
        self._recent.append(piece)
        begin_ns = int(time_ns[-1]) - round(RECENT_S * 1e9)
        while self._recent[0].last_ns < begin_ns:
            self._recent.popleft()
        self._count(piece)

    def _count(self, piece: _Piece) -> None:
        """Go on counting, with an entry for every `COUNT_EVERY_NS`."""
        last = self._counts[-1]
        time_ns = max(piece.last_ns, last.time_ns)  # the source's time may run back
        now = _Count(time_ns, last.n_samples + len(piece.gaze), last.n_usable + piece.n_usable)
        if len(self._counts) > 1 and time_ns - self._counts[-2].time_ns < COUNT_EVERY_NS:
            self._counts[-1] = now
        else:
            self._counts.append(now)

    def newest(self, seconds: float) -> NewestGaze:
        """The samples of the last seconds before the newest, at most `RECENT_S`."""
        pieces = tuple(self._recent)
        gaze = _joined(tuple(NewestGaze(piece.gaze["time_ns"], piece.xy_fraction) for piece in pieces))
        wanted = gaze.time_ns >= gaze.time_ns[-1:].max(initial=0) - round(seconds * 1e9)
        return NewestGaze(gaze.time_ns[wanted], gaze.xy_fraction[wanted])

    def between(self, start_ns: int, end_ns: int) -> NDArray[np.void]:
        """Gaze (n,) as from `Store.gaze`, captured in [start, end); none older than `RECENT_S`."""
        pieces = [piece.gaze.tobytes() for piece in tuple(self._recent) if piece.last_ns >= start_ns]
        # `concatenate` would compare their forty fields piece by piece, a hundred times slower.
        gaze = np.frombuffer(bytearray().join(pieces), self._view.dtype)
        return gaze[(gaze["time_ns"] >= start_ns) & (gaze["time_ns"] < end_ns)]

    def recent(self, now_ns: int) -> RecentGaze:
        """The gaze of the last `RECENT_S`, owed since the recording began or the last pause ended."""
        rate_hz = self._info.nominal_rate_hz
        heard_ns = self.last_ns() + round(1e9 / rate_hz if rate_hz else 1)
        is_silent = now_ns - heard_ns > SILENT_S * 1e9
        end_ns = now_ns if is_silent and self._paused_since_ns is None else heard_ns
        start_ns = max(end_ns - round(RECENT_S * 1e9), self._owed_since_ns)
        return RecentGaze(self.between(start_ns, end_ns), start_ns, end_ns, rate_hz)

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
        gap_s = self._longest_gap_s(start_ns, end_ns) if self.has_gaze else None
        start_ns, end_ns = counts[first].time_ns, counts[last].time_ns
        paused_ns = sum(max(0, min(g.end_ns, end_ns) - max(g.start_ns, start_ns)) for g in pauses)
        owed = (end_ns - start_ns - paused_ns) * 1e-9 * self._info.nominal_rate_hz or float(n_samples)
        loss = float(np.clip(1.0 - n_usable / owed, 0.0, 1.0)) if owed > 0 else None
        return Tally(n_samples, loss, gap_s)

    def _longest_gap_s(self, start_ns: int, end_ns: int) -> float:
        """Of a stretch up to this moment, with the gap that is still open."""
        until_ns = end_ns if self._paused_since_ns is None else min(end_ns, self._paused_since_ns)
        gaps = [*self._found, *self._known, *self.last_gaps(until_ns)]
        return longest_gap_s(gaps, start_ns, end_ns)

    def recent_quality(self) -> tuple[float | None, float]:
        """Share of usable samples (None without samples) and samples a second, over the last `RECENT_S`."""
        pieces = tuple(self._recent)
        if not pieces:
            return None, 0.0
        first, *others = pieces
        # Only the first piece may have begun too early.
        inside = first.gaze["time_ns"] >= pieces[-1].last_ns - round(RECENT_S * 1e9)
        n_usable = int(is_finite(first.xy_fraction[inside]).sum()) + sum(piece.n_usable for piece in others)
        n_samples = int(inside.sum()) + sum(len(piece.gaze) for piece in others)
        if n_samples < 2:
            return None, 0.0
        span_s = float(pieces[-1].last_ns - first.gaze["time_ns"][inside][0]) * 1e-9
        return n_usable / n_samples, (n_samples - 1) / span_s if span_s > 0 else 0.0

    def last_ns(self) -> int:
        """When the newest sample was taken."""
        return self._counts[-1].time_ns

    def clock_fit(self) -> ClockFit | None:
        """How the source's clock lies on the host's now; None where nothing is known of that."""
        segments = self._source_clock.segments
        return segments[-1].fit if segments else None

    def pause(self, start_ns: int) -> None:
        """Nothing is owed from this moment on, until a gap of the cause pause is explained."""
        self._paused_since_ns = start_ns

    def explain(self, gap: Gap) -> None:
        """A gap known from an event: nothing else is found in it."""
        self._known.append(gap)
        self.ledger = self.ledger.and_gap(gap)
        if gap.cause is GapCause.PAUSE:
            self._owed_since_ns, self._paused_since_ns = gap.end_ns, None

    def settled_gaps(self) -> list[Gap]:
        """The gaps that have ended since the last call."""
        if not self._can_settle:
            return []
        tail = _joined(tuple(self._open_pieces))
        last = int(np.flatnonzero(_is_on_screen(tail.xy_fraction))[-1])
        gaps = self._gaps(NewestGaze(tail.time_ns[: last + 1], tail.xy_fraction[: last + 1]), None)
        self._open_pieces = [NewestGaze(tail.time_ns[last:], tail.xy_fraction[last:])]
        # Its time may have run back: nobody was silent who was heard later.
        heard_ns = int(tail.time_ns[: last + 1].max())
        self._silent_since_ns = max(heard_ns, self._silent_since_ns or heard_ns)
        self._can_settle = False
        self._found += gaps
        for gap in gaps:
            self.ledger = self.ledger.and_gap(gap)
        return gaps

    def last_gaps(self, until_ns: int) -> list[Gap]:
        """The gaps that had not ended when the recording did."""
        return self._gaps(_joined(tuple(self._open_pieces)), until_ns) if self.has_gaze else []

    def _gaps(self, gaze: NewestGaze, until_ns: int | None) -> list[Gap]:
        rate_hz = self._info.nominal_rate_hz
        since_ns = self._silent_since_ns
        return find_gaps(*gaze, rate_hz, explained=self._known, since_ns=since_ns, until_ns=until_ns)


def _is_on_screen(xy_fraction: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n,) which of the points (n, 2) are there and on the display."""
    return is_finite(xy_fraction) & ~(np.abs(xy_fraction - 0.5) > 0.5).any(axis=1)


def _joined(pieces: tuple[NewestGaze, ...]) -> NewestGaze:
    nothing = NewestGaze(np.zeros(0, dtype=np.int64), np.zeros((0, 2)))
    times, points = zip(nothing, *pieces, strict=True)
    return NewestGaze(np.concatenate(times), np.concatenate(points))
