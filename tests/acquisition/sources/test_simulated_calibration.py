"""A simulated tracker is calibrated and validated through the state machine, without a screen."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from recording_doubles import HandSink

from acquisition.calibration import (
    FIVE,
    LOOK_S,
    MOVE_S,
    NINE,
    REST_S,
    VALIDATION_FOUR,
    VALIDATION_NINE,
    Begun,
    Collected,
    Computed,
    Do,
    Judged,
    Procedure,
    RedoPoint,
    Rested,
    Stage,
    after,
)
from acquisition.clock import VirtualClock
from acquisition.domain import Display, ViewState
from acquisition.errors import SourceError
from acquisition.geometry import display_fraction_to_px, px_to_deg
from acquisition.quality import accuracy
from acquisition.recorder import Recorder
from acquisition.sources import open_source
from acquisition.sources.base import CanBeCalibrated, Eyes
from acquisition.validation import judge_target

DISPLAY = Display(1920, 1080, 527.0, 296.0)
QUIET = "blinks=0,lost=0"


class Rig:
    """A recorder on a virtual clock, and somebody who does what the procedure orders."""

    def __init__(self, errors, rate_hz=120.0):
        self.clock = VirtualClock()
        name = f"simulated:{errors}"
        self.source = open_source(name, clock=self.clock, display=DISPLAY, rate_hz=rate_hz, seed=4)
        self.recorder = Recorder(lambda _: HandSink(), self.source, self.clock)

    def __enter__(self):
        self.recorder.start()
        self.recorder.wait_until_open()
        return self

    def __exit__(self, *_):
        self.recorder.stop()

    def go(self, seconds):
        for _ in range(round(seconds / 0.05)):
            self.clock.advance(0.05)
            assert self.recorder.wait_for(self.clock.now_ns(), 20.0)

    def show(self, target):
        at_px = display_fraction_to_px([target], DISPLAY)[0]
        self.recorder.post(ViewState(self.clock.now_ns(), (), target_px=(float(at_px[0]), float(at_px[1]))))

    def collect(self, target):
        """As the screens do it: in a thread of its own, while time goes on."""
        with ThreadPoolExecutor(1) as thread:
            seen = thread.submit(self.recorder.calibrator.collect, *target)
            while not seen.done():
                self.go(0.05)
            return seen.result()

    def judge(self, target):
        start_ns = self.clock.now_ns()
        self.go(LOOK_S + 0.05)
        end_ns = start_ns + round(LOOK_S * 1e9)
        gaze = self.recorder.between(start_ns, end_ns)
        return judge_target(gaze, target, start_ns, end_ns, DISPLAY, self.recorder.rate_hz)

    def obey(self, order):
        """What came of it, if something did."""
        match order.do:
            case Do.SHOW:
                self.show(order.target)
                self.go(MOVE_S + REST_S)
                return Rested()
            case Do.COLLECT:
                return Collected(self.collect(order.target))
            case Do.COMPUTE:
                return Computed(self.recorder.calibrator.compute())
            case Do.LOOK:
                return Judged(self.judge(order.target))
            case Do.ENTER:
                self.recorder.calibrator.enter()
            case Do.LEAVE:
                self.recorder.calibrator.leave()
            case Do.DISCARD:
                self.recorder.calibrator.discard(*order.target)
        return None

    def run(self, procedure, happening):
        """Until nothing is left to be done."""
        happenings = [happening]
        while happenings:
            procedure, orders = after(procedure, happenings.pop(0))
            happenings += [came for came in map(self.obey, orders) if came is not None]
        return procedure


@pytest.mark.parametrize("targets", [VALIDATION_FOUR, VALIDATION_NINE])
def test_a_reader_with_a_degree_of_offset_is_reported_as_such(targets):
    with Rig(f"noise=0.3,offset=1.0,{QUIET}") as rig:
        done = rig.run(Procedure(FIVE, targets), Begun())
    assert (done.stage, done.eyes, done.missed) == (Stage.RESULT, Eyes.BOTH, ())
    assert {(point.x, point.y) for point in done.result.points} == set(FIVE)
    assert all(point.left and point.right for point in done.result.points)
    for target in done.judged:
        for side in (target.left, target.right):
            assert side.accuracy_deg == pytest.approx(1.0, abs=0.07)
            assert side.loss == pytest.approx(0.0, abs=0.02)
    for side in ("left", "right"):
        seen = [getattr(target, side) for target in done.judged]
        assert np.mean([q.accuracy_deg for q in seen]) == pytest.approx(1.0, abs=0.05)
        assert np.mean([q.rms_s2s_deg for q in seen]) == pytest.approx(0.3, abs=0.05)
        assert np.mean([q.offset_x_deg for q in seen]) == pytest.approx(1.0, abs=0.05)
        assert np.mean([q.offset_y_deg for q in seen]) == pytest.approx(0.0, abs=0.05)


def test_the_offset_is_as_long_in_the_corners():
    offset = (0.6, -0.8)
    with Rig(f"noise=0,offset={offset[0]}/{offset[1]},{QUIET}") as rig:
        for target in NINE:
            rig.show(target)
            rig.go(1.0)
            quality = rig.judge(target)
            assert quality.left.accuracy_deg == pytest.approx(1.0, abs=0.01)
            assert (quality.left.offset_x_deg, quality.left.offset_y_deg) == pytest.approx(offset, abs=0.01)


def test_a_sum_of_fick_angles_would_be_shorter_there():
    corner = px_to_deg([[1900.0, 30.0]], DISPLAY)[0]
    assert accuracy([corner[0] + 1.0], [corner[1]], *corner)[0] < 0.985


def test_one_eye_is_calibrated_where_one_is_seen():
    with Rig(f"eyes=left,{QUIET}") as rig:
        done = rig.run(Procedure(FIVE, VALIDATION_FOUR), Begun())
    assert done.eyes is Eyes.LEFT
    assert done.judged[0].right.accuracy_deg is None
    assert done.judged[0].left.accuracy_deg is not None


def test_a_target_that_is_not_looked_at_collects_nothing():
    with Rig(QUIET) as rig:
        rig.recorder.calibrator.enter()
        rig.show((0.1, 0.1))
        rig.go(1.0)
        assert rig.collect((0.9, 0.9)) is False, "the eye is elsewhere"
        assert rig.recorder.calibrator.compute().eyes is None


def test_a_target_is_done_anew():
    with Rig(QUIET) as rig:
        done = rig.run(Procedure(FIVE, VALIDATION_FOUR), Begun())
        again = rig.run(done, RedoPoint(VALIDATION_FOUR[2]))
    assert again.stage is Stage.RESULT
    assert len(again.result.points) == len(FIVE)
    assert again.judged[2].start_ns > done.judged[2].start_ns


def test_the_calibration_is_stored_as_simulated_and_applied_again():
    with Rig(QUIET) as rig:
        assert isinstance(rig.source, CanBeCalibrated)
        assert rig.recorder.calibrator.retrieve() == b""
        rig.run(Procedure(FIVE, VALIDATION_FOUR), Begun())
        blob = rig.recorder.calibrator.retrieve()
    assert b'"simulated": true' in blob
    with Rig(QUIET) as other:
        other.recorder.calibrator.apply(blob)
        assert other.recorder.calibrator.retrieve() == blob
        for foreign in (b"", b"\x00\x01", b"[1]", b'{"simulated": 1}'):
            with pytest.raises(SourceError, match="calibrate the simulated one anew"):
                other.recorder.calibrator.apply(foreign)


def test_out_of_order_is_told():
    with Rig(QUIET) as rig:
        calibrator = rig.recorder.calibrator
        for step in (lambda: calibrator.collect(0.5, 0.5), calibrator.compute):
            with pytest.raises(SourceError, match="enter it first"):
                step()
        calibrator.leave()
