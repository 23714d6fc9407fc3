"""`gazeroom read` under a virtual X server, driven by real X events; what is asserted is what was stored."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from films import SIZE_PX
from real_hands import PATIENCE_S, Workstation, at_work, wait_until, x_server

from acquisition.domain import Panel, ReadingState, SessionState
from acquisition.geometry import apply, invert
from acquisition.store import open_store

pytestmark = pytest.mark.xvfb
LOST_AT_MOST_S = 0.3
"""So much gaze may be missing after a kill."""
PIECE_SAMPLES = 15
"""A reading counts its samples to the nearest piece that was read at once."""


@pytest.fixture(scope="module")
def x_environment() -> Iterator[dict[str, str]]:
    """The environment of programs on a fresh X server."""
    with x_server("1920x1200") as environment:
        yield environment


def on_display(panel: Panel, x_image_px: float, y_image_px: float) -> tuple[float, float]:
    x, y = apply(invert(panel.screen_to_image), np.array([[x_image_px, y_image_px]]))[0]
    return float(x), float(y)


@pytest.fixture
def workstation(
    request: pytest.FixtureRequest, tmp_path: Path, x_environment: dict[str, str]
) -> Iterator[Workstation]:
    """Two cases and the program, at the scale of the screen that a test asks for."""
    environment = x_environment | {"QT_SCALE_FACTOR": getattr(request, "param", "1")}
    with at_work(tmp_path, environment) as workstation:
        yield workstation


def test_a_case_is_read_with_mouse_and_keys(workstation: Workstation) -> None:
    workstation.sit_down()
    right, left = workstation.panel("R", "CC"), workstation.panel("L", "CC")
    right_end, left_start = right.rect_px[0] + right.rect_px[2], left.rect_px[0]
    assert 0 <= left_start - right_end <= 4, "panes meet in the middle"
    assert on_display(right, SIZE_PX[0], 0)[0] == pytest.approx(right_end, abs=1), "so do chest walls"
    assert on_display(left, 0, 0)[0] == pytest.approx(left_start, abs=1)

    x, y = on_display(left, 200, 450)
    workstation.drag(1, (x, y), (x + 40, y - 20))
    wait_until(lambda: workstation.panel("L", "CC").window_width is not None, "the drag has windowed")
    workstation.hand("mousemove", round(x), round(y), "click", 4)
    wait_until(
        lambda: workstation.panel("L", "CC").screen_to_image[0] < left.screen_to_image[0] * 0.9,
        "the wheel has zoomed",
    )
    zoomed = workstation.panel("L", "CC")
    assert apply(zoomed.screen_to_image, np.array([[round(x), round(y)]]))[0] == pytest.approx(
        apply(left.screen_to_image, np.array([[round(x), round(y)]]))[0], abs=1e-6
    )

    workstation.hand("key", "r")
    workstation.drag(1, on_display(zoomed, 100, 400), on_display(zoomed, 250, 520))
    workstation.hand("key", "ctrl+4", "key", "Return")
    readings = workstation.store.readings
    wait_until(lambda: readings()[0].state is ReadingState.COMMITTED, "the reading is committed")
    reading = readings()[0]
    assessment = workstation.store.catalogue.assessment(reading.id)
    assert assessment is not None
    assert assessment.birads == 4
    [mark] = workstation.store.catalogue.annotations(reading.id)
    assert mark.image_id == left.image_id
    tolerance_px = 1.5 * zoomed.screen_to_image[0]
    np.testing.assert_allclose(mark.points_px, ((100, 400), (250, 520)), atol=tolerance_px)
    assert reading.n_samples > 0
    assert reading.is_simulated
    counted_at_least = reading.n_samples - PIECE_SAMPLES
    wait_until(lambda: len(workstation.store.gaze(reading.id)) >= counted_at_least, "its gaze is stored")

    wait_until(lambda: len(readings()) == 2, "the next case is open")
    workstation.process.send_signal(signal.SIGTERM)
    assert workstation.process.wait(PATIENCE_S) == 0
    session = workstation.session()
    assert session is not None
    assert session.state is SessionState.SEALED
    assert workstation.store.problems() == []


@pytest.mark.parametrize("workstation", ["1.5"], indirect=True)
def test_a_kill_in_the_middle_loses_no_mark_and_hardly_any_gaze(
    workstation: Workstation, tmp_path: Path
) -> None:
    workstation.sit_down()
    panel = workstation.panel("R", "MLO")
    workstation.hand("key", "r")
    workstation.drag(1, on_display(panel, 300, 300), on_display(panel, 400, 400))
    workstation.hand("key", "ctrl+3")
    reading = workstation.store.readings()[0]
    catalogue = workstation.store.catalogue
    wait_until(lambda: bool(catalogue.annotations(reading.id)), "the mark is stored")
    wait_until(lambda: catalogue.assessment(reading.id) is not None, "the category is stored")
    workstation.process.kill()
    killed_ns = time.perf_counter_ns()
    workstation.process.wait()

    with open_store(tmp_path / "store") as store:
        [session] = store.sessions()
        assert session.state is SessionState.INTERRUPTED
        assert store.readings()[0].state is ReadingState.INTERRUPTED
        [mark] = store.catalogue.annotations(reading.id)
        assert mark.image_id == panel.image_id
        tolerance_px = 1.5 * panel.screen_to_image[4]
        np.testing.assert_allclose(mark.points_px, ((300, 300), (400, 400)), atol=tolerance_px)
        drafted, assessment = store.catalogue.drafts(session.reader_id, reading.case_id)
        assert drafted == [mark]
        assert assessment is not None
        assert assessment.birads == 3
        gaze = store.gaze(session.id)
        assert (killed_ns - gaze["host_time_ns"][-1]) * 1e-9 < LOST_AT_MOST_S
        assert np.diff(gaze["time_ns"]).max() < 1.5e9 / 120
        assert store.recording(session.id).verify() == []
