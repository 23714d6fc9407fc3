import numpy as np
import pytest
from scipy.stats import binomtest

from acquisition.domain import Display, Panel, ViewState
from acquisition.events import detect_fixations
from acquisition.geometry import apply, px_to_deg
from acquisition.simulation.reader import Habits, Lesion, SceneKnowledge, SimulatedReader

DISPLAY = Display(2000, 1000, 600.0, 300.0, 650.0)
BOX = (0.0, 0.0, 500.0, 500.0)
LESION = (300.0, 150.0, 25.0)
SCREEN_TO_IMAGE = (0.5, 0.0, -250.0, 0.0, 0.5, 0.0)
"""The image fills the panel from x 500 to 1500 at zoom 2."""
QUIET = {"blinks_per_min": 0.0, "dropouts_per_min": 0.0, "off_screen_per_min": 0.0}
RATE_HZ = 500


def view_of(image_id="img", start_ns=0, reading_id="rd"):
    panel = Panel(image_id, (500.0, 0.0, 1000.0, 1000.0), SCREEN_TO_IMAGE)
    return ViewState(start_ns, (panel,), reading_id=reading_id)


def knowing(malignant):
    return lambda _: SceneKnowledge((Lesion(*LESION, malignant),), BOX)


def look(reader, seconds, start_s=0.0):
    time_ns = (np.arange(start_s * RATE_HZ, (start_s + seconds) * RATE_HZ) * 1e9 / RATE_HZ).astype(np.int64)
    points, seen = reader.look(time_ns)
    return time_ns, points, seen


def image_gaze(malignant, seed, seconds=10, **habits):
    reader = SimulatedReader(DISPLAY, knowing(malignant), seed=seed, habits=Habits(**QUIET, **habits))
    reader.observe(view_of())
    return apply(SCREEN_TO_IMAGE, look(reader, seconds)[1])


def on_lesion(points_px):
    x, y, radius = LESION
    return np.hypot(points_px[:, 0] - x, points_px[:, 1] - y) < 2 * radius


def test_the_same_seed_gives_the_same_gaze_however_it_is_asked():
    whole, pieces = (SimulatedReader(DISPLAY, knowing(True), seed=7) for _ in range(2))
    for reader in (whole, pieces):
        reader.observe(view_of())
        reader.observe(view_of("other", start_ns=3_000_000_000))
    _, points, seen = look(whole, 8)
    parts = [look(pieces, 0.25, start_s) for start_s in np.arange(0, 8, 0.25)]
    assert np.array_equal(points, np.concatenate([part[1] for part in parts]))
    assert np.array_equal(seen, np.concatenate([part[2] for part in parts]))
    other = SimulatedReader(DISPLAY, knowing(True), seed=8)
    other.observe(view_of())
    assert not np.array_equal(points, look(other, 8)[1])


def test_jumps_follow_the_main_sequence():
    reader = SimulatedReader(DISPLAY, seed=1, habits=Habits(**QUIET))
    reader.observe(view_of())
    time_ns, points, _ = look(reader, 60)
    angles = px_to_deg(points, DISPLAY)
    moving = np.hypot(*np.diff(angles, axis=0).T) > 1e-9
    starts = np.flatnonzero(moving & ~np.r_[False, moving[:-1]])
    stops = np.flatnonzero(moving & ~np.r_[moving[1:], False]) + 1
    assert len(starts) > 100
    amplitude_deg = np.hypot(*(angles[stops] - angles[starts]).T)
    lasted_ms = (time_ns[stops] - time_ns[starts]) / 1e6
    assert np.abs(lasted_ms - (2.2 * amplitude_deg + 21)).max() < 2 * 1000 / RATE_HZ + 2
    peak = np.array(
        [np.hypot(*np.diff(angles[a : b + 1], axis=0).T).max() for a, b in zip(starts, stops, strict=True)]
    )
    big = amplitude_deg > 5
    assert peak[big] * RATE_HZ == pytest.approx(1875 * amplitude_deg[big] / lasted_ms[big], rel=0.15)


def test_rests_last_as_fixations_do():
    reader = SimulatedReader(DISPLAY, seed=2, habits=Habits(**QUIET))
    reader.observe(view_of())
    time_ns, points, _ = look(reader, 120)
    found = detect_fixations(time_ns, *px_to_deg(points, DISPLAY).T)
    lasted_ms = np.array([(f.end_ns - f.start_ns) / 1e6 for f in found])
    assert 240 < np.median(lasted_ms) < 320
    assert 2.5 < len(found) / 120 < 4


def test_a_malignant_lesion_draws_concentrated_and_a_benign_one_scattered_gaze():
    share = {
        malignant: np.mean([on_lesion(image_gaze(malignant, seed)).mean() for seed in range(20)])
        for malignant in (True, False)
    }
    assert share[True] > 0.55
    assert share[False] < 0.4


def test_without_information_the_class_does_not_show():
    shares = [
        [on_lesion(image_gaze(malignant, seed, information=0.0)).mean() for seed in range(40)]
        for malignant in (True, False)
    ]
    assert np.array_equal(*shares)


def test_most_lesions_are_found_within_a_second():
    first = []
    for seed in range(120):
        hits = np.flatnonzero(
            on_lesion(image_gaze(False, seed, seconds=16, dwell_scattered=0.0, dwell_spread=0.0))
        )
        first.append(hits[0] / RATE_HZ if len(hits) else np.inf)
    first = np.array(first)
    assert np.isfinite(first).all()
    at_once = binomtest(int((first < 1.3).sum()), len(first))
    assert at_once.proportion_ci(0.999).low < 0.62 < at_once.proportion_ci(0.999).high


