"""Fixations and saccades, in degrees on the screen.

Three detectors share the shape of their arguments and results (`Detector`): `detect_fixations` by velocity,
`detect_fixations_by_dispersion` and `detect_fixations_by_clusters`.
"""

from acquisition.events.agreement import cohens_kappa, in_fixation
from acquisition.events.fixations import Detector
from acquisition.events.i2mc import detect_fixations_by_clusters
from acquisition.events.idt import detect_fixations_by_dispersion
from acquisition.events.ivt import detect_fixations
from acquisition.events.saccades import amplitude_deg, find_saccades

LEAST_IVT_HZ = 120.0
"""Below, a saccade is two or three samples: too few for their velocity to be told from noise."""


def detector_for(rate_hz: float) -> Detector:
    """The detector for a tracker of this rate: by velocity from 120 Hz on, else (0: unknown) by clusters."""
    return detect_fixations if rate_hz >= LEAST_IVT_HZ else detect_fixations_by_clusters


__all__ = [
    "Detector",
    "amplitude_deg",
    "cohens_kappa",
    "detect_fixations",
    "detect_fixations_by_clusters",
    "detect_fixations_by_dispersion",
    "detector_for",
    "find_saccades",
    "in_fixation",
]
