"""Where the eye rested on the images of a reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from acquisition.domain import Fixation, ViewState
from acquisition.events import detector_for
from acquisition.geometry import binocular_point, deg_to_px, display_fraction_to_px, gaze_to_image, px_to_deg
from acquisition.store import Store
from acquisition.traces import own_views


def reading_fixations(store: Store, reading_id: str) -> dict[str, list[Fixation]]:
    """Fixations by image id, their centroids in image px, in the order of time.

    Found by the detector for the rate of the tracker, in degrees on the screen, and only then placed on the
    image that was shown; none crosses a change of the view that moves an image under a resting eye. A look
    beside the images is left out.

    Raises:
        StoreError: the reading or its recording is missing or damaged.
    """
    reading = store.catalogue.reading(reading_id)
    display = store.catalogue.session(reading.session_id).display
    gaze = store.gaze(reading_id)
    gaze = gaze[np.argsort(gaze["time_ns"], kind="stable")]
    angles = px_to_deg(display_fraction_to_px(binocular_point(gaze), display), display)
    recording = store.recording(reading.session_id)
    views = own_views(recording.view_states(), reading)
    detect = detector_for(recording.info.nominal_rate_hz)
    fixations = detect(gaze["time_ns"], angles[:, 0], angles[:, 1], breaks_ns=_moved_ns(views))
    if not fixations:
        return {}
    centroids_px = deg_to_px(np.array([(fixation.x, fixation.y) for fixation in fixations]), display)
    found = gaze_to_image(np.array([fixation.start_ns for fixation in fixations]), centroids_px, views)
    images = {image.id: image for image in store.catalogue.images(reading.case_id)}
    by_image: dict[str, list[Fixation]] = {}
    for fixation, index, x, y in zip(
        fixations, found.image_index, found.x_image_px, found.y_image_px, strict=True
    ):
        image = images.get(found.image_ids[index]) if index >= 0 else None
        if image is not None and 0 <= x < image.width_px and 0 <= y < image.height_px:
            by_image.setdefault(image.id, []).append(replace(fixation, x=float(x), y=float(y)))
    return by_image


def _moved_ns(views: Sequence[ViewState]) -> list[int]:
    """When an image came, went or moved on the screen; dragging the window over grey values moves nothing."""
    places = [tuple((p.image_id, p.rect_px, p.screen_to_image) for p in view.panels) for view in views]
    return [
        view.host_time_ns
        for view, before, here in zip(views, (None, *places), places, strict=False)
        if here != before
    ]
