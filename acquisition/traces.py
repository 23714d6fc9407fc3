"""The gaze of a reading on each of its images: what similarity is computed from.

Gaze after a mark that was dropped by gaze is left out: it steered (docs/decisions/0017).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acquisition.assisted import Stretch, assisted_stretches, is_assisted
from acquisition.domain import Image, Reading, Session, Validation, ValidationKind, ViewState
from acquisition.geometry import GazeOnImages, Points, binocular_point, display_fraction_to_px, gaze_to_image
from acquisition.store import Store
from acquisition.uncertainty import Moments, image_error, screen_error


@dataclass(frozen=True, slots=True)
class Trace:
    """The gaze of one reading on one image.

    samples: float64 (n, 3) with columns x_image_px, y_image_px, t_s; t_s is 0 where the reading opened.
        Only what fell inside the image, in the order of capture; a look elsewhere leaves a hole in time.
    """

    image_id: str
    reading_id: str
    reader_id: str
    samples: NDArray[np.float64]
    canvas: tuple[int, int]
    """(width, height) of the image in px."""
    frames: NDArray[np.int64]
    """(n,) which frame of the file each sample fell on, from 0."""

    def on_frame(self, frame: int) -> Trace:
        """What of it fell on one frame; the others leave holes in time."""
        own = self.frames == frame
        return replace(self, samples=self.samples[own], frames=self.frames[own])


def reading_traces(store: Store, reading_id: str) -> list[Trace]:
    """One trace for each image of the case that was looked at, in the order of the case.

    Raises:
        StoreError: the reading or its recording is missing or damaged.
    """
    return _traces(_looks(store, reading_id))


def traces_of_readings(store: Store, readings: Iterable[Reading]) -> Iterator[tuple[Reading, list[Trace]]]:
    """`reading_traces` of many readings, session by session: each recording is opened but a few times.

    Raises:
        StoreError: a recording is missing or damaged.
    """
    by_session: dict[str, list[Reading]] = {}
    for reading in readings:
        by_session.setdefault(reading.session_id, []).append(reading)
    images: dict[str, list[Image]] = {}
    for image in store.catalogue.images() if by_session else []:
        images.setdefault(image.case_id, []).append(image)
    for session_id, own in by_session.items():
        sitting = _sitting(store, session_id)
        for reading, gaze in zip(own, store.gaze_of_readings(session_id, own), strict=True):
            yield reading, _traces(_looks_in(sitting, reading, gaze, images.get(reading.case_id, [])))


def _traces(looks: _Looks) -> list[Trace]:
    found, reading = looks.found, looks.reading
    t_s = (looks.time_ns - reading.opened_host_time_ns) * 1e-9
    samples = np.column_stack((found.x_image_px, found.y_image_px, t_s))
    return [
        Trace(
            image.id,
            reading.id,
            reading.reader_id,
            samples[own],
            (image.width_px, image.height_px),
            found.frame[own],
        )
        for image, own in looks.on_images
    ]


def trace_errors(store: Store, reading_id: str) -> dict[str, Moments]:
    """How far off each sample of `reading_traces` may be, by image id: (n, 2, 2) in square image px.

    By the newest validation of the session before the reading closed; NaN where there is none. Their
    ellipses: `uncertainty.ellipses`.

    Raises:
        StoreError: the reading or its recording is missing or damaged.
    """
    looks = _looks(store, reading_id)
    validation = _newest(store.catalogue.validations(looks.reading.reader_id), looks.reading)
    if validation is None:
        return {image.id: np.full((len(own), 2, 2), np.nan) for image, own in looks.on_images}
    errors = image_error(screen_error(looks.xy_px, validation, looks.session.display, "both"), looks.found)
    return {image.id: errors[own] for image, own in looks.on_images}


def own_views(view_states: list[ViewState], reading: Reading) -> list[ViewState]:
    """The view states with those of other readings blank: the case before may stay on screen for a moment."""
    return [view if view.reading_id == reading.id else replace(view, panels=()) for view in view_states]


class _Looks(NamedTuple):
    """The gaze of a reading in the order of capture, and which samples (their numbers) are on which image."""

    reading: Reading
    session: Session
    time_ns: NDArray[np.int64]
    xy_px: Points
    found: GazeOnImages
    on_images: list[tuple[Image, NDArray[np.int64]]]


class _Sitting(NamedTuple):
    """What the readings of a session have in common."""

    session: Session
    views: list[ViewState]
    """In order of time."""
    assisted: list[Stretch]


def _sitting(store: Store, session_id: str) -> _Sitting:
    recording = store.recording(session_id)
    views = sorted(recording.view_states(), key=_time_ns)
    return _Sitting(store.catalogue.session(session_id), views, assisted_stretches(recording.events()))


def _time_ns(view: ViewState) -> int:
    return view.host_time_ns


def _looks(store: Store, reading_id: str) -> _Looks:
    reading = store.catalogue.reading(reading_id)
    sitting, images = _sitting(store, reading.session_id), store.catalogue.images(reading.case_id)
    return _looks_in(sitting, reading, store.gaze(reading_id), images)


def _looks_in(sitting: _Sitting, reading: Reading, gaze: NDArray[np.void], images: Sequence[Image]) -> _Looks:
    if (np.diff(gaze["time_ns"]) < 0).any():
        gaze = gaze[np.argsort(gaze["time_ns"], kind="stable")]
    if sitting.assisted:
        gaze = gaze[~is_assisted(gaze["time_ns"], sitting.assisted)]
    xy_px = display_fraction_to_px(binocular_point(gaze), sitting.session.display)
    found = gaze_to_image(gaze["time_ns"], xy_px, own_views(_shown_during(reading, sitting.views), reading))
    on_images = [(image, _inside(found, image)) for image in images]
    looked_at = [(image, own) for image, own in on_images if len(own)]
    return _Looks(reading, sitting.session, gaze["time_ns"], xy_px, found, looked_at)


def _shown_during(reading: Reading, views: list[ViewState]) -> list[ViewState]:
    """What was on the screen from the opening of a reading to its end, out of all in order of time."""
    first = max(bisect_right(views, reading.opened_host_time_ns, key=_time_ns) - 1, 0)
    closed_ns = reading.closed_host_time_ns
    end = len(views) if closed_ns is None else bisect_right(views, closed_ns, key=_time_ns)
    return views[first:end]


def _inside(found: GazeOnImages, image: Image) -> NDArray[np.int64]:
    """The numbers of the samples on this image and not beside it in its panel."""
    if image.id not in found.image_ids:
        return np.zeros(0, dtype=np.int64)
    x, y = found.x_image_px, found.y_image_px
    with np.errstate(invalid="ignore"):
        inside = (x >= 0) & (x < image.width_px) & (y >= 0) & (y < image.height_px)
    return np.flatnonzero(inside & (found.image_index == found.image_ids.index(image.id)))


def _newest(validations: Sequence[Validation], reading: Reading) -> Validation | None:
    """The last validation of the session before the reading closed; drift checks have one target only."""
    closed_ns = reading.closed_host_time_ns
    before = [
        validation
        for validation in validations
        if validation.session_id == reading.session_id
        and validation.kind is ValidationKind.VALIDATION
        and (closed_ns is None or validation.host_time_ns <= closed_ns)
    ]
    return max(before, key=lambda validation: validation.host_time_ns, default=None)
