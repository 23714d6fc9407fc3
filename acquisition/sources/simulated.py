"""A simulated screen-mounted tracker in front of a simulated reader.

It sends what a Tobii Pro tracker sends, on a clock of its own that is off and drifts. Samples are
computed when they are asked for, as if they had arrived on time: a busy program loses none.
What goes wrong is chosen by name (`simulated_errors`), and it can be calibrated (`simulated_calibrator`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import HostClock
from acquisition.domain import Display, Event, ViewState
from acquisition.errors import SourceError
from acquisition.geometry import deg_to_px, is_finite, px_to_deg, px_to_display_fraction, px_to_mm, turn
from acquisition.simulation.reader import SimulatedReader
from acquisition.sources.base import Batch, Channel, ClockPair, Eyes, SourceInfo, sample_dtype
from acquisition.sources.simulated_calibrator import Look, SimulatedCalibrator
from acquisition.sources.simulated_errors import Outage, TrackerErrors

LATENCY_NS = 3_000_000
"""From the eye to the computer, as Niehorster & Nyström (2025) measured it over LSL."""
CHUNK_NS = 8_000_000
N_DELAYS = 65_536
"""Drawn at once and used in turn, so that a delay belongs to its sample however often one reads."""
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
        self._is_open = False

    def open(self) -> SourceInfo:
        """Start streaming at this moment."""
        seeds = np.random.SeedSequence(self._seed).spawn(5)
        self._noise_rng, self._pupil_rng, self._clock_rng, late_rng, self._skip_rng = map(
            np.random.default_rng, seeds
        )
        delays_ms = np.abs(late_rng.standard_normal(N_DELAYS)) * self._errors.jitter_ms
        self._delays_ns = np.round(delays_ms * 1e6).astype(np.int64)
        self._device_zero_s = float(self._clock_rng.uniform(100.0, 1e6))
        self._opening_ns = self._read_ns = self._next_pair_ns = self._arrived_ns = self._clock.now_ns()
        self._is_open = True
        self._next = 0
        self._to_come = self._errors.events(self._opening_ns)
        detail = {"model": "simulated tracker", "seed": str(self._seed), "simulated": "true"}
        detail["errors"] = repr(self._errors)
        return SourceInfo("simulated", CHANNELS, self._rate_hz, is_simulated=True, detail=detail)

    def observe(self, view: ViewState) -> None:
        """Let the reader see what was painted."""
        self._reader.observe(view)

    @property
    def calibrator(self) -> SimulatedCalibrator:
        """It can always be calibrated."""
        return self._calibrator

    def read(self, timeout_s: float) -> Batch:
        """What has arrived by now; waits for a chunk of samples as a driver does.

        Events divide batches: nothing in a batch was captured before the last of its events.
        """
        if not self._is_open:
            raise SourceError("The simulated tracker was read before it was opened: open it first.")
        next_arrival_ns = self._capture_ns(self._next) + LATENCY_NS
        self._clock.wait_until(max(next_arrival_ns, self._read_ns + CHUNK_NS), timeout_s)
        self._read_ns = self._clock.now_ns()
        events = self._due_events()
        capture_ns, arrival_ns = self._due_samples()
        look = self._look(capture_ns)
        source_time_s = self._device_s(capture_ns)
        samples = self._samples(look, source_time_s)
        sent = self._is_sent(capture_ns)
        self._calibrator.notice(look.of(sent), self._read_ns)
        return Batch(samples[sent], source_time_s[sent], arrival_ns[sent], self._clock_pairs(), events)

    def close(self) -> None:
        """Stop streaming."""
        self._is_open = False

    def _due_events(self) -> tuple[Event, ...]:
        """What has happened since all that was captured before it was sent."""
        n_due = 0
        while n_due < len(self._to_come) and self._to_come[n_due].host_time_ns <= min(
            self._read_ns, self._capture_ns(self._next)
        ):
            n_due += 1
        due, self._to_come = self._to_come[:n_due], self._to_come[n_due:]
        return due

    def _due_samples(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """When the samples were captured that have arrived before the next event, and arrived; (n,) each."""
        n_until = int((self._read_ns - LATENCY_NS - self._opening_ns) * self._rate_hz / 1e9) + 2
        number = np.arange(self._next, max(n_until, self._next))
        capture_ns = self._opening_ns + np.round(number * (1e9 / self._rate_hz)).astype(np.int64)
        delay_ns = LATENCY_NS + self._delays_ns[number % N_DELAYS]
        arrival_ns = np.maximum.accumulate(np.maximum(capture_ns + delay_ns, self._arrived_ns))
        due = arrival_ns <= self._read_ns
        if self._to_come:
            due &= capture_ns < self._to_come[0].host_time_ns
        capture_ns, arrival_ns = capture_ns[due], arrival_ns[due]
        self._next += len(capture_ns)
        self._arrived_ns = max(self._arrived_ns, int(arrival_ns.max(initial=0)))
        return capture_ns, arrival_ns

    def _is_sent(self, capture_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) which of these samples the tracker sends."""
        sent = self._skip_rng.random(len(capture_ns)) >= self._errors.skips_percent / 100
        for outage in (self._errors.disconnect, self._errors.overflow):
            sent &= ~_is_in(outage, capture_ns - self._opening_ns)
        return sent

    def _capture_ns(self, number: int) -> int:
        """When the sample of this number is taken."""
        return self._opening_ns + round(number * 1e9 / self._rate_hz)

    def _device_s(self, host_time_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """The tracker's own clock (n,) at these host times."""
        elapsed_s = (host_time_ns - self._opening_ns) * 1e-9
        drift = self._errors.drift_ppm * 1e-6
        return np.asarray(self._device_zero_s + elapsed_s / (1.0 + drift), dtype=np.float64)

    def _clock_pairs(self) -> tuple[ClockPair, ...]:
        """One look at the tracker's clock every 5 s, the first at opening; none while it is unplugged."""
        if self._next_pair_ns > self._read_ns:
            return ()
        asked_ns = np.arange(self._next_pair_ns, self._read_ns + 1, CLOCK_PAIR_EVERY_NS)
        self._next_pair_ns += len(asked_ns) * CLOCK_PAIR_EVERY_NS
        errors_ns = self._clock_rng.uniform(-1.0, 1.0, len(asked_ns)) * CLOCK_PAIR_UNCERTAINTY_NS
        answered = ~_is_in(self._errors.disconnect, asked_ns - self._opening_ns)
        return tuple(
            ClockPair(int(host_ns), float(source_s), CLOCK_PAIR_UNCERTAINTY_NS)
            for host_ns, source_s in zip(
                (asked_ns + np.round(errors_ns).astype(np.int64))[answered],
                self._device_s(asked_ns[answered]),
                strict=True,
            )
        )

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


def _is_in(outage: Outage | None, since_opening_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) which of these moments are in the outage."""
    if outage is None:
        return np.zeros(len(since_opening_ns), dtype=np.bool_)
    since_ns = since_opening_ns - round(outage.at_s * 1e9)
    return (since_ns >= 0) & (since_ns < round(outage.for_s * 1e9))
