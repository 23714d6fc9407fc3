"""What is left of a damaged recording. Everything else refuses one as a whole; this is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import SourceClock, source_clock
from acquisition.errors import StoreError
from acquisition.store.gaze import gaze_by_clock, gaze_dtype
from acquisition.store.recording_reader import Recording


def salvage(recording: Recording) -> tuple[NDArray[np.void], list[str]]:
    """The gaze (n,) of all sound chunks in order, and a sentence for everything that is not.

    Raises `StoreError` where not even the number of chunks can be read.
    """
    problems: list[str] = []
    try:
        clock = source_clock(recording.clock_pairs())
    except StoreError as error:
        problems.append(f"{error} (its clock pairs cannot be read: gaze is placed by when it arrived)")
        clock = SourceClock()
    parts = [np.empty(0, gaze_dtype(recording.info.channels))]
    _collect(recording, range(recording.promised().chunk), clock, parts, problems)
    return np.concatenate(parts), problems


def _collect(
    recording: Recording, seqs: range, clock: SourceClock, parts: list[NDArray[np.void]], problems: list[str]
) -> None:
    """Take these chunks together; where that fails, one half after the other."""
    try:
        parts.append(gaze_by_clock(recording.raw(seqs), clock))
    except StoreError as error:
        if len(seqs) < 2:
            problems.append(str(error))
            return
        middle = len(seqs) // 2
        _collect(recording, seqs[:middle], clock, parts, problems)
        _collect(recording, seqs[middle:], clock, parts, problems)
