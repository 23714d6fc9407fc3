"""What the simulated patches promise: their law, and that nothing but the lesion knows the label."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.simulation.patches import (
    DENSITY_OF_MALIGNANT,
    REACH,
    Tissue,
    draw_lesion,
    draw_tissue,
    render_patch,
)
from acquisition.simulation.reader import Lesion

CALM = Tissue(angle_rad=0.0, stretch=1.0, density=0.0, n_ligaments=0)


def patch(seed: int, lesion: Lesion, contrast: float = 1.0, tissue: Tissue = CALM, size_px: int = 128):
    return render_patch(np.random.default_rng(seed), size_px, tissue, lesion, contrast).astype(float)


def added(seed: int, lesion: Lesion, contrast: float = 1.0):
    """What the lesion brings, in stored values."""
    return patch(seed, lesion, contrast) - patch(seed, lesion, 0.0)


def test_tissue_loses_power_with_the_third_power_of_frequency():
    lesion = Lesion(64.0, 64.0, 8.0, malignant=False)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    taper = np.outer(np.hanning(128), np.hanning(128))
    power = np.zeros_like(frequency)
    for seed in range(30):
        tissue = patch(seed, lesion, contrast=0.0)
        power += np.abs(np.fft.fft2((tissue - tissue.mean()) * taper)) ** 2
    band = (frequency > 0.03) & (frequency < 0.15)  # above the taper, below the noise
    slope, _ = np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)
    assert slope == pytest.approx(-3, abs=0.3)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_only_the_lesion_knows_the_label(seed):
    tissue = draw_tissue(np.random.default_rng(seed))
    x_px, y_px, radius_px = 70.0, 55.0, 12.0
    benign, malignant = (
        patch(seed, Lesion(x_px, y_px, radius_px, malignant), tissue=tissue) for malignant in (False, True)
    )
    y, x = np.mgrid[0:128, 0:128] + 0.5
    outside = np.hypot(x - x_px, y - y_px) > (REACH + 0.3) * radius_px
    # The last bit of a rounded grey may differ by what was added elsewhere.
    np.testing.assert_allclose(benign[outside], malignant[outside], rtol=0, atol=1)
    assert np.any(benign != malignant)


@pytest.mark.parametrize("is_malignant", [False, True])
@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_the_whole_lesion_lies_within_the_patch(is_malignant, seed):
    lesion = draw_lesion(np.random.default_rng(seed), 128, is_malignant)
    for centre_px in (lesion.x_px, lesion.y_px):
        assert REACH * lesion.radius_px <= centre_px <= 128 - REACH * lesion.radius_px


def test_place_and_size_are_drawn_alike_for_both_labels():
    benign, malignant = (draw_lesion(np.random.default_rng(5), 128, label) for label in (False, True))
    assert replace(benign, malignant=True) == malignant


def test_brightness_depends_on_size_and_label_but_not_on_shape():
    ratios = []
    for seed in range(8):
        benign, malignant = (added(seed, Lesion(64.0, 64.0, 14.0, m)).sum() for m in (False, True))
        ratios.append(malignant / benign)
    assert ratios == pytest.approx([DENSITY_OF_MALIGNANT] * 8, rel=0.03)


def test_malignant_lesions_have_rays_and_benign_ones_do_not():
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    column = (64 + 1.35 * 14 * np.cos(angle)).astype(int)
    row = (64 + 1.35 * 14 * np.sin(angle)).astype(int)
    for seed in range(6):
        benign, malignant = (
            added(seed, Lesion(64.0, 64.0, 14.0, label), 3.0)[row, column] for label in (False, True)
        )
        assert malignant.std() > 10 * max(benign.std(), 1)


def test_twelve_bits_are_never_left():
    lesion = Lesion(64.0, 64.0, 14.0, malignant=True)
    bright = patch(1, lesion, contrast=50.0)
    assert (bright.min() >= 0, bright.max()) == (True, 4095)
