"""A simulated reader whose gaze is off by a known amount, calibrated through the screens of `gazeroom read`.

The screen is as large as the window, so that it is covered without a window manager.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from real_hands import Workstation, at_work, wait_until, x_server

from acquisition.calibration import FIVE, VALIDATION_FOUR
from acquisition.domain import ValidationKind

pytestmark = pytest.mark.xvfb
OFFSET_DEG, NOISE_DEG, TOLERANCE_DEG = 1.0, 0.3, 0.05


@pytest.fixture
def workstation(tmp_path: Path) -> Iterator[Workstation]:
    source = f"simulated:noise={NOISE_DEG},offset={OFFSET_DEG},blinks=0,lost=0"
    with x_server("1280x800") as environment, at_work(tmp_path, environment, source) as workstation:
        yield workstation


def test_what_is_wrong_with_gaze_is_reported_as_it_is(workstation: Workstation) -> None:
    workstation.begin()
    workstation.hand("key", "Return")
    workstation.see_layout("result")
    workstation.hand("key", "a")
    workstation.see_case()

    [validation] = workstation.store.catalogue.validations()
    assert validation.kind is ValidationKind.VALIDATION
    assert validation.is_simulated
    for eye in (validation.left, validation.right):
        assert eye.accuracy_deg == pytest.approx(OFFSET_DEG, abs=TOLERANCE_DEG)
        assert eye.rms_s2s_deg == pytest.approx(NOISE_DEG, abs=TOLERANCE_DEG)
        assert eye.loss == pytest.approx(0.0, abs=0.02)
    session = workstation.session()
    assert session is not None
    recording = workstation.store.recording(session.id)
    display = session.display
    painted = [view.target_px for view in recording.view_states() if view.target_px is not None]
    assert painted == [(x * display.width_px, y * display.height_px) for x, y in (*FIVE, *VALIDATION_FOUR)]
    kinds = [event.kind for event in recording.events()]
    assert kinds.index("calibration") < kinds.index("validation") < kinds.index("reading_opened")

    workstation.hand("key", "p", "key", "p")
    wait_until(lambda: len(workstation.store.catalogue.validations()) == 2, "gaze is checked after the pause")
    checked = workstation.store.catalogue.validations()[-1]
    assert checked.kind is ValidationKind.DRIFT
    assert checked.left.accuracy_deg == pytest.approx(OFFSET_DEG, abs=2 * TOLERANCE_DEG)
    workstation.see_case()
