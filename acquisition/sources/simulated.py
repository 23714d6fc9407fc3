"""A simulated screen-mounted tracker in front of a simulated reader.

It sends what a Tobii Pro tracker sends, on a clock of its own that is off and drifts. Samples are
computed when they are asked for, as if they had arrived on time: a busy program loses none.
What goes wrong is chosen by name (`simulated_errors`), and it can be calibrated (`simulated_calibrator`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import HostClock
from acquisition.domain import Display, ViewState
from acquisition.errors import SourceError
from acquisition.geometry import deg_to_px, is_finite, px_to_deg, px_to_display_fraction, px_to_mm, turn
from acquisition.simulation.reader import SimulatedReader
from acquisition.sources.base import Batch, Channel, ClockPair, Eyes, SourceInfo, sample_dtype
from acquisition.sources.simulated_calibrator import Look, SimulatedCalibrator
from acquisition.sources.simulated_errors import TrackerErrors

LATENCY_NS = 3_000_000
"""From the eye to the computer, as Niehorster & Nyström (2025) measured it over LSL."""
CHUNK_NS = 8_000_000
CLOCK_PAIR_EVERY_NS = 5_000_000_000
CLOCK_PAIR_UNCERTAINTY_NS = 50_000
TRACKER_BELOW_MM = 180.0
"""The user coordinate system has its origin at the tracker, under the middle of the display."""
BETWEEN_EYES_MM = 62.0


def _side_channels(side: str) -> tuple[Channel, ...]:
    point, origin = f"{side}_gaze_point", f"{side}_gaze_origin"
    return (
        Channel(f"{point}_on_display_area_x", "<f4", "normalized", f"{side}_x"),
        Channel(f"{point}_on_display_area_y", "<f4", "normalized", f"{side}_y"),
        Channel(f"{point}_validity", "|u1", "", f"{side}_valid"),
        Channel(f"{side}_pupil_diameter", "<f4", "mm", f"{side}_pupil_mm"),
        Channel(f"{side}_pupil_validity", "|u1", "", f"{side}_pupil_valid"),
        *(
            Channel(f"{origin}_in_user_coordinate_system_{axis}", "<f4", "mm", f"{side}_origin_{axis}_mm")
            for axis in "xyz"
        ),
        Channel(f"{origin}_validity", "|u1", "", f"{side}_origin_valid"),
    )


LEFT, RIGHT = _side_channels("left"), _side_channels("right")
CHANNELS = (Channel("device_time_stamp", "<i8", "us", "device_time_us"), *LEFT, *RIGHT)


class SimulatedSource:
    """The tracker. Implements `GazeSource`, `WatchesScreen` and `CanBeCalibrated`."""

    def __init__(
        self,
        clock: HostClock,
        reader: SimulatedReader,
        display: Display,
        *,
        rate_hz: float = 120.0,
        seed: int = 0,
        errors: TrackerErrors | None = None,
    ) -> None:
        """Put a tracker of `rate_hz` (30 to 1200) under `display`.

        Args:
            clock: the clock that arrivals are stamped with, real or virtual
            reader: whose gaze is measured
            display: the screen
            rate_hz: samples a second
            seed: of everything random; the same seed gives the same samples
            errors: what the tracker does wrong; blinks and lost faces are the reader's

        Raises:
            SourceError: no tracker has this rate.
        """
        if not 30.0 <= rate_hz <= 1200.0:
            raise SourceError(f"A simulated tracker of {rate_hz:g} Hz: choose a rate from 30 to 1200 Hz.")
        self._clock, self._reader, self._display = clock, reader, display
        self._rate_hz, self._seed = rate_hz, seed
        self._errors = errors or TrackerErrors()
        self._calibrator = SimulatedCalibrator(clock, display)
        self._opened_ns: int | None = None

    def open(self) -> SourceInfo:
        """Start streaming at this moment."""
        noise, pupil, clock = np.random.SeedSequence(self._seed).spawn(3)
        self._noise_rng, self._pupil_rng = np.random.default_rng(noise), np.random.default_rng(pupil)
        self._clock_rng = np.random.default_rng(clock)
        self._device_zero_s = float(self._clock_rng.uniform(100.0, 1e6))
        self._opened_ns = self._read_ns = self._next_pair_ns = self._clock.now_ns()
        self._n_sent = 0
        detail = {"model": "simulated tracker", "seed": str(self._seed), "simulated": "true"}
        return SourceInfo("simulated", CHANNELS, self._rate_hz, is_simulated=True, detail=detail)

    def observe(self, view: ViewState) -> None:
        """Let the reader see what was painted."""
        self._reader.observe(view)

    @property
    def calibrator(self) -> SimulatedCalibrator:
        """It can always be calibrated."""
        return self._calibrator

    def read(self, timeout_s: float) -> Batch:
        """All samples that have arrived by now; waits for a chunk of them as a driver does."""
        if self._opened_ns is None:
            raise SourceError("The simulated tracker was read before it was opened: open it first.")
        arrival_ns = int(self._capture_ns(np.array([self._n_sent]))[0]) + LATENCY_NS
        self._clock.wait_until(max(arrival_ns, self._read_ns + CHUNK_NS), timeout_s)
        self._read_ns = self._clock.now_ns()
        n_due = int((self._read_ns - LATENCY_NS - self._opened_ns) * self._rate_hz / 1e9) + 2
        capture_ns = self._capture_ns(np.arange(self._n_sent, max(n_due, self._n_sent)))
        capture_ns = capture_ns[capture_ns + LATENCY_NS <= self._read_ns]
        self._n_sent += len(capture_ns)
        source_time_s = self._device_s(capture_ns)
        look = self._look(capture_ns)
        samples = self._samples(look, source_time_s)
        self._calibrator.notice(look, self._read_ns)
        return Batch(samples, source_time_s, capture_ns + LATENCY_NS, self._clock_pairs())

    def close(self) -> None:
        """Stop streaming."""
        self._opened_ns = None

    def _capture_ns(self, number: NDArray[np.int64]) -> NDArray[np.int64]:
        """When samples (n,) of these numbers are taken."""
        assert self._opened_ns is not None
        return self._opened_ns + np.round(number * (1e9 / self._rate_hz)).astype(np.int64)

    def _device_s(self, host_time_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """The tracker's own clock (n,) at these host times."""
        assert self._opened_ns is not None
        elapsed_s = (host_time_ns - self._opened_ns) * 1e-9
        drift = self._errors.drift_ppm * 1e-6
        return np.asarray(self._device_zero_s + elapsed_s / (1.0 + drift), dtype=np.float64)

    def _clock_pairs(self) -> tuple[ClockPair, ...]:
        """One look at the tracker's clock every 5 s, the first at opening."""
        pairs = []
        while self._next_pair_ns <= self._read_ns:
            error_ns = self._clock_rng.uniform(-1.0, 1.0) * CLOCK_PAIR_UNCERTAINTY_NS
            source_s = float(self._device_s(np.array([self._next_pair_ns]))[0])
            host_ns = self._next_pair_ns + round(error_ns)
            pairs.append(ClockPair(host_ns, source_s, CLOCK_PAIR_UNCERTAINTY_NS))
            self._next_pair_ns += CLOCK_PAIR_EVERY_NS
        return tuple(pairs)

    def _look(self, capture_ns: NDArray[np.int64]) -> Look:
        """What the tracker sees at these moments (n,)."""
        true_px, is_open = self._reader.look(capture_ns)
        turned_deg = turn(px_to_deg(true_px, self._display), self._errors.offset_deg)
        # A step between two samples of white noise is sqrt 2 SD along each axis: 2 SD in the plane.
        noise_deg = self._noise_rng.standard_normal((len(true_px), 2, 2)) * (self._errors.noise_deg / 2)
        measured_px = deg_to_px(turned_deg[:, np.newaxis] + noise_deg, self._display)
        visible = np.array([self._errors.eyes is not Eyes.RIGHT, self._errors.eyes is not Eyes.LEFT])
        seen = is_open[:, np.newaxis] & visible
        measured = np.where(seen[..., np.newaxis], px_to_display_fraction(measured_px, self._display), np.nan)
        return Look(capture_ns, true_px, measured)

    def _samples(self, look: Look, source_time_s: NDArray[np.float64]) -> NDArray[np.void]:
        """What the tracker sends of it."""
        samples = np.zeros(len(source_time_s), dtype=sample_dtype(CHANNELS))
        samples["device_time_stamp"] = np.round(source_time_s * 1e6)
        pupil_mm = 3.2 + 0.03 * self._pupil_rng.standard_normal((len(samples), 2))
        gaze_mm = px_to_mm(look.true_px, self._display)
        for eye, channels in enumerate((LEFT, RIGHT)):
            head_mm = gaze_mm * 0.02 + ((eye - 0.5) * BETWEEN_EYES_MM, TRACKER_BELOW_MM)
            point = look.measured[:, eye]
            seen = is_finite(point)
            depth_mm = np.full(len(seen), self._display.distance_mm)
            values = (*point.T, seen, pupil_mm[:, eye], seen, *head_mm.T, depth_mm, seen)
            for channel, column in zip(channels, values, strict=True):
                is_flag = channel.dtype == "|u1"
                samples[channel.label] = column if is_flag else np.where(seen, column, np.nan)
        return samples
