"""How exactly a point of gaze goes from the screen into an image and back. One line a figure.

python benchmarks/geometry.py
"""

from __future__ import annotations

import numpy as np

from acquisition.domain import Affine, Display, Panel, ViewState
from acquisition.geometry import (
    apply,
    compose,
    deg_to_px,
    display_fraction_to_px,
    gaze_to_image,
    invert,
    px_to_deg,
    px_to_display_fraction,
)

N_VIEWS, N_POINTS = 2000, 200


def any_view(rng: np.random.Generator, scale: float) -> Affine:
    """Screen to image at a zoom of 0.05 to 20, panned by up to 5000 px, flipped, turned by quarters."""
    zoom = float(np.exp(rng.uniform(np.log(0.05), np.log(20))))
    zoom_x, zoom_y = zoom * rng.choice((-1, 1)), zoom * rng.choice((-1, 1))
    right, down = rng.uniform(-5000, 5000, 2)
    quarter = (0.0, -1.0, 0.0, 1.0, 0.0, 0.0)
    image_to_screen: Affine = (zoom_x, 0.0, right, 0.0, zoom_y, down)
    for _ in range(rng.integers(4)):
        image_to_screen = compose(quarter, image_to_screen)
    return compose(invert(image_to_screen), (1 / scale, 0.0, 0.0, 0.0, 1 / scale, 0.0))


def main() -> None:
    rng = np.random.default_rng(0)
    worst_px = 0.0
    for _ in range(N_VIEWS):
        width_px, height_px = int(rng.integers(800, 8000)), int(rng.integers(600, 5000))
        px_per_mm, scale = rng.uniform(1.0, 8.0), float(rng.choice((1.0, 1.25, 1.5, 2.0, 3.0)))
        display = Display(width_px, height_px, width_px / px_per_mm, height_px / px_per_mm, 650.0, scale)
        affine = any_view(rng, scale)
        shown = ViewState(0, (Panel("img", (-1e6, -1e6, 2e6, 2e6), affine),))
        fraction = rng.uniform(-0.2, 1.2, (N_POINTS, 2))
        times = np.ones(N_POINTS, dtype=np.int64)
        found = gaze_to_image(times, display_fraction_to_px(fraction, display), [shown])
        back = apply(invert(affine), np.stack((found.x_image_px, found.y_image_px), axis=-1))
        returned = px_to_display_fraction(deg_to_px(px_to_deg(back, display), display), display)
        off_px = np.abs(display_fraction_to_px(returned - fraction, display))
        worst_px = max(worst_px, float(off_px.max()))
    print(f"screen to image to screen, worst of {N_VIEWS} views: {worst_px:.1e} px (reach: under 0.01)")


if __name__ == "__main__":
    main()
