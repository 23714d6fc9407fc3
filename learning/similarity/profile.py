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
    """Moments and maps straight from the samples. Off: from 8-bit maps, shrunk without anti-aliasing."""
    symmetric: bool = True
    """S(a, b) = S(b, a) and S(a, a) = 1, and a trace that shows nothing is like nothing but itself. Off: ties
    of a warping path are broken by the order of the traces, and what cannot be described is not even alike
    to itself."""
    real_fixations: bool = True
    """Fixations by dispersion, lasting seconds. Off: boxes of 80 px, lasting samples, the last one lost."""
    own_diagonal: bool = True
    """Lengths are shares of the diagonal of the image. Off: of a screen of 1920 x 1080 px."""
    keeps_displacement: bool = True
    """A simplified scanpath leads where all of it led. Off: a short last saccade undoes what was joined."""
    clustering: str = "exact"
    """How TIMA finds clusters; `decimated` and `rests` are approximate, for traces of very many samples."""
    duration_s: float | None = None
    """What the time axis is divided by; None for the duration of each trace itself."""
    diagonal: float | None = None
    """What lengths of scanpaths are divided by, in the unit of the traces (px, mm, degrees); None for the
    diagonal of each image itself."""

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
    real_fixations=False,
    own_diagonal=False,
    keeps_displacement=False,
)
PROFILES = {profile.name: profile for profile in (CORRECTED, REFERENCE)}


def find_profile(profile: str | Profile) -> Profile:
    """The profile of that name. Raises `UserError` for an unknown one."""
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        raise UserError(f"There is no profile '{profile}'; choose one of {', '.join(PROFILES)}.")
    return PROFILES[profile]
