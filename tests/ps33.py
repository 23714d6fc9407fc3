"""The grey of one stored value after PS3.3, written out step by step: the slow truth of the grey scale.

C.11.1 modality, C.11.2.1.2 and C.11.2.1.3 windows, C.11.2.1.1 VOI LUT, C.7.6.3.1.2 MONOCHROME1,
C.11.6.1.2 presentation LUT shape, C.7.5.1.1.2 padding. Greys are exact, 0 (black) to 255 (white).
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Lut:
    first: int
    bits: int
    entries: tuple[int, ...]

    def __call__(self, x: float) -> int:
        if x <= self.first:
            return self.entries[0]
        if x >= self.first + len(self.entries):
            return self.entries[-1]
        return self.entries[int(x - self.first)]


@dataclass(frozen=True)
class Recipe:
    """What a header asks for."""

    slope: float = 1.0
    intercept: float = 0.0
    modality: Lut | None = None
    voi: Lut | None = None
    center: float = 0.0
    width: float = 1.0
    function: str = "LINEAR"
    photometric: str = "MONOCHROME2"
    shape: str = "IDENTITY"
    padding: tuple[int, int] | None = None

    def grey(self, stored: int) -> float:
        if self.padding and min(self.padding) <= stored <= max(self.padding):
            return 0.0
        x = self.modality(stored) if self.modality else stored * self.slope + self.intercept
        if self.voi:
            grey = self.voi(x) / (2**self.voi.bits - 1) * 255
        else:
            grey = FUNCTIONS[self.function](x, self.center, self.width)
        is_inverted = self.photometric == "MONOCHROME1" or self.shape == "INVERSE"
        return 255 - grey if is_inverted else grey


def linear(x: float, c: float, w: float) -> float:
    if x <= c - 0.5 - (w - 1) / 2:
        return 0.0
    if x > c - 0.5 + (w - 1) / 2:
        return 255.0
    return ((x - (c - 0.5)) / (w - 1) + 0.5) * 255.0


def linear_exact(x: float, c: float, w: float) -> float:
    if x <= c - w / 2:
        return 0.0
    if x > c + w / 2:
        return 255.0
    return ((x - c) / w + 0.5) * 255.0


def sigmoid(x: float, c: float, w: float) -> float:
    try:
        return 255.0 / (1 + math.exp(-4 * (x - c) / w))
    except OverflowError:
        return 0.0


FUNCTIONS = {"LINEAR": linear, "LINEAR_EXACT": linear_exact, "SIGMOID": sigmoid}
EDGE = 1e-6
"""Nearer than this to a rounding edge, floating point may fall either way."""


def assert_greys(greys, exact) -> None:
    """Every grey is the exact one rounded."""
    assert len(greys) == len(exact)
    wrong = [(n, g, e) for n, (g, e) in enumerate(zip(greys, exact, strict=True)) if abs(g - e) > 0.5 + EDGE]
    assert not wrong, f"{len(wrong)} greys are off, the first of them (place, grey, exact): {wrong[:3]}"
