"""The gaze of a reading on each of its images: what similarity is computed from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Image, Reading, ViewState
from acquisition.geometry import binocular_point, display_fraction_to_px, gaze_to_image
from acquisition.store import Store


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


def reading_traces(store: Store, reading_id: str) -> list[Trace]:
    """One trace for each image of the case that was looked at, in the order of the case.

    Raises:
        StoreError: the reading or its recording is missing or damaged.
    """
    reading = store.catalogue.reading(reading_id)
    session = store.catalogue.session(reading.session_id)
    gaze = store.gaze(reading_id)
    order = np.argsort(gaze["time_ns"], kind="stable")
    time_ns = gaze["time_ns"][order]
    xy_px = display_fraction_to_px(binocular_point(gaze[order]), session.display)
    views = own_views(store.recording(reading.session_id).view_states(), reading)
    found = gaze_to_image(time_ns, xy_px, views)
    t_s = (time_ns - reading.opened_host_time_ns) * 1e-9
    samples = np.column_stack((found.x_image_px, found.y_image_px, t_s))

    traces = []
    for image in store.catalogue.images(reading.case_id):
        if image.id not in found.image_ids:
            continue
        on_image = samples[found.image_index == found.image_ids.index(image.id)]
        inside = on_image[_is_inside(on_image, image)]
        if len(inside):
            canvas = (image.width_px, image.height_px)
            traces.append(Trace(image.id, reading.id, reading.reader_id, inside, canvas))
    return traces


def own_views(view_states: list[ViewState], reading: Reading) -> list[ViewState]:
    """The view states with those of other readings blank: the case before may stay on screen for a moment."""
    return [view if view.reading_id == reading.id else replace(view, panels=()) for view in view_states]


def _is_inside(samples: NDArray[np.float64], image: Image) -> NDArray[np.bool_]:
    x, y = samples[:, 0], samples[:, 1]
    inside: NDArray[np.bool_] = (x >= 0) & (x < image.width_px) & (y >= 0) & (y < image.height_px)
    return inside