def test_the_eye_moves_on_when_the_case_changes():
    panels = {"left": (0.0, 0.0, 900.0, 1000.0), "right": (1100.0, 0.0, 900.0, 1000.0)}
    reader = SimulatedReader(DISPLAY, seed=3, habits=Habits(**QUIET))
    for i, (image_id, rect_px) in enumerate(panels.items()):
        panel = Panel(image_id, rect_px, (1.0, 0.0, -rect_px[0], 0.0, 1.0, 0.0))
        reader.observe(ViewState(i * 5_000_000_000, (panel,), reading_id=image_id))
    _, points, _ = look(reader, 10)
    x = points[:, 0]
    assert (x[RATE_HZ : 5 * RATE_HZ] < 900).all()
    assert (x[6 * RATE_HZ :] >= 1100).all()


def test_every_panel_is_visited():
    panels = [
        Panel(f"img{i}", (500.0 * i, 0.0, 500.0, 1000.0), (1.0, 0.0, -500.0 * i, 0.0, 1.0, 0.0))
        for i in range(4)
    ]
    reader = SimulatedReader(DISPLAY, seed=4, habits=Habits(**QUIET))
    reader.observe(ViewState(0, tuple(panels)))
    visited = np.floor(look(reader, 30)[1][:, 0] / 500).astype(int)
    assert set(visited) == {0, 1, 2, 3}


def test_what_is_zoomed_out_of_the_panel_is_not_looked_at():
    reader = SimulatedReader(DISPLAY, knowing(True), seed=5, habits=Habits(**QUIET))
    zoomed = Panel("img", (500.0, 0.0, 1000.0, 1000.0), (0.1, 0.0, -50.0, 0.0, 0.1, 300.0))
    reader.observe(ViewState(0, (zoomed,)))
    points = look(reader, 10)[1][RATE_HZ:]
    assert ((points[:, 0] >= 500) & (points[:, 0] < 1500)).all()


def test_blinks_dropouts_and_looks_away_come_as_often_as_asked():
    habits = Habits(blinks_per_min=10, dropouts_per_min=2, off_screen_per_min=3)
    reader = SimulatedReader(DISPLAY, seed=6, habits=habits)
    reader.observe(view_of())
    _, points, seen = look(reader, 1200)
    shut = np.flatnonzero(np.diff(seen.astype(int)) == -1)
    assert len(shut) / 20 == pytest.approx(12, abs=2.5)
    away = (points[:, 0] < 0) | (points[:, 0] > DISPLAY.width_px)
    assert 1 < (np.diff(away.astype(int)) == 1).sum() / 20 < 5


def test_nothing_shown_is_looked_at_too():
    points, seen = look(SimulatedReader(DISPLAY, seed=0), 3)[1:]
    assert np.ptp(points, axis=0).min() > 0
    assert seen.any()
    nothing = SimulatedReader(DISPLAY).look(np.zeros(0, dtype=np.int64))
    assert (len(nothing[0]), len(nothing[1])) == (0, 0)


def target_at(x_px, y_px, start_ns):
    return ViewState(start_ns, (), target_px=(x_px, y_px))


def test_a_target_draws_the_eye_and_holds_it():
    reader = SimulatedReader(DISPLAY, seed=11, habits=Habits(**QUIET))
    reader.observe(view_of())
    reader.observe(target_at(200.0, 900.0, 3_000_000_000))
    reader.observe(target_at(1800.0, 100.0, 6_000_000_000))
    reader.observe(view_of(start_ns=9_000_000_000))
    time_ns, points, _ = look(reader, 12)
    time_s = time_ns * 1e-9
    for start_s, target in ((3.0, (200.0, 900.0)), (6.0, (1800.0, 100.0))):
        held = (time_s > start_s + 0.35) & (time_s < start_s + 3.2)
        assert np.array_equal(points[held], np.tile(target, (held.sum(), 1)))
        waiting = (time_s >= start_s + 0.15) & (time_s <= start_s + 0.2)
        assert np.ptp(points[waiting], axis=0).max() == 0, "no other step is begun before it"
        assert not np.array_equal(points[waiting][0], target)
    assert len(np.unique(points[time_s > 9.3], axis=0)) > 10, "the images are looked at again"


def test_targets_give_the_same_gaze_however_they_are_asked_and_the_eye_still_blinks():
    whole, pieces = (SimulatedReader(DISPLAY, seed=12, habits=Habits(blinks_per_min=30.0)) for _ in range(2))
    views = [view_of(), target_at(900.0, 500.0, 1_500_000_000), view_of(start_ns=7_000_000_000)]
    for view in views:
        whole.observe(view)
    _, points, seen = look(whole, 9)
    parts = []
    for start_s in np.arange(0, 9, 0.25):
        while views and views[0].host_time_ns <= (start_s + 0.25) * 1e9:
            pieces.observe(views.pop(0))
        parts.append(look(pieces, 0.25, start_s)[1])
    assert np.array_equal(points, np.concatenate(parts))
    assert not seen[2 * RATE_HZ : 7 * RATE_HZ].all()


def test_a_target_that_moves_is_followed():
    reader = SimulatedReader(DISPLAY, seed=13, habits=Habits(**QUIET))
    for i in range(51):
        reader.observe(target_at(500.0 + 20 * i, 500.0, 1_000_000_000 + 10_000_000 * i))
    time_ns, points, _ = look(reader, 3)
    assert np.array_equal(points[-1], (1500.0, 500.0))
    assert points[time_ns < 1_200_000_000][-1, 0] != 1500.0
