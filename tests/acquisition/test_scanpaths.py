from types import SimpleNamespace

import numpy as np
import pytest

from acquisition.domain import Display, Panel, Reading, ViewState
from acquisition.events import detect_fixations, detect_fixations_by_clusters
from acquisition.geometry import deg_to_px, px_to_deg, px_to_display_fraction
from acquisition.scanpaths import reading_fixations

DISPLAY = Display(2000, 1000, 600.0, 300.0, 650.0)
MS = 1_000_000
READING = Reading("rd", "ses", "rdr", "case", 0)
IMAGE = SimpleNamespace(id="img", width_px=500, height_px=500)


def shown(start_ms, zoom=2.0, window=100.0, reading_id="rd"):
    """The image on the left half of the display, its corner in the panel's."""
    affine = (1 / zoom, 0.0, 0.0, 0.0, 1 / zoom, 0.0)
    panel = Panel("img", (0.0, 0.0, 1000.0, 1000.0), affine, window, 10.0)
    return ViewState(start_ms * MS, (panel,), reading_id=reading_id)


def store_of(stops, views, rate_hz=250, noise_deg=0.02):
    """A store with one reading: rests at (x, y) display px for so many ms, and what was painted."""
    times, points = [], []
    at_ms = 0.0
    for x, y, lasting_ms in stops:
        n = round(lasting_ms * rate_hz / 1000)
        times.append(at_ms + np.arange(n) * 1000 / rate_hz)
        points.append(np.tile((float(x), float(y)), (n, 1)))
        at_ms += n * 1000 / rate_hz
    names = ("time_ns", "<i8"), ("both_x", "<f8"), ("both_y", "<f8"), ("both_valid", "?")
    gaze = np.zeros(sum(len(each) for each in times), dtype=list(names))
    gaze["time_ns"] = np.round(np.concatenate(times) * MS)
    noise = np.random.default_rng(0).normal(0, noise_deg, (len(gaze), 2))
    measured = deg_to_px(px_to_deg(np.concatenate(points), DISPLAY) + noise, DISPLAY)
    gaze["both_x"], gaze["both_y"] = px_to_display_fraction(measured, DISPLAY).T
    gaze["both_valid"] = True
    recording = SimpleNamespace(
        info=SimpleNamespace(nominal_rate_hz=rate_hz), view_states=lambda: list(views)
    )
    catalogue = SimpleNamespace(
        reading=lambda _: READING,
        session=lambda _: SimpleNamespace(display=DISPLAY),
        images=lambda _: [IMAGE],
    )
    return SimpleNamespace(catalogue=catalogue, gaze=lambda _: gaze[::-1], recording=lambda _: recording)


def places(fixations):
    return [(f.x, f.y) for f in fixations]


def test_fixations_are_where_the_image_was_looked_at():
    store = store_of([(200, 600, 300), (700, 300, 400)], [shown(0)])
    found = reading_fixations(store, "rd")["img"]
    assert places(found) == [pytest.approx((100, 300), abs=1), pytest.approx((350, 150), abs=1)]
    assert [f.start_ns // MS for f in found] == pytest.approx([0, 300], abs=25)


def test_a_zoom_under_a_resting_eye_makes_two_fixations_at_two_places_of_the_image():
    store = store_of([(400, 400, 800)], [shown(0), shown(350, zoom=4.0)])
    found = reading_fixations(store, "rd")["img"]
    assert places(found) == [pytest.approx((200, 200), abs=1), pytest.approx((100, 100), abs=1)]
    assert (found[0].end_ns, found[1].start_ns) == (350 * MS, 352 * MS)


def test_dragging_the_window_does_not_shatter_fixations():
    views = [shown(start_ms, window=float(start_ms)) for start_ms in range(0, 800, 16)]
    (fixation,) = reading_fixations(store_of([(400, 400, 800)], views), "rd")["img"]
    assert fixation.end_ns - fixation.start_ns == 800 * MS


def test_looks_beside_the_image_and_at_the_case_before_are_left_out():
    stops = [(400, 400, 400), (1500, 500, 400), (600, 600, 400)]
    views = [shown(0, reading_id="rd_before"), shown(420)]
    found = reading_fixations(store_of(stops, views), "rd")
    assert places(found["img"]) == [pytest.approx((300, 300), abs=1)]
    assert reading_fixations(store_of(stops, []), "rd") == {}


@pytest.mark.parametrize(
    ("rate_hz", "detect"), [(60, detect_fixations_by_clusters), (0, detect_fixations_by_clusters)]
)
def test_a_slow_or_unknown_tracker_gets_the_robust_detector(rate_hz, detect):
    stops = [(200 + 90 * i % 700, 100 + 130 * i % 800, 150 + 20 * i % 200) for i in range(12)]
    store = store_of(stops, [shown(0)], rate_hz=60, noise_deg=0.6)
    store.recording("ses").info.nominal_rate_hz = rate_hz
    gaze = store.gaze("rd")[::-1]
    xy_px = np.column_stack((gaze["both_x"] * 2000, gaze["both_y"] * 1000))
    angles = px_to_deg(xy_px, DISPLAY)
    robust, by_velocity = (each(gaze["time_ns"], *angles.T) for each in (detect, detect_fixations))
    found = reading_fixations(store, "rd")["img"]
    assert [f.start_ns for f in found] == [f.start_ns for f in robust]
    assert [f.start_ns for f in found] != [f.start_ns for f in by_velocity]
