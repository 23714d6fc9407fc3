"""What a relation computes: the published definitions, or ours with each repair as a named switch."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from acquisition.errors import UserError


@dataclass(frozen=True, slots=True)
class Profile:
    """The choices behind a relation; every switch that is on repairs one thing in the published code."""

    name: str
    exact_coordinates: bool = True
    """Coordinates as recorded. Off: scaled to 800 x 800, rounded and clipped."""
    own_axes: bool = True
    """x is divided by the width and y by the height. Off: x by the height and y by the width."""
    real_time: bool = True
    """The third axis is time in seconds. Off: the sample index."""
    dwell_weighted: bool = True
    """Places count for as long as the gaze dwelt: a trace is taken to 60 Hz. Off: each sample counts one."""
    closed_form: bool = True
    """Moments straight from the samples. Off: from an 8-bit 32 x 32 map, shrunk without anti-aliasing."""
    symmetric: bool = True
    """S(a, b) = S(b, a) and S(a, a) = 1. Off: ties of the warping path are broken by direction."""
    duration_s: float | None = None
    """What the time axis is divided by; None for the duration of each trace itself."""

    def parameters(self) -> dict[str, str | bool | float | None]:
        """Every choice by name, for the file that holds the relation."""
        return asdict(self)


CORRECTED = Profile("corrected")
REFERENCE = Profile(
    "reference",
    exact_coordinates=False,
    own_axes=False,
    real_time=False,
    dwell_weighted=False,
    closed_form=False,
    symmetric=False,
)
PROFILES = {profile.name: profile for profile in (CORRECTED, REFERENCE)}


def find_profile(profile: str | Profile) -> Profile:
    """The profile of that name. Raises `UserError` for an unknown one."""
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        raise UserError(f"There is no profile '{profile}'; choose one of {', '.join(PROFILES)}.")
    return PROFILES[profile]
