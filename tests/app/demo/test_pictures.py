"""Heat maps and scanpaths are where the gaze was."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from acquisition.domain import Fixation
from app.demo.pictures import HEAT_GRID_PX, ReadImage, as_data_url, gaze_over_image, heat_map


def gaze_at(x_px: float, y_px: float, n: int = 50) -> np.ndarray:
    return np.column_stack((np.full(n, x_px), np.full(n, y_px), np.arange(n) / 100))


@pytest.mark.parametrize(("x_px", "y_px"), [(100.0, 700.0), (390.0, 10.0)])
def test_the_heat_is_highest_where_the_eye_dwelt(x_px: float, y_px: float) -> None:
    heat = heat_map(gaze_at(x_px, y_px), width_px=400, height_px=800, sigma_px=8.0)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    cell_px = 800 / HEAT_GRID_PX
    assert abs((column + 0.5) * cell_px - x_px) <= cell_px
    assert abs((row + 0.5) * cell_px - y_px) <= cell_px
    assert heat.max() == pytest.approx(1.0)


def test_no_gaze_is_no_heat() -> None:
    assert heat_map(np.empty((0, 3)), 400, 800, 8.0).max() == 0.0


def test_the_scanpath_has_a_disc_at_every_fixation() -> None:
    fixations = [Fixation(0, 200_000_000, 10.0, 20.0, 24), Fixation(300_000_000, 900_000_000, 40.0, 50.0, 72)]
    image = ReadImage(np.zeros((80, 60), np.uint8), gaze_at(10.0, 20.0), "caption")
    figure = gaze_over_image(image, fixations, sigma_px=3.0)
    (discs,) = [item for item in figure.axes[2].collections if isinstance(item, PathCollection)]
    np.testing.assert_allclose(np.asarray(discs.get_offsets()), [(10.0, 20.0), (40.0, 50.0)])
    assert discs.get_sizes()[1] > discs.get_sizes()[0]
    assert as_data_url(figure).startswith("data:image/png;base64,")
