"""Gaze to find fixations in: made by hand, and a simulated reader's whose truth is known."""

import numpy as np

from acquisition.domain import Display, Panel, ViewState
from acquisition.geometry import px_to_deg
from acquisition.simulation.reader import SimulatedReader
from acquisition.simulation.truth import true_gaze

MS = 1_000_000
DISPLAY = Display(3840, 2160, 697.0, 392.0, 650.0)


def scanpath(rate_hz, stops, noise_deg=0.02, seed=0):
    """Rests at (x, y) for the given ms with a jump of 30 ms in between; (time_ns, x_deg, y_deg)."""
    rng = np.random.default_rng(seed)
    pieces, at = [], np.array(stops[0][:2], dtype=float)
    for x, y, rest_ms in stops:
        n_jump = round(0.030 * rate_hz)
        pieces.append(np.linspace(at, (x, y), n_jump, endpoint=False))
        pieces.append(np.tile((float(x), float(y)), (round(rest_ms * 1e-3 * rate_hz), 1)))
        at = np.array((x, y), dtype=float)
    xy = np.concatenate(pieces)
    xy = xy + rng.normal(0, noise_deg, xy.shape)
    time_ns = np.round(np.arange(len(xy)) * 1e9 / rate_hz).astype(np.int64)
    return time_ns, xy[:, 0], xy[:, 1]


def simulated(rate_hz, seconds, seed, rms_deg, loss):
    """Four films read with white noise of this RMS-S2S and samples lost at random.

    (time_ns, x_deg, y_deg), and (n,) whether the eye truly rested.
    """
    reader = SimulatedReader(DISPLAY, seed=seed)
    panels = (
        Panel(f"img{i}", (960.0 * i, 480.0, 960.0, 1200.0), (2.5, 0.0, -2400.0 * i, 0.0, 2.5, -1200.0))
        for i in range(4)
    )
    reader.observe(ViewState(0, tuple(panels), reading_id="rd"))
    time_ns = np.round(np.arange(seconds * rate_hz) * 1e9 / rate_hz).astype(np.int64) + MS
    truth = true_gaze(reader, time_ns)
    rng = np.random.default_rng([seed, 7])
    angles = px_to_deg(truth.xy_px, DISPLAY) + rng.normal(0, rms_deg / 2, truth.xy_px.shape)
    angles[~truth.is_seen | (rng.random(len(angles)) < loss)] = np.nan
    return (time_ns, *angles.T), truth.is_resting
