"""Pictures of simulated breast tissue with one lesion, as plain arrays.

Tissue is noise whose power falls with 1/f^3, the law of real mammograms (Burgess, Jacobson & Judy, Med Phys
28 (2001) 419), crossed by ligaments. A benign lesion is a smooth ellipse; a malignant one an irregular core
with spicules and fine calcifications, and somewhat denser. Nothing else is drawn with regard to the label:
with the same generator, both labels get the same tissue, place, size and noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from acquisition.simulation.reader import Lesion

BITS = 12
"""Bits of a stored value."""

REACH = 2.2
"""How far spicules reach at most, in radii."""

DENSITY_OF_MALIGNANT = 1.25
"""Brightness of a malignant lesion against a benign one of the same size."""

Field = NDArray[np.float64]
"""(size, size): brightness, in standard deviations of the tissue."""


@dataclass(frozen=True, slots=True)
class Tissue:
    """What the patches of one patient have in common."""

    angle_rad: float
    """Direction of the fibres."""
    stretch: float
    """How much longer structures are along the fibres than across."""
    density: float
    """Mean brightness in standard deviations of the tissue."""
    n_ligaments: int


def draw_tissue(rng: Generator) -> Tissue:
    """The tissue of one patient."""
    return Tissue(
        angle_rad=rng.uniform(0, np.pi),
        stretch=rng.uniform(1.0, 1.8),
        density=rng.normal(0, 0.5),
        n_ligaments=int(rng.integers(2, 7)),
    )


def draw_lesion(rng: Generator, size_px: int, is_malignant: bool) -> Lesion:
    """Place and size of a lesion that lies wholly within the patch, spicules included."""
    radius_px = size_px * rng.uniform(0.12, 0.18)
    x_px, y_px = rng.uniform(REACH * radius_px, size_px - REACH * radius_px, 2)
    return Lesion(float(x_px), float(y_px), float(radius_px), is_malignant)


def render_patch(
    rng: Generator, size_px: int, tissue: Tissue, lesion: Lesion, contrast: float
) -> NDArray[np.uint16]:
    """uint16 (size, size): stored values of a patch.

    Args:
        rng: draws all that is not given.
        size_px: sides of the patch.
        tissue: that of the patient.
        lesion: where it is, and which.
        contrast: brightness of a benign lesion in standard deviations of the tissue.
    """
    shape_rng, rng = rng.spawn(2)
    field = _tissue_field(rng, size_px, tissue) + _ligaments(rng, size_px, tissue)
    gain, brightness, noise = rng.uniform(300, 420), rng.normal(0, 100), rng.uniform(0.04, 0.12)
    field += tissue.density + noise * rng.standard_normal(field.shape)
    _add_lesion(shape_rng, field, lesion, contrast)
    middle = 1 << (BITS - 1)
    stored = np.rint(middle + brightness + gain * field)
    return np.clip(stored, 0, (1 << BITS) - 1).astype(np.uint16)


def _tissue_field(rng: Generator, size_px: int, tissue: Tissue) -> Field:
    """Noise with a power of 1/f^3, cut from a larger field so that its edges do not meet.

    The variance is 1 on average over patches, not in each: a patch with much of the coarse would else have
    too little of the fine.
    """
    n = size_px * 5 // 4
    fy, fx = np.meshgrid(np.fft.fftfreq(n), np.fft.rfftfreq(n), indexing="ij")
    along = fx * np.cos(tissue.angle_rad) + fy * np.sin(tissue.angle_rad)
    across = fy * np.cos(tissue.angle_rad) - fx * np.sin(tissue.angle_rad)
    frequency = np.hypot(along * np.sqrt(tissue.stretch), across / np.sqrt(tissue.stretch))
    amplitude = np.zeros_like(frequency)
    np.power(frequency, -1.5, out=amplitude, where=np.hypot(fx, fy) >= 1 / n)
    phases = rng.standard_normal(amplitude.shape) + 1j * rng.standard_normal(amplitude.shape)
    field = np.fft.irfft2(amplitude * phases, (n, n))[:size_px, :size_px]
    return np.asarray(field * (n * n / 2 / np.linalg.norm(amplitude)), dtype=np.float64)


def _ligaments(rng: Generator, size_px: int, tissue: Tissue) -> Field:
    """Thin bright curves that begin and end anywhere: what makes spicules hard to tell."""
    x, y = _offsets(size_px, size_px / 2, size_px / 2)
    field = np.zeros((size_px, size_px))
    for _ in range(tissue.n_ligaments):
        angle = tissue.angle_rad + rng.normal(0, 0.6)
        along = x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.5, 0.5) * size_px
        bend = rng.normal(0, 0.4) / size_px
        across = y * np.cos(angle) - x * np.sin(angle) - rng.uniform(-0.5, 0.5) * size_px - bend * along**2
        length_px, width_px = rng.uniform(0.1, 0.4) * size_px, rng.uniform(0.005, 0.012) * size_px
        strength = rng.uniform(0.15, 0.5)
        near = np.abs(across) < 4 * width_px
        decay = 0.5 * (across[near] / width_px) ** 2 + 0.5 * (along[near] / length_px) ** 4
        field[near] += strength * np.exp(-decay)
    return field


def _add_lesion(rng: Generator, field: Field, lesion: Lesion, contrast: float) -> None:
    """Add a lesion; how much brightness it brings does not depend on its shape."""
    size_px, reach_px = len(field), (REACH + 0.2) * lesion.radius_px
    rows, columns = (
        slice(max(0, int(centre_px - reach_px)), min(size_px, int(centre_px + reach_px) + 1))
        for centre_px in (lesion.y_px, lesion.x_px)
    )
    x, y = (offset / lesion.radius_px for offset in _offsets(size_px, lesion.x_px, lesion.y_px))
    distance, angle = np.hypot(x, y)[rows, columns], np.arctan2(y, x)[rows, columns]
    shape = (_spiculated if lesion.malignant else _ellipse)(rng, distance, angle)
    mean = contrast * (DENSITY_OF_MALIGNANT if lesion.malignant else 1.0)
    field[rows, columns] += mean * np.pi * lesion.radius_px**2 / shape.sum() * shape


def _ellipse(rng: Generator, distance: Field, angle: Field) -> Field:
    """A smooth outline; `distance` in radii."""
    aspect, tilt = rng.uniform(0.7, 1.0), rng.uniform(0, np.pi)
    turned = angle - tilt
    reach = np.sqrt(aspect) / np.hypot(aspect * np.cos(turned), np.sin(turned))
    return _dome(distance / reach, softness=rng.uniform(0.08, 0.2))


def _spiculated(rng: Generator, distance: Field, angle: Field) -> Field:
    """An irregular core with tapering rays and specks; `distance` in radii."""
    reach = np.full_like(angle, rng.uniform(0.75, 0.95))
    for wave in range(2, 7):
        reach += rng.normal(0, 0.16 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    field = _dome(distance / reach, softness=rng.uniform(0.1, 0.25))
    n_rays = int(rng.integers(9, 16))
    for ray in range(n_rays):
        direction = 2 * np.pi * (ray + rng.uniform(-0.35, 0.35)) / n_rays
        length, bend = rng.uniform(1.4, REACH), rng.normal(0, 0.2)
        turn = angle - direction - bend * (distance - 1)
        taper = np.clip(1 - distance / length, 0, 1)
        width = 0.03 + 0.12 * taper
        shape = np.exp(-0.5 * (distance * np.sin(turn) / width) ** 2) * (np.cos(turn) > 0)
        field = np.maximum(field, taper**0.4 * shape)
    return field + _calcifications(rng, distance, angle)


def _calcifications(rng: Generator, distance: Field, angle: Field) -> Field:
    """Bright specks within the core."""
    x, y, field = distance * np.cos(angle), distance * np.sin(angle), np.zeros_like(distance)
    for _ in range(int(rng.integers(8, 20))):
        from_centre, direction = np.sqrt(rng.uniform(0, 1)), rng.uniform(0, 2 * np.pi)
        off = np.hypot(x - from_centre * np.cos(direction), y - from_centre * np.sin(direction))
        field += 1.2 * np.exp(-0.5 * (off / rng.uniform(0.04, 0.07)) ** 2)
    return field


def _dome(distance: Field, softness: float) -> Field:
    """As thick as an ellipsoid seen from above, with a soft rim at distance 1."""
    thickness = 0.6 + 0.4 * np.sqrt(np.clip(1 - distance**2, 0, 1))
    return np.asarray(thickness / (1 + np.exp(np.clip((distance - 1) / (softness / 2), -60, 60))))


def _offsets(size_px: int, x_px: float, y_px: float) -> tuple[Field, Field]:
    """How far the centres of all pixels are right of and below a point, in image px: (1, size), (size, 1)."""
    centres = np.arange(size_px, dtype=np.float64) + 0.5
    return (centres - x_px)[None, :], (centres - y_px)[:, None]
